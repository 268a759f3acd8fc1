/**
 * First thing every command does: refuses a Node that cannot run it, in words instead of a stack trace.
 *
 * Imports nothing and uses old syntax only, so that the refused versions can run it; the commands import the
 * rest after it. Debian 12's own Node (18) is the usual case.
 */

const needed = [20, 19] as const;

/** Ends the process with 78 (CONFIG) when this Node is too old. */
export function checkNode(name: string): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > needed[0] || (major === needed[0] && minor >= needed[1])) return;
  const found = `Node ${process.versions.node} (${process.execPath})`;
  process.stderr.write(`${name}: error: ${found} is too old, ${needed.join('.')} or newer is needed\n`);
  process.stderr.write(`${name}: hint: install Node 24 and put it first in PATH\n`);
  process.exit(78);
}
