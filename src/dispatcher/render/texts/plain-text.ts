/** A document as one line of plain text: subjects, and keys to compare by. */

import { cleanLine } from '../clean.ts';
import { fit, write } from '../fit.ts';
import type { Doc } from '../pieces.ts';
import { plainWriter } from '../writers/plain.ts';

export function plainText(doc: Doc): string {
  return cleanLine(write(doc, plainWriter));
}

/** At most so many code points. */
export function subjectLine(doc: Doc, limit: number): string {
  return cleanLine(fit(doc, plainWriter, limit));
}
