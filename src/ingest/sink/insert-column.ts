/** A column of the insert; a PlanColumn is one. */
export interface InsertColumn {
  name: string;
  /** `text` is the type as ClickHouse prints it. */
  type: { text: string };
  /** `tableDefault`: in the body it is an array of its value, or empty where the table's DEFAULT is to be taken. */
  missing?: { kind: string };
}

/** A column that the insert leaves out and whose DEFAULT is the server's clock; a ClockDefault of the plan is one. */
export interface ClockColumn extends InsertColumn {
  /** As ClickHouse prints it. */
  expression: string;
}
