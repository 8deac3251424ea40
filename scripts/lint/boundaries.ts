// Lint rule: imports follow the design, and lead to other rooms by the plain `#…` paths.
import { dirname, relative, resolve } from 'node:path';
import { boundaryFault, isRoom, isUnrestricted, packageFault, roomOf } from './rooms.ts';
import type { Context, Node, Rule } from './types.ts';

/** Why `file` of the room `from` may not import `specifier`, or undefined where it may. */
function faultOf(file: string, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return boundaryFault(from, `${specifier.slice(1)}.ts`);
  if (!specifier.startsWith('.')) return packageFault(from, specifier);
  const path = relative('', resolve(dirname(file), specifier));
  // Going up and over is what the # paths spare; going down, to a folder beside, reads well.
  const isElsewhere = specifier.startsWith('..') && roomOf(path) !== from;
  const crooked = isElsewhere && /^(src|machines|actors)\//.test(path);
  return boundaryFault(from, path) ?? (crooked ? `${path}: import it by its # path` : undefined);
}

function create(context: Context) {
  const file = relative(context.cwd, context.filename);
  const from = roomOf(file);
  if (from === undefined) return {};
  if (!isRoom(from)) {
    const message = `${from} is no room yet: name it in scripts/lint/rooms.ts`;
    return { Program: (node: Node) => context.report({ node, message }) };
  }
  const check = (node: Node, source: Node | null) => {
    if (source === null) return;
    const path = source.type === 'Literal' ? source.value : undefined;
    if (typeof path === 'string') {
      const message = faultOf(file, from, path);
      if (message !== undefined) context.report({ node, message });
    } else if (!isUnrestricted(from)) {
      context.report({ node, message: 'a computed import hides what it imports: write it out' });
    }
  };
  return {
    ImportDeclaration: (node) => check(node, node.source),
    ExportNamedDeclaration: (node) => check(node, node.source),
    ExportAllDeclaration: (node) => check(node, node.source),
    ImportExpression: (node) => check(node, node.source),
    TSImportType: (node) => check(node, node.source),
  } satisfies ReturnType<Rule['create']>;
}

export const boundaries: Rule = { create };
