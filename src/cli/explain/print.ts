// The story as people read it.
import type { BreachStory } from './breach-story.ts';
import type { StoryLine } from './lines.ts';
import type { Story } from './story.ts';
import { ordinal } from './words.ts';

export function printed(story: Story): string {
  const { closeId, summary, why, lines, order, open, cut } = story;
  const text = [closeId, summary, `why: ${why.words}`];
  if (why.also.length > 0) text.push(`also asked for by: ${why.also.join(', ')}`);
  text.push('');
  text.push(...lines.flatMap(linesOf), '');
  if (order !== undefined) text.push(`order  ${orderWords(story, order)}`);
  text.push(...open.map((one) => `now    ${one}`));
  text.push(...cut.map((one) => `cut    not told here: ${one}`));
  return `${text.join('\n')}\n`;
}

function linesOf({ at, words, details = [] }: StoryLine): string[] {
  return [`${at}  ${words}`, ...details.map((detail) => `${' '.repeat(at.length + 4)}${detail}`)];
}

export function printedBreach(story: BreachStory): string {
  const { breachId, summary, lines, positions, rule, open, cut } = story;
  const text = [breachId, summary];
  if (rule !== undefined) {
    const { id, ...terms } = rule;
    const said = Object.entries(terms).map(([key, value]) => `${key} ${String(value)}`);
    text.push(`rule ${id}, as the account has it now: ${said.join(', ')}`);
  }
  text.push('', ...lines.flatMap(linesOf), '');
  text.push(...positions.map(({ words }) => `position  ${words}`));
  text.push(...open.map((one) => `now       ${one}`));
  text.push(...cut.map((one) => `cut       not told here: ${one}`));
  return `${text.join('\n')}\n`;
}

function orderWords(
  { position }: Story,
  { of, place, total, around }: NonNullable<Story['order']>,
): string {
  const named = around.map((id) => (id === position.positionId ? `[${id}]` : id)).join(', ');
  const more = total - around.length;
  const rest = more === 0 ? '' : `, and ${more} more`;
  return `${ordinal(place)} of the ${total} closed by this ${of}: ${named}${rest}`;
}
