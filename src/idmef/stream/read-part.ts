/**
 * Reads one document of a stream, with the leniency that only streams have (forbidden-characters.ts). Called by
 * read-stream.ts and by the commands with `--stream`.
 */

import { readDocument } from '../read-document.ts';
import type { DocumentVerdict, ValidationMode } from '../verdict.ts';
import { FORBIDDEN_CHARACTERS, writeOutForbidden } from './forbidden-characters.ts';

export interface PartReading {
  readonly verdict: DocumentVerdict;
  /** What was read: the document, or its mended form. */
  readonly bytes: Buffer;
}

export function readPart(document: Buffer, mode: ValidationMode): PartReading {
  const verdict = readDocument(document, mode);
  if (verdict.readable || (verdict.problem.rule !== 'character' && verdict.problem.rule !== 'encoding')) {
    return { verdict, bytes: document };
  }
  const bytes = mode === 'strict' ? undefined : writeOutForbidden(document);
  if (bytes === undefined) return { verdict, bytes: document };
  const again = readDocument(bytes, mode);
  return again.readable
    ? { verdict: { ...again, leniencies: [...again.leniencies, FORBIDDEN_CHARACTERS].toSorted() }, bytes }
    : { verdict, bytes: document };
}
