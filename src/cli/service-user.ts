/**
 * Gives root's rights up for good, for those of the user a directory belongs to: what a service may do is then
 * simply tried. Called by `idmef doctor` and `alert-dispatcher check` before anything is examined.
 */

import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Becomes the owner of the directory, or of the nearest one above it that exists; where that is root's, `fallback`.
 * Returns the user's name; undefined when it stays root, or the owner is unknown to this host.
 */
export function becomeOwner(dir: string, fallback: string | undefined): string | undefined {
  const owner = ownerOf(dir);
  const user = users().find(({ uid, name }) => (owner === 0 ? name === fallback : uid === String(owner)));
  if (user === undefined || user.uid === '0') return undefined;
  const [uid, gid] = [Number(user.uid), Number(user.gid)];
  // Groups first: afterwards we may not any more.
  process.setgroups?.([gid, ...groupsOf(user.name)]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  return user.name;
}

/** As passwd has it. */
export function userNameOf(uid: number): string | undefined {
  return users().find((user) => user.uid === String(uid))?.name;
}

function ownerOf(dir: string): number {
  const path = resolve(dir);
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.uid ?? (path === '/' ? 0 : ownerOf(dirname(path)));
}

function groupsOf(name: string): readonly number[] {
  return rows('/etc/group')
    .filter(([, , , members = '']) => members.split(',').includes(name))
    .map(([, , gid]) => Number(gid));
}

interface User {
  readonly name: string;
  readonly uid: string;
  readonly gid: string;
}

function users(): readonly User[] {
  return rows('/etc/passwd').map(([name = '', , uid = '', gid = '']) => ({ name, uid, gid }));
}

function rows(file: string): readonly (readonly string[])[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
}
