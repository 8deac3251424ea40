// closeout COMMAND: what the binary does.
import { CloseoutError } from '#src/domain/errors';
import { version } from '#src/version';
import { doctorCommand } from './doctor.ts';
import { replayCommand, replayUsage } from './replay/command.ts';
import { startCommand } from './start.ts';
import { verifyCommand } from './verify.ts';

const usage = `closeout ${version}: risk and auto-close runtime for trading gateways

  closeout start      the runtime, on the NATS and the database of the settings
  closeout doctor     what each setting resolved to, and whether it answers
  closeout verify     whether journal and ledger are what was written; exit status 1 if not
  ${replayUsage}
                      recorded quotes through a scenario; exit status 2 for unusable input
  closeout version

Settings: the environment's CLOSEOUT_… keys, or a JSON file named by CLOSEOUT_CONFIG.
`;

async function main([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'start':
      return await startCommand(rest);
    case 'replay':
      return await replayCommand(rest);
    case 'doctor':
      return await doctorCommand(rest);
    case 'verify':
      return await verifyCommand(rest);
    case 'version':
    case '--version':
      process.stdout.write(`${version}\n`);
      return 0;
    case undefined:
    case 'help':
    case '--help':
      process.stdout.write(usage);
      return 0;
    default:
      process.stderr.write(`closeout: there is no command ${command}\n\n${usage}`);
      return 2;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CloseoutError)) throw error;
  process.stderr.write(`closeout: ${error.message}\n`);
  process.exitCode = error.code === 'settings_invalid' ? 2 : 1;
}
