/**
 * The flags of Node that load steady-names-child.ts into a program run by `under`; none where nobody counts. `generation` is
 * how often one has been started in the same directories: their names must not meet.
 */

export function steadyNames(under: readonly string[], generation: number): string[] {
  if (under.length === 0) return [];
  const child = new URL('steady-names-child.js', import.meta.url);
  child.searchParams.set('from', String(generation * 1000));
  return ['--import', child.href];
}
