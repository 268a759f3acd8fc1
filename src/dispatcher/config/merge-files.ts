/**
 * `dispatcher.yml` and `dispatcher.d/*.yml` as one: maps of names are joined, everything else may stand in one file only.
 * Remembers which file each top-level part and each named entry came from, so that a complaint finds its place.
 */

import type { YamlText } from '../../config/yaml-text.ts';
import type { Fault, KeyPath } from '../input/check-input.ts';

/** Parts whose entries have names and may come from several files. */
const MAPS = new Set(['endpoints', 'recipients', 'time_intervals', 'expect']);

export interface ParsedFile {
  readonly path: string;
  readonly yaml: YamlText;
}

export interface Merged {
  readonly content: Readonly<Record<string, unknown>>;
  /** The file a value stands in. */
  fileOf(path: KeyPath): ParsedFile | undefined;
  /** With the file the fault is in. */
  readonly faults: readonly (Fault & { readonly file: ParsedFile })[];
}

export function mergeFiles(files: readonly ParsedFile[]): Merged {
  const content: Record<string, unknown> = {};
  const origins = new Map<string, ParsedFile>();
  const faults: (Fault & { readonly file: ParsedFile })[] = [];
  const claim = (file: ParsedFile, path: KeyPath, take: () => void): void => {
    const key = path.join('\0');
    const earlier = origins.get(key);
    if (earlier === undefined) {
      origins.set(key, file);
      take();
    } else {
      faults.push({ file, path, atKey: true, text: `stands in ${earlier.path} already` });
    }
  };
  for (const file of files) {
    const { value } = file.yaml;
    if (value === null) continue;
    if (!isMap(value)) {
      faults.push({ file, path: [], text: 'must be a map of settings' });
      continue;
    }
    for (const [part, inner] of Object.entries(value)) {
      if (MAPS.has(part) && isMap(inner)) {
        const joined = isMap(content[part]) ? content[part] : {};
        for (const [name, entry] of Object.entries(inner)) {
          claim(file, [part, name], () => Object.assign(joined, { [name]: entry }));
        }
        content[part] = joined;
        if (!origins.has(part)) origins.set(part, file);
      } else {
        claim(file, [part], () => Object.assign(content, { [part]: inner }));
      }
    }
  }
  return {
    content,
    faults,
    fileOf: (path) =>
      origins.get(path.slice(0, 2).join('\0')) ?? origins.get(String(path[0] ?? '')) ?? files[0],
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
