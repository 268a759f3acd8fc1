/**
 * Loads the own sinks of a site: every `*.mjs` of one directory.
 *
 * Called by src/app at the start and at each reload. Directory and files must be root's (trusted-path.ts) and regular; a module that cannot be loaded,
 * takes too long or exports no sink refuses the configuration with its name and the reason: nothing is left out silently. A changed
 * file is loaded anew; what the old one allocated stays until the service ends.
 */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { z } from 'zod';

import { messageOf, RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';
import type { SinkType } from '../../../model/sink.ts';
import type { Timers } from '../../../model/timers.ts';
import { distrust } from '../trusted-path.ts';
import type { OwnSink } from './module-interface.ts';
import { moduleType } from './module-type.ts';

export interface LoadOptions {
  readonly timers: Pick<Timers, 'after'>;
  /** Whom directory and files must belong to; root but in tests. */
  readonly ownerUid?: number;
  /** What was loaded before, by address and time: the same file is the same type. Added to. */
  readonly loaded?: Map<string, SinkType>;
}

/** Throws RelayError CONFIG. */
export async function loadModules(dir: string, options: LoadOptions): Promise<readonly SinkType[]> {
  const { ownerUid = 0 } = options;
  const distrusted = distrust(dir, 'directory', ownerUid);
  if (distrusted !== undefined) throw untrusted(distrusted);
  const names = readdirSync(dir)
    .filter((name) => name.endsWith('.mjs') && !name.startsWith('.'))
    .toSorted();
  if (names.length > ownSinkLimits.modules) {
    throw new RelayError(
      'CONFIG',
      `modules_dir ${dir} holds ${names.length} modules, more than ${ownSinkLimits.modules}`,
    );
  }
  const types = new Map<string, string>();
  const found: SinkType[] = [];
  for (const name of names) {
    const path = join(dir, name);
    const type = await load(path, options);
    const other = types.get(type.type);
    if (other !== undefined)
      throw new RelayError('CONFIG', `module ${path} has the name '${type.type}' of ${other}`);
    types.set(type.type, path);
    found.push(type);
  }
  return found;
}

async function load(path: string, { ownerUid = 0, timers, loaded }: LoadOptions): Promise<SinkType> {
  const distrusted = distrust(path, 'file', ownerUid);
  if (distrusted !== undefined) throw untrusted(distrusted);
  const { size, mtimeMs } = statSync(path);
  if (size > ownSinkLimits.moduleBytes) {
    throw new RelayError('CONFIG', `module ${path} is larger than ${ownSinkLimits.moduleBytes} bytes`);
  }
  const url = pathToFileURL(path);
  url.searchParams.set('changed', String(mtimeMs));
  const known = loaded?.get(url.href);
  if (known !== undefined) return known;
  let module: unknown;
  try {
    module = await inTime(import(url.href), timers);
  } catch (error) {
    throw new RelayError('CONFIG', `module ${path} cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
  const checked = z.object({ sink: shape }).safeParse(module);
  if (checked.success && exportsSink(module)) {
    const type = moduleType(module.sink);
    loaded?.set(url.href, type);
    return type;
  }
  const issue = checked.error?.issues[0];
  throw new RelayError('CONFIG', `module ${path}: ${issue?.path.join('.')}: ${issue?.message}`, {
    hint: 'it must export a constant sink as src/dispatcher/sinks/own/modules/module-interface.ts says',
  });
}

/** Of what the schema has found good. The module's own object is kept, so that its methods have their `this`. */
function exportsSink(module: unknown): module is { readonly sink: OwnSink } {
  return typeof module === 'object' && module !== null && 'sink' in module;
}

async function inTime(loading: Promise<unknown>, timers: Pick<Timers, 'after'>): Promise<unknown> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    cancel = timers.after(ownSinkLimits.scriptMs, () => reject(new Error('it does not end loading')));
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    cancel();
  }
}

const method = z.custom<() => unknown>((value) => typeof value === 'function', 'must be a function');

const param = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be small letters, digits and _'),
  required: z.boolean().optional(),
  secret: z.boolean().optional(),
  type: z.enum(['string', 'number', 'boolean']).optional(),
  description: z.string().optional(),
});

const shape = z.object({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be small letters, digits and hyphens'),
  summary: z.string().max(200).optional(),
  audience: z.enum(['people', 'machine']).optional(),
  params: z.object({ endpoint: z.array(param).optional(), recipient: z.array(param).optional() }).optional(),
  everyMs: z.number().int().min(1).optional(),
  batch: z.number().int().min(1).max(10_000).optional(),
  budget: z.number().int().min(1).optional(),
  timeoutMs: z
    .number()
    .int()
    .min(1)
    .max(10 * ownSinkLimits.scriptMs)
    .optional(),
  send: method,
  onLoad: method.optional(),
  isAvailable: method.optional(),
  test: method.optional(),
});

function untrusted(reason: string): RelayError {
  return new RelayError('CONFIG', `modules_dir: ${reason}`, {
    hint: 'own modules run inside the service: chown root, chmod go-w, the directory and all above it too',
  });
}
