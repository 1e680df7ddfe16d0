import { join } from "node:path";
import { parseArgs } from "node:util";
import { readFiles } from "./read-files.ts";
import { breachesIn, rules } from "./rules.ts";
import { createTree } from "./tree.ts";

const help = `The rules of this repository, kept by a program: npm run tidy [-- --json]

${rules.map(({ name, says }) => `  ${name.padEnd(18)} ${says}`).join("\n")}

Prints each breach with its place, what is wrong and what to do. Exit code: 0 none, 1 breaches, 2 a wrong option.
  --json          one array of {rule, file, line, wrong, remedy}
  --root FOLDER   judges another copy of the repository
`;

const options = readOptions();
if (options.help) process.stdout.write(help);
else {
  const found = breachesIn(createTree(readFiles(options.root ?? join(import.meta.dirname, "../.."))));
  if (options.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else {
    for (const { rule, file, line, wrong, remedy } of found)
      process.stdout.write(`${file}:${line}: ${wrong} [${rule}]\n    to do: ${remedy}\n`);
    process.stdout.write(found.length === 0 ? `tidy: ${rules.length} rules kept\n` : `tidy: ${found.length} to mend\n`);
  }
  process.exitCode = found.length === 0 ? 0 : 1;
}

function readOptions(): { help?: boolean; json?: boolean; root?: string } {
  try {
    const flag = { type: "boolean" } as const;
    const known = { help: { ...flag, short: "h" }, json: flag, root: { type: "string" } } as const;
    return parseArgs({ options: known }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
}
