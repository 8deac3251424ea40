// closeout COMMAND: what the binary does.
import { CloseoutError } from '#src/domain/errors';
import { version } from '#src/version';
import { doctorCommand, doctorUsage } from './doctor.ts';
import { explainCommand, explainUsage } from './explain.ts';
import { replayCommand, replayUsage } from './replay/command.ts';
import { startCommand, startUsage } from './start.ts';
import { verifyCommand, verifyUsage } from './verify.ts';

const usage = `closeout ${version}: risk and auto-close runtime for trading gateways

  closeout start      the runtime, on the NATS and the database of the settings
  closeout doctor     what each setting resolved to, and whether it answers
  closeout verify     whether journal and ledger are what was written; exit status 1 if not
  closeout explain --close ID | --breach ID [--json] [--db URL]
                      the story of a close, from the ledger alone
  ${replayUsage}
                      recorded quotes through a scenario; exit status 2 for unusable input
  closeout version

Each says more with --help.
Settings: the environment's CLOSEOUT_… keys, or a JSON file named by CLOSEOUT_CONFIG.
`;

interface Command {
  readonly run: (args: readonly string[]) => number | Promise<number>;
  readonly usage: string;
}

const commands = new Map<string, Command>([
  ['start', { run: startCommand, usage: startUsage }],
  ['doctor', { run: doctorCommand, usage: doctorUsage }],
  ['verify', { run: verifyCommand, usage: verifyUsage }],
  ['explain', { run: explainCommand, usage: explainUsage }],
  ['replay', { run: replayCommand, usage: replayUsage }],
  ['version', { run: () => print(version), usage: 'closeout version' }],
]);

function print(text: string): number {
  process.stdout.write(`${text.trimEnd()}\n`);
  return 0;
}

async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || ['help', '--help', '-h'].includes(name)) return print(usage);
  const command = commands.get(name === '--version' ? 'version' : name);
  if (command === undefined) {
    process.stderr.write(`closeout: there is no command ${name}\n\n${usage}`);
    return 2;
  }
  // Before anything else is looked at: who asks may have no settings yet.
  if (rest.some((arg) => ['--help', '-h'].includes(arg))) return print(`usage: ${command.usage}`);
  return await command.run(rest);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CloseoutError)) throw error;
  process.stderr.write(`closeout: ${error.message}\n`);
  process.exitCode = error.code === 'settings_invalid' ? 2 : 1;
}
