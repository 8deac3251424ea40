// Which Node the program runs on. Plain JavaScript that an old Node reads too, so as to say so.

/** What the dependencies need: the same as `engines` in package.json. */
export const nodeNeeded = '22.17';

/**
 * One line that says why this Node is too old, or undefined where it is not.
 *
 * @param {string} found as in `process.versions.node`
 * @returns {string | undefined}
 */
export function versionComplaint(found) {
  const [major = 0, minor = 0] = found.split('.').map(Number);
  const [majorNeeded = 0, minorNeeded = 0] = nodeNeeded.split('.').map(Number);
  if (major > majorNeeded || (major === majorNeeded && minor >= minorNeeded)) return undefined;
  return `closeout needs Node ${nodeNeeded} or newer, but this is Node ${found}.`;
}

/**
 * One line that says why this Node cannot run the module at `target`, or undefined where it can.
 *
 * @param {string} target
 * @param {{versions: {node: string}, features: object}} node `process`, or what stands in for it
 * @returns {string | undefined}
 */
export function typescriptComplaint(target, { versions, features }) {
  if (!target.endsWith('.ts')) return undefined;
  if ('typescript' in features && features.typescript) return undefined;
  return `closeout is TypeScript here, which this Node ${versions.node} does not run as it is.`;
}
