export interface CompareWish {
  /** The other checkout. It must have its own node_modules. */
  folder: string;
  what: ("load" | "backlog")[];
  /** Of a backlog. */
  events: number;
  rounds: number;
  /** Of a load. */
  seconds: number;
  log: (line: string) => void;
}

/** What one program did in one round, the figures by their headings. */
export interface CheckoutRun {
  what: string;
  checkout: "old" | "new";
  figures: Record<string, number>;
}
