/**
 * Reads the catalogues of a directory (`locales_dir` in the configuration): every `bot.<language>.yml` in it.
 *
 * Called by renderer.ts at the start and by `check`. A broken file refuses the start, with path, line and column; names that are
 * no catalogue's are ignored.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf, RelayError, systemCode } from '../../core/errors.ts';
import { configLimits } from '../../core/limits.ts';
import type { Logger } from '../../core/ports.ts';
import { localeOfFile, readCatalogue, type Catalogue } from './catalogue.ts';

export async function loadCatalogues(directory: string, log: Logger): Promise<readonly Catalogue[]> {
  const names = await attempt(directory, () => readdir(directory));
  const catalogues: Catalogue[] = [];
  for (const name of names.filter((each) => localeOfFile(each) !== undefined).toSorted()) {
    const path = join(directory, name);
    const bytes = await attempt(path, () => readFile(path));
    if (bytes.length > configLimits.fileBytes) {
      throw new RelayError('CONFIG', `${path} is larger than ${configLimits.fileBytes} bytes`);
    }
    const result = readCatalogue(textOf(bytes, path), path);
    if (!result.ok) {
      throw new RelayError('CONFIG', `${path}:${result.line}:${result.column}: ${result.text}`);
    }
    for (const { line, column, key } of result.unknown) {
      log.warning(`${path}:${line}:${column}: nothing asks for ${key}`, {
        event: 'catalogue-key',
        path,
        key,
      });
    }
    catalogues.push(result.catalogue);
  }
  return catalogues;
}

function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RelayError('CONFIG', `${path} is not UTF-8`, { cause });
  }
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new RelayError('CONFIG', `${path} cannot be read: ${systemCode(error) || messageOf(error)}`, {
      cause: error,
    });
  }
}
