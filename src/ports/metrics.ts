// Counters, as `runtime.status` shows them.

export interface Metrics {
  /** Adds `by` (1) to the counter `name`, which begins at 0. */
  count(name: string, by?: number): void;
  counters(): Record<string, number>;
}

/** Counters in memory: the whole of the port until there is an exporter. */
export function memoryMetrics(): Metrics {
  const values = new Map<string, number>();
  return {
    count: (name, by = 1) => void values.set(name, (values.get(name) ?? 0) + by),
    counters: () => Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
