/**
 * The database of Millrace's own tables, and of those of the built-in pipelines. Read here, and checked by
 * environment.ts before anything is sent: the names of tables are constants of the modules that own them, made
 * when these are loaded.
 */
export const ownDatabase = process.env.MILLRACE_DATABASE ?? "analytics";
