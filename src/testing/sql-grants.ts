import { statementsOf } from "./sql-files.ts";

/** One GRANT on tables. */
export interface Grant {
  /** `columns` undefined: all of them. */
  rights: { right: string; columns: string[] | undefined }[];
  /** `database.table`, `database.*` or `*.*`. */
  on: string;
}

/** Reads the GRANT … ON … statements of a file. Throws on one that it cannot read, so that none is overlooked. */
export function readGrants(text: string): Grant[] {
  return statementsOf(text)
    .filter((statement) => /^GRANT .* ON /s.test(statement))
    .map((statement) => {
      const [, rights, on] = /^GRANT (.+) ON ([\w.*]+) TO \w+$/s.exec(statement) ?? [];
      if (rights === undefined || on === undefined) throw new Error(`cannot read: ${statement}`);
      const read = [...rights.matchAll(/(dictGet|[A-Z][A-Z ]*[A-Z])(?:\(([^)]*)\))?(?:,\s*|$)/g)].map(
        ([, right, columns]) => ({
          right: right!,
          columns: columns?.split(",").map((column) => column.trim()),
        }),
      );
      return { rights: read, on };
    });
}

/** True when the grants together allow `right` on all these columns; no columns: on any one of the table's. */
export function coversColumns(
  grants: readonly Grant[],
  right: string,
  table: string,
  columns: readonly string[],
): boolean {
  const fitting = grants.flatMap(({ rights, on }) =>
    on === table || on === "*.*" || on === `${table.split(".")[0]}.*`
      ? rights.filter((granted) => granted.right === right)
      : [],
  );
  if (fitting.length === 0) return false;
  return columns.every((column) => fitting.some((granted) => granted.columns?.includes(column) ?? true));
}
