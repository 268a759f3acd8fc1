/**
 * The documents from the field that are valid, strictly or by named leniencies, as the messages a journal would hold.
 * They lie beside the project (test/idmef/corpus.test.ts); a test that needs them says so when they are missing.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';

import { projectRoot, sharedPath } from '../idmef/project-root.ts';
import { readDocument } from '../../src/idmef/read-document.ts';

export interface CorpusDocument {
  readonly name: string;
  readonly bytes: Buffer;
  readonly messages: readonly Uint8Array[];
}

/** Why there are none, or false. */
export function noCorpus(): string | false {
  const folder = sharedPath('corpus');
  return existsSync(folder) ? false : `no ${folder} beside ${projectRoot()}`;
}

export function validCorpus(): readonly CorpusDocument[] {
  const names = readdirSync(sharedPath('corpus')).filter((name) => name.endsWith('.xml'));
  return names.toSorted().flatMap((name) => {
    const bytes = readFileSync(sharedPath('corpus', name));
    const verdict = readDocument(bytes, 'lenient');
    if (!verdict.readable || !verdict.valid) return [];
    return [{ name, bytes, messages: verdict.messages.map((message) => message.bytes) }];
  });
}
