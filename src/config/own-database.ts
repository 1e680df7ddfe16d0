import { ownRows } from "./options/environment-rows.ts";

/**
 * The database of Millrace's own tables, and of those of the built-in pipelines. Read here, and checked by
 * environment.ts before anything is sent: the names of tables are constants of the modules that own them, made
 * when these are loaded.
 */
export const ownDatabase: string = process.env[ownRows.ownDatabase.env] ?? ownRows.ownDatabase.default;
