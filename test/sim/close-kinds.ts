// Closes by what asked for them, so that one sees that every kind of exit has happened.
import type { CloseIntent } from '#src/domain/closing';
import type { JournalEntry } from '#src/ports/journal';

/** How many closes were filled, in parts or whole, by reason and kind of exit. */
export function closeKinds(entries: readonly JournalEntry[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  const counted = new Set<string>();
  for (const { record } of entries) {
    if (record.type !== 'close.filled' && record.type !== 'close.partially-filled') continue;
    const { intent } = record.body;
    if (counted.has(intent.closeId)) continue;
    counted.add(intent.closeId);
    const kind = kindOf(intent);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}

function kindOf({ reason, rung, onQuote, triggerPrice }: CloseIntent): string {
  if (rung !== undefined) return `${reason} (rung)`;
  if (onQuote === true && triggerPrice === undefined) return `${reason} (money)`;
  const isLevel = reason === 'stop_loss' || reason === 'take_profit';
  return isLevel && onQuote !== true ? `${reason} (provider)` : reason;
}
