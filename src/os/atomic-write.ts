/**
 * The one durable write and its two companions: move and remove that survive a power cut.
 *
 * Callers: quarantine and inbox (src/app, src/poller), the file destination, the spool (src/sensor), submit.
 * On-disk states of `writeFileAtomic`: absent or old → `.<name>.<random>.tmp` beside it → new. A crash leaves
 * at most the temporary file, which starts with a dot and so is nobody's input. Without the fsyncs ext4 and
 * xfs bring files back empty or under their old name after a power cut (measured).
 * Errors are RelayError SPOOL_IO and name the path; the system's code stays in `cause`.
 */

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname } from 'node:path';

import { RelayError, messageOf, systemCode } from '../core/errors.ts';

export interface WriteOptions {
  /** Permissions of the new file, before umask; default 0o640. */
  readonly mode?: number;
  /** The mode as it is, whatever the umask: somebody else is to read it. */
  readonly exactMode?: boolean;
}

/** A path as text, or as bytes where names need not be UTF-8. */
export type Path = string | Buffer;

const COPY_CHUNK = 1 << 20;

/** How a path is shown to people: bytes that are not UTF-8 appear as `\xNN`, control characters too. */
export function showPath(path: Path): string {
  let text: string;
  if (typeof path === 'string') {
    text = path;
  } else {
    text = path.toString('utf8');
    if (!Buffer.from(text, 'utf8').equals(path)) text = path.toString('latin1').replace(/[\x80-\xff]/g, hex);
  }
  // oxlint-disable-next-line no-control-regex -- a file name may hold any byte but NUL and the slash
  return text.replace(/[\x00-\x1f\x7f]/g, hex);
}

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** `dir` + `/` + `name`, for names that may be any bytes. */
export function joinPath(dir: Path, name: Path): Buffer {
  return Buffer.concat([toBytes(dir), Buffer.from('/'), toBytes(name)]);
}

/** Write the whole file durably: it is there complete, or as it was before. Replaces an existing file. */
export function writeFileAtomic(path: Path, data: string | Uint8Array, options: WriteOptions = {}): void {
  const { dir, name } = split(path);
  const temporary = joinPath(dir, temporaryName(name));
  try {
    writeNew(temporary, data, options);
    fs.renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw failure('cannot write', path, error);
  }
  syncDirectory(dir);
}

/**
 * Move a file durably to `to`, or to `x.1.xml`, `x.2.xml` … when that name is taken: nothing is overwritten.
 * Across filesystems: copy, fsync, rename, then unlink the source. Returns the path taken. The
 * source stays until the target is durable; a crash between the two leaves both. `deferSync` leaves the fsync of the
 * two directories to the caller, who moves many and calls `syncDirectory` once.
 */
export function moveDurably(from: Path, to: Path, options: { readonly deferSync?: boolean } = {}): Buffer {
  let taken: Buffer;
  try {
    taken = moveUnique(from, toBytes(to));
  } catch (error) {
    throw failure(`cannot move ${showPath(from)} to`, to, error);
  }
  if (options.deferSync !== true) {
    syncDirectory(split(taken).dir);
    syncDirectory(split(from).dir);
  }
  return taken;
}

/** Copy a file durably to `to`, or to the next free name as `moveDurably`. Returns the path taken. */
export function copyDurably(from: Path, to: Path): Buffer {
  try {
    return copyUnique(from, toBytes(to));
  } catch (error) {
    throw failure(`cannot copy ${showPath(from)} to`, to, error);
  }
}

/** What is left of a failed write; its failure is the one to be told, not this one's. */
function discard(temporary: Buffer): void {
  try {
    fs.unlinkSync(temporary);
  } catch {
    // Never made, or the directory is beyond use.
  }
}

/** Remove a file durably; absent already is fine. */
export function removeDurably(path: Path): void {
  try {
    fs.unlinkSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw failure('cannot remove', path, error);
  }
  syncDirectory(split(path).dir);
}

/** Make a directory's entries durable. */
export function syncDirectory(dir: Path): void {
  try {
    const fd = fs.openSync(dir, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw failure('cannot sync directory', dir, error);
  }
}

function moveUnique(from: Path, to: Buffer): Buffer {
  // A rename onto a name seen to be free: plain rename replaces silently (the seed lost archives that way),
  // and link + unlink would change the ctime of a source that survives a crash in between.
  const target = freeName(to);
  try {
    fs.renameSync(from, target);
    return target;
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
  }
  const copy = copyUnique(from, to);
  fs.unlinkSync(from);
  return copy;
}

function copyUnique(from: Path, to: Buffer): Buffer {
  const { dir, name } = split(to);
  const temporary = joinPath(dir, temporaryName(name));
  try {
    copyContent(from, temporary);
    const copy = freeName(to);
    fs.renameSync(temporary, copy);
    syncDirectory(dir);
    return copy;
  } catch (error) {
    discard(temporary);
    throw error;
  }
}

/** The first free of `path` and its numbered forms. */
function freeName(path: Buffer): Buffer {
  for (let attempt = 0; ; attempt++) {
    const name = numbered(path, attempt);
    if (fs.lstatSync(name, { throwIfNoEntry: false }) === undefined) return name;
  }
}

/** `a.xml`, `a.1.xml` … `a.15.xml`, then `a.<random>.xml`: many equal names must not cost a stat each. */
function numbered(path: Buffer, attempt: number): Buffer {
  if (attempt === 0) return path;
  const suffix = attempt < 16 ? `.${attempt}` : `.${randomBytes(5).toString('hex')}`;
  const dot = path.lastIndexOf(0x2e);
  const cut = dot > path.lastIndexOf(0x2f) + 1 ? dot : path.length;
  return Buffer.concat([path.subarray(0, cut), Buffer.from(suffix), path.subarray(cut)]);
}

function copyContent(from: Path, to: Buffer): void {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const source = fs.openSync(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(source);
    const target = fs.openSync(to, 'wx', stat.mode & 0o777);
    try {
      const chunk = Buffer.allocUnsafe(Math.min(COPY_CHUNK, Math.max(stat.size, 1)));
      for (let n = fs.readSync(source, chunk); n > 0; n = fs.readSync(source, chunk)) {
        writeFully(target, chunk.subarray(0, n));
      }
      fs.futimesSync(target, stat.atime, stat.mtime);
      fs.fsyncSync(target);
    } finally {
      fs.closeSync(target);
    }
  } finally {
    fs.closeSync(source);
  }
}

function writeNew(path: Buffer, data: string | Uint8Array, { mode = 0o640, exactMode }: WriteOptions): void {
  const fd = fs.openSync(path, 'wx', mode);
  try {
    if (exactMode === true) fs.fchmodSync(fd, mode);
    writeFully(fd, typeof data === 'string' ? Buffer.from(data, 'utf8') : data);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function writeFully(fd: number, data: Uint8Array): void {
  for (let at = 0; at < data.length;) at += fs.writeSync(fd, data, at, data.length - at);
}

function temporaryName(name: Buffer): Buffer {
  // NAME_MAX is 255 bytes; the dot, the random part and `.tmp` need 18.
  return Buffer.concat([
    Buffer.from('.'),
    name.subarray(0, 230),
    Buffer.from(`.${randomBytes(6).toString('hex')}.tmp`),
  ]);
}

function split(path: Path): { dir: Buffer; name: Buffer } {
  if (typeof path === 'string') return { dir: Buffer.from(dirname(path)), name: Buffer.from(basename(path)) };
  const slash = path.lastIndexOf(0x2f);
  if (slash < 0) return { dir: Buffer.from('.'), name: path };
  return { dir: slash === 0 ? Buffer.from('/') : path.subarray(0, slash), name: path.subarray(slash + 1) };
}

function toBytes(path: Path): Buffer {
  return typeof path === 'string' ? Buffer.from(path) : path;
}

function failure(what: string, path: Path, error: unknown): RelayError {
  if (error instanceof RelayError) return error;
  return new RelayError('SPOOL_IO', `${what} ${showPath(path)}: ${messageOf(error)}`, { cause: error });
}
