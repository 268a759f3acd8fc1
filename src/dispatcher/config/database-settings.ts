/**
 * What operators made by command, read with the same schemas as the file. A name that is in both is refused: the file's is read-only
 * for commands, and nobody should have to guess which of two is in force.
 */

import { z } from 'zod';

import { below, checkInput, type Fault } from '../input/check-input.ts';
import type { NamedSetting } from '../model/records.ts';
import { endpointKeys, type FileContent, recipientKeys } from './file-schema.ts';
import type { StoredSettings } from './stored-settings.ts';
import * as v from './values.ts';

const endpointSchema = z.looseObject(endpointKeys);
const recipientSchema = z.looseObject(recipientKeys);
const sourceSchema = z.strictObject({ enabled: z.boolean() });

export interface DatabaseSettings {
  readonly endpoints: Readonly<Record<string, z.output<typeof endpointSchema>>>;
  readonly recipients: Readonly<Record<string, z.output<typeof recipientSchema>>>;
  readonly sourcesOff: ReadonlySet<string>;
  readonly faults: readonly Fault[];
}

export function readDatabaseSettings(stored: StoredSettings): DatabaseSettings {
  const faults: Fault[] = [];
  return {
    endpoints: readAll(stored.endpoints, 'endpoints', endpointSchema, faults),
    recipients: readAll(stored.recipients, 'recipients', recipientSchema, faults),
    sourcesOff: new Set(
      Object.entries(readAll(stored.sources, 'sources', sourceSchema, faults))
        .filter(([, { enabled }]) => !enabled)
        .map(([name]) => name),
    ),
    faults,
  };
}

function readAll<T extends z.ZodType>(
  settings: readonly NamedSetting[],
  part: string,
  schema: T,
  faults: Fault[],
): Record<string, z.output<T>> {
  const result: Record<string, z.output<T>> = {};
  for (const { name, value } of settings) {
    const named = checkInput(v.name, name);
    const read = checkInput(schema, value);
    for (const checked of [named, read]) if (!checked.ok) faults.push(...below([part, name], checked.faults));
    if (named.ok && read.ok) result[name] = read.value;
  }
  return result;
}

export function databaseFaults(content: FileContent, database: DatabaseSettings): Fault[] {
  const twice = (part: 'endpoints' | 'recipients'): Fault[] =>
    Object.keys(database[part])
      .filter((name) => Object.hasOwn(content[part] ?? {}, name))
      .map((name) => ({
        path: [part, name],
        text: `is in the file too: rename one of them, or 'alert-dispatcher ${part} remove ${name}'`,
      }));
  return [...twice('endpoints'), ...twice('recipients')];
}
