// The receiver's check in docs/notifications.md is run as it stands there, on what a webhook sends.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { eventsDefault } from '#src/contracts/notifier';
import { parseSettings } from '#src/contracts/settings';
import { webhookNotifier } from '#src/notifiers/webhook-notifier';
import { startReceiver } from '../notifiers/receiver.ts';

type IsGenuine = (secret: string, signature: string, body: string, nowSeconds?: number) => boolean;

const page = readFileSync('docs/notifications.md', 'utf8');

/** The first block of code in this language. */
function block(language: string): string {
  const code = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1];
  expect(code).toBeDefined();
  return String(code);
}

test('the check takes what a webhook sends, and nothing that was changed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'closeout-docs-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const [module, secretFile] = [join(directory, 'check.mjs'), join(directory, 'secret')];
  writeFileSync(module, block('js'));
  writeFileSync(secretFile, 'sesame\n');
  const { isGenuine } = (await import(pathToFileURL(module).href)) as { isGenuine: IsGenuine };

  const receiver = await startReceiver();
  const options = { name: 'pager', url: receiver.url, timeoutMs: 5000, version: '1.2.3' };
  const event = { id: 'e1', seq: 1, event: 'guard.breached', accountId: 'acc1', ts: 1 } as const;
  await webhookNotifier({ ...options, secretFile }).notify({ ...event, why: 'zu groß' });
  const { headers, body } = receiver.posted[0]!;
  const signature = String(headers['closeout-signature']);
  const now = Number(/t=(\d+)/.exec(signature)?.[1]);

  expect(isGenuine('sesame', signature, body)).toBe(true);
  expect(isGenuine('sesame', signature, body, now + 299)).toBe(true);
  expect(isGenuine('sesame', signature, body, now + 301)).toBe(false);
  expect(isGenuine('other', signature, body)).toBe(false);
  expect(isGenuine('sesame', signature, body.replace('acc1', 'acc2'))).toBe(false);
  expect(isGenuine('sesame', signature.replace(/t=\d/, 't=2'), body)).toBe(false);
  expect(isGenuine('sesame', '', body)).toBe(false);
});

test('its settings are valid, and its list of events is what is told by default', () => {
  const settings = { CLOSEOUT_NATS_URL: 'nats://h', ...(JSON.parse(block('json')) as object) };
  expect(parseSettings(settings)).toMatchObject({ ok: true });
  const listed = /Without `events` these are told: (.*?)\.\n\n/s.exec(page)?.[1] ?? '';
  expect([...listed.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual(eventsDefault);
});
