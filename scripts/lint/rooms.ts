// The rooms of the house: who may import whom, and which room alone may use what from outside.

const model = ['src/domain', 'src/contracts', 'src/ports'];
const core = [...model, 'src/prices', 'machines'];
const outward = ['brokers', 'http', 'inspect', 'journal', 'ledger', 'nats', 'notifiers', 'system'];
const adapters = outward.map((name) => `src/${name}`);
const inside = [...core, 'actors', 'src/commands', ...adapters, 'src/version.ts'];
const put = [...inside, 'src/host'];
const whole = [...put, 'src/runtime.ts'];

/** Rooms to which a room's imports may lead, itself excepted. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'src/domain': [],
  'src/contracts': ['src/domain'],
  'src/ports': ['src/contracts', 'src/domain'],
  'src/prices': model,
  machines: model,
  actors: core,
  'src/commands': core,
  ...Object.fromEntries(adapters.map((room) => [room, model])),
  'src/version.ts': [],
  'src/host': [...core, 'actors', 'src/commands'],
  'src/runtime.ts': put,
  'src/cli': whole,
  'src/index.ts': whole,
  bin: ['src/cli'],
  examples: [...whole, 'src/index.ts'],
  bench: [...whole, 'src/index.ts', 'src/cli', 'test'],
  scripts: [...whole, 'src/index.ts', 'src/cli'],
  test: [...whole, 'src/index.ts', 'src/cli', 'bin', 'bench', 'examples', 'scripts'],
};

/** Rooms without any I/O; ambient time and chance would make a run impossible to repeat. */
const pure = new Set([...core, 'actors', 'src/commands', 'src/host']);

/** Rooms that deal with the outside by trade, and may use any package and all of Node. */
const unrestricted = new Set(['bench', 'bin', 'examples', 'scripts', 'test']);

/** Packages and modules that only the rooms named here may see; others are open to all. */
const owners: readonly { readonly module: RegExp; readonly rooms: readonly string[] }[] = [
  { module: /^@mikro-orm\//, rooms: ['src/ledger'] },
  { module: /^@nats-io\//, rooms: ['src/nats', 'src/brokers'] },
  { module: /^fastify$/, rooms: ['src/http'] },
  { module: /^node:sqlite$/, rooms: ['src/journal'] },
  { module: /^pino$/, rooms: ['src/system', 'src/cli', 'src/runtime.ts'] },
];

/** The room of a path relative to the project, or undefined for the files beside the rooms. */
export function roomOf(path: string): string | undefined {
  const [top = '', next = ''] = path.split('/');
  if (top === 'src') return `src/${next}`;
  return path.includes('/') ? top : undefined;
}

/** What a room must take from its ports: all of the outside, time and chance only, or nothing. */
export function portsOnlyFor(room: string | undefined): 'everything' | 'time' | 'nothing' {
  if (room === 'src/runtime.ts') return 'time';
  return room !== undefined && pure.has(room) ? 'everything' : 'nothing';
}

export function isRoom(room: string): boolean {
  return room in mayImport;
}

/** Why `from` may not import the project's file `path`, or undefined where it may. */
export function boundaryFault(from: string, path: string): string | undefined {
  const to = roomOf(path);
  if (to === from || path === 'package.json') return undefined;
  if (to !== undefined && mayImport[from]?.includes(to)) return undefined;
  return `${from} must not import ${to ?? path} (who may is in scripts/lint/rooms.ts)`;
}

/** Whether a room may use any package, and compute what it imports. */
export function isUnrestricted(room: string): boolean {
  return unrestricted.has(room);
}

/** Why `from` may not import the package or Node module `name`, or undefined where it may. */
export function packageFault(from: string, name: string): string | undefined {
  if (unrestricted.has(from)) return undefined;
  const owner = owners.find(({ module }) => module.test(name));
  if (owner === undefined || owner.rooms.includes(from)) return undefined;
  return `${name} stays in ${owner.rooms.join(', ')}; use a port`;
}
