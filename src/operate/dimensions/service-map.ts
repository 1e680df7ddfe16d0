import { MillraceError } from "../../core/errors.ts";
import { CsvFault, type CsvRecord, csvRecords } from "./csv-records.ts";

/** What people say about a service. */
export interface MappedService {
  service: string;
  service_group: string;
  is_active: 0 | 1;
  description: string | null;
}

const columns = ["service", "service_group", "is_active", "description"] as const;
type Column = (typeof columns)[number];

const activeWords: Readonly<Record<string, 0 | 1>> = { "1": 1, true: 1, "0": 0, false: 0 };
/** A file of another kind has a fault in every line. */
const FAULTS_SHOWN = 5;

/**
 * Reads a service map: CSV with the header `service,service_group,is_active,description`, its columns in any order.
 *
 * @param name names the file in errors
 * @throws MillraceError E_CONFIG with all faults and their lines.
 */
export function parseServiceMap(name: string, text: string): MappedService[] {
  const [header, ...records] = recordsOf(name, text);
  const order = columnOrder(name, header);
  const faults: string[] = [];
  const lineOf = new Map<string, number>();
  const services = records.flatMap((record) => {
    const read = readService(record, order);
    if (typeof read === "string") {
      faults.push(read);
      return [];
    }
    const before = lineOf.get(read.service);
    if (before !== undefined) {
      faults.push(`line ${record.line}: the service ${read.service} is in line ${before} already`);
      return [];
    }
    lineOf.set(read.service, record.line);
    return [read];
  });
  if (faults.length > 0) throw refuse(name, faults);
  return services;
}

function recordsOf(name: string, text: string): CsvRecord[] {
  try {
    return csvRecords(text);
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error;
    throw refuse(name, [`line ${error.line}: ${error.message}`]);
  }
}

/** Where each column stands. */
function columnOrder(name: string, header: CsvRecord | undefined): Record<Column, number> {
  const wanted = `its first line must be ${columns.join(",")}`;
  if (header === undefined) throw refuse(name, [`the file is empty: ${wanted}`]);
  const named = header.fields.map((field) => field.trim());
  const isWhole = named.length === columns.length && columns.every((column) => named.includes(column));
  if (!isWhole) throw refuse(name, [`line ${header.line}: ${wanted}, and not ${named.join(",")}`]);
  return Object.fromEntries(columns.map((column) => [column, named.indexOf(column)])) as Record<Column, number>;
}

/** The service of a line, or what is wrong with it. */
function readService({ line, fields }: CsvRecord, order: Record<Column, number>): MappedService | string {
  if (fields.length !== columns.length) {
    const hint = fields.length > columns.length ? ": a text with a comma must be in quotes" : "";
    return `line ${line}: has ${fields.length} of ${columns.length} fields${hint}`;
  }
  const text = (column: Column) => fields[order[column]]!.trim();
  const isActive = activeWords[text("is_active").toLowerCase()];
  if (text("service") === "") return `line ${line}: the service has no name`;
  if (text("service_group") === "") return `line ${line}: ${text("service")} has no service_group`;
  if (isActive === undefined) return `line ${line}: is_active ${JSON.stringify(text("is_active"))} must be 1 or 0`;
  return {
    service: text("service"),
    service_group: text("service_group"),
    is_active: isActive,
    description: text("description") === "" ? null : text("description"),
  };
}

function refuse(name: string, faults: readonly string[]): MillraceError {
  const more = faults.length > FAULTS_SHOWN ? `\n  and ${faults.length - FAULTS_SHOWN} more` : "";
  const shown = faults.slice(0, FAULTS_SHOWN);
  const text = shown.length === 1 && more === "" ? ` ${shown[0]}` : `\n  ${shown.join("\n  ")}${more}`;
  return new MillraceError("E_CONFIG", `${name} cannot be taken for a service map:${text}`);
}
