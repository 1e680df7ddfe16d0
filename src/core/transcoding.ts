/** The two transcoders (src/codec): `reference` in TypeScript, `kernel` in WebAssembly. Both mean the same. */
export const transcoderNames = ["reference", "kernel"] as const;
export type TranscoderName = (typeof transcoderNames)[number];
export const defaultTranscoder: TranscoderName = "kernel";

/** How rows go to ClickHouse: row by row, or column by column with dictionaries for LowCardinality. */
export const insertFormats = ["rowbinary", "native"] as const;
export type InsertFormat = (typeof insertFormats)[number];
export const defaultInsertFormat: InsertFormat = "rowbinary";
