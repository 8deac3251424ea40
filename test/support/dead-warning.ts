// A warning that its breach always comes before is refused, so rules by chance are made without.

interface HasWarning {
  readonly limitPct?: unknown;
  readonly warningPct?: unknown;
  readonly lockAtInitial?: unknown;
}

/** The anchored rule without its warning level where that is not before its limit. */
export function withoutDeadWarning<T extends HasWarning>(rule: T): T {
  const { limitPct, warningPct, lockAtInitial } = rule;
  if (limitPct === undefined || warningPct === undefined || lockAtInitial === true) return rule;
  if (Number(warningPct) < Number(limitPct)) return rule;
  const { warningPct: _dead, ...rest } = rule;
  return rest as T;
}
