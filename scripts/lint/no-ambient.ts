// Lint rule: the core takes time, chance and the outside from its ports, never from where it runs.
import { relative } from 'node:path';
import { portsOnlyFor, roomOf } from './rooms.ts';
import type { Context, Node, Rule } from './types.ts';

const clock = 'take time from the Clock port';
const chance = 'take ids and randomness from the Ids port';
const outside = 'the core does no I/O: use a port';
const indirect = 'name the global itself, so that it can be checked';

/** Globals that no code of the core may name. */
const globals: Readonly<Record<string, string>> = {
  setTimeout: clock,
  setInterval: clock,
  setImmediate: clock,
  performance: clock,
  Temporal: clock,
  AbortSignal: clock,
  crypto: chance,
  process: outside,
  console: outside,
  fetch: outside,
  globalThis: indirect,
  global: indirect,
};

/** Node modules that are pure; of `node:crypto` only the hashes are. */
const pureModules = new Set(['assert', 'buffer', 'events', 'path', 'url', 'util']);
const clockModules = new Set(['timers', 'timers/promises', 'perf_hooks']);
const pureCrypto = new Set(['createHash', 'createHmac', 'hash', 'timingSafeEqual']);

/** What of RxJS reads the system's clock. */
const timedRxjs = new Set(
  (
    'animationFrameScheduler animationFrames asapScheduler asyncScheduler auditTime bufferTime ' +
    'debounceTime delay interval sampleTime throttleTime timeInterval timeout timer timestamp ' +
    'windowTime'
  ).split(' '),
);

/** Why this use of a global is ambient, or undefined where it is not. */
function ambientUse(name: string, use: Node): string | undefined {
  const parent = 'parent' in use ? use.parent : null;
  const member = memberOf(use, parent);
  if (name === 'Math') {
    return member === 'random' || member === undefined ? `Math.random: ${chance}` : undefined;
  }
  if (name !== 'Date') {
    const hint = globals[name];
    return hint === undefined ? undefined : `${name}: ${hint}`;
  }
  if (member === 'UTC' || member === 'parse') return undefined;
  if (parent?.type === 'NewExpression' && parent.callee === use && parent.arguments.length > 0) {
    return undefined;
  }
  if (parent?.type === 'BinaryExpression' && parent.operator === 'instanceof') return undefined;
  return `Date without a time given: ${clock}`;
}

/** `now` of `Date.now` and `Date['now']`; undefined where `use` is no object of a member. */
function memberOf(use: Node, parent: Node | null): string | undefined {
  if (parent?.type !== 'MemberExpression' || parent.object !== use) return undefined;
  if (!parent.computed) return parent.property.name;
  return parent.property.type === 'Literal' ? String(parent.property.value) : undefined;
}

/** Why importing `names` (undefined: all of it) from a module is ambient. */
function ambientImport(specifier: string, names: readonly string[] | undefined) {
  if (specifier === 'rxjs' || specifier === 'rxjs/operators') {
    const timed = names?.filter((name) => timedRxjs.has(name)) ?? ['*'];
    return timed.length > 0 ? `${timed.join(', ')} of RxJS: ${clock}` : undefined;
  }
  const module = /^node:(.+)$/.exec(specifier)?.[1];
  if (module === undefined || pureModules.has(module)) return undefined;
  if (module !== 'crypto') return `${specifier}: ${clockModules.has(module) ? clock : outside}`;
  const chancy = names?.filter((name) => !pureCrypto.has(name)) ?? ['*'];
  return chancy.length > 0 ? `${chancy.join(', ')} of ${specifier}: ${chance}` : undefined;
}

function create(context: Context) {
  const portsOnly = portsOnlyFor(roomOf(relative(context.cwd, context.filename)));
  if (portsOnly === 'nothing') return {};
  const report = (node: Node, message: string | undefined) => {
    const isAllowed = portsOnly === 'time' && message?.endsWith(outside);
    if (message !== undefined && !isAllowed) context.report({ node, message });
  };
  return {
    Program: () => {
      for (const scope of context.sourceCode.scopeManager.scopes) {
        for (const { identifier, resolved } of scope.references) {
          if (resolved !== null && resolved.defs.length > 0) continue;
          if (isOfType(identifier)) continue;
          report(identifier, ambientUse(identifier.name, identifier));
        }
      }
    },
    ImportDeclaration: (node) => {
      if (node.importKind === 'type') return;
      const names: string[] = [];
      for (const specifier of node.specifiers) {
        if (specifier.type !== 'ImportSpecifier') {
          return report(node, ambientImport(node.source.value, undefined));
        }
        if (specifier.importKind !== 'type') names.push(nameOf(specifier.imported));
      }
      const isForTypes = names.length === 0 && node.specifiers.length > 0;
      if (!isForTypes) report(node, ambientImport(node.source.value, names));
    },
    ExportNamedDeclaration: (node) => {
      if (node.source === null || node.exportKind === 'type') return;
      const names = node.specifiers.map(({ local }) => nameOf(local));
      report(node, ambientImport(node.source.value, names));
    },
    ExportAllDeclaration: (node) => report(node, ambientImport(node.source.value, undefined)),
    ImportExpression: (node) => {
      if (node.source.type !== 'Literal') return;
      report(node, ambientImport(String(node.source.value), undefined));
    },
  } satisfies ReturnType<Rule['create']>;
}

function nameOf(node: { name: string } | { value: string }): string {
  return 'name' in node ? node.name : node.value;
}

/** Whether an identifier stands in a type: `Date` as a type reads no clock. */
function isOfType(identifier: Node): boolean {
  const parent = 'parent' in identifier ? identifier.parent : null;
  return parent?.type.startsWith('TS') === true && !parent.type.endsWith('Expression');
}

export const noAmbient: Rule = { create };
