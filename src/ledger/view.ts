// The rows of a table that a batch is about, by id, and what it changes of them.

export class View<Row extends object> {
  readonly #rows = new Map<string, Row>();
  readonly #changed = new Set<string>();
  readonly #patches = new Map<string, Partial<Row>>();

  /** A row as the table has it. */
  load(id: string, row: Row): void {
    this.#rows.set(id, row);
  }

  put(id: string, row: Row): void {
    this.#rows.set(id, row);
    this.#changed.add(id);
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  rows(): Iterable<Row> {
    return this.#rows.values();
  }

  /** Changes a row; one that is not in the table (any more) stays away. */
  change(id: string, by: (row: Row) => Partial<Row>): void {
    const row = this.#rows.get(id);
    if (row !== undefined) this.put(id, { ...row, ...by(row) });
  }

  /** Sets columns of a row whatever they were, so that it need not be loaded for it. */
  patch(id: string, columns: Partial<Row>): void {
    const row = this.#rows.get(id);
    if (row !== undefined) this.put(id, { ...row, ...columns });
    else this.#patches.set(id, { ...this.#patches.get(id), ...columns });
  }

  /** Each changed row once, as the last change left it. */
  changed(): Row[] {
    return [...this.#changed].map((id) => this.#rows.get(id) as Row);
  }

  /** Of rows that were not loaded: the columns that were set, by id. */
  patches(): ReadonlyMap<string, Partial<Row>> {
    return this.#patches;
  }
}
