/**
 * What a sound and idle journal does not need, loaded when it does: proofs, the reading of logs, salvage.
 *
 * Used by open.ts, journal-file.ts and core.ts, which are synchronous and cannot await an import. An empty poll loads none
 * of it: that is a dozen files, and a tenth of its time.
 */

import { createRequire } from 'node:module';
import { extname } from 'node:path';
import type * as Definitions from './definitions.ts';
import type * as Prove from './prove.ts';
import type * as Layout from './salvage/layout.ts';
import type * as Replace from './salvage/replace.ts';
import type * as Wal from './salvage/wal.ts';

interface Parts {
  readonly './prove': Pick<typeof Prove, 'prove' | 'proveOwed' | 'schemaFaults'>;
  readonly './salvage/layout': Pick<typeof Layout, 'layoutOf'>;
  readonly './salvage/replace': Pick<typeof Replace, 'finishReplacement' | 'replaceFile'>;
  readonly './salvage/wal': Pick<typeof Wal, 'readWal'>;
  readonly './definitions': Pick<typeof Definitions, 'sameDefinitions'>;
}

export function load<Name extends keyof Parts>(name: Name): Parts[Name] {
  // Compiled or not, the files beside this one have its extension.
  const file = `${name}${extname(import.meta.url)}`;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table above says what the file exports
  return createRequire(import.meta.url)(file) as Parts[Name];
}
