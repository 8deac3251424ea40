// The rows of a table that a batch is about, by id, and which of them it changed.

export class View<Row extends object> {
  readonly #rows = new Map<string, Row>();
  readonly #changed = new Set<string>();

  /** A row as the table has it. */
  load(id: string, row: Row): void {
    this.#rows.set(id, row);
  }

  put(id: string, row: Row): void {
    this.#rows.set(id, row);
    this.#changed.add(id);
  }

  /** Changes a row; one that is not in the table (any more) stays away. */
  change(id: string, by: (row: Row) => Partial<Row>): void {
    const row = this.#rows.get(id);
    if (row !== undefined) this.put(id, { ...row, ...by(row) });
  }

  /** Each changed row once, as the last change left it. */
  changed(): Row[] {
    return [...this.#changed].map((id) => this.#rows.get(id) as Row);
  }
}
