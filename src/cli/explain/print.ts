// The story as people read it.
import type { Story } from './story.ts';
import { ordinal } from './words.ts';

export function printed(story: Story): string {
  const { closeId, summary, why, lines, order, open, cut } = story;
  const text = [closeId, summary, `why: ${why.words}`];
  if (why.also.length > 0) text.push(`also asked for by: ${why.also.join(', ')}`);
  text.push('');
  for (const { at, words, details = [] } of lines) {
    text.push(
      `${at}  ${words}`,
      ...details.map((detail) => `${' '.repeat(at.length + 4)}${detail}`),
    );
  }
  text.push('');
  if (order !== undefined) text.push(`order  ${orderWords(story, order)}`);
  text.push(...open.map((one) => `now    ${one}`));
  text.push(...cut.map((one) => `cut    not told here: ${one}`));
  return `${text.join('\n')}\n`;
}

function orderWords(
  { position }: Story,
  { of, place, total, around }: NonNullable<Story['order']>,
): string {
  const named = around.map((id) => (id === position.positionId ? `[${id}]` : id)).join(', ');
  return `${ordinal(place)} of the ${total} closed by this ${of}: ${named}`;
}
