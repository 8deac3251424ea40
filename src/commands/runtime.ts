// runtime.status
import { NoBody } from '#src/contracts/lists';
import { answer, command, type Outcome } from './command.ts';

const status = command({
  schema: NoBody,
  scope: 'none',
  run: (context): Outcome => answer(context.status()),
});

export const runtimeCommands = { status };
