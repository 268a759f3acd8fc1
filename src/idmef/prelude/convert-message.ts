/**
 * What one message is, whichever of the forms around Prelude it came in, and the same message in another.
 *
 * RFC 4765 as it stands, the dialect of a SECEF gateway, or what lenient mode makes RFC 4765 of, in this order: the dialect
 * before the repairs, because these would take the markup in its `xml` for text. Called by `idmef convert`.
 */

import type { Change } from '../../core/outcome.ts';
import { readDocument, validateElement } from '../read-document.ts';
import type { DocumentVerdict, Message, Problem } from '../verdict.ts';
import { carry } from './carry.ts';
import { readSecef } from './read-secef.ts';
import { restoreMoved } from './restore-moved.ts';
import { rfcMessage } from './rfc-message.ts';
import { secefDocument } from './secef-document.ts';

export type ConvertTarget = 'rfc' | 'secef';

export type Converted = {
  readonly message: Message;
  readonly changes: readonly Change[];
} & (
  | {
      readonly ok: true;
      /** A document of the dialect, or a message for an envelope. */
      readonly bytes: Uint8Array;
      readonly leniencies: readonly string[];
    }
  | { readonly ok: false; readonly reasons: readonly Change[] }
);

export type ConvertedDocument =
  | { readonly readable: true; readonly messages: readonly Converted[] }
  | { readonly readable: false; readonly problem: Problem };

/** Every message of a document in another form. */
export function convertDocument(bytes: Uint8Array, to: ConvertTarget): ConvertedDocument {
  const verdict = readDocument(bytes, 'lenient');
  if (!verdict.readable) return verdict;
  const originals = originalsOf(bytes, verdict);
  const messages = verdict.messages.map((message, index) => converted(message, originals[index], to));
  return { readable: true, messages };
}

/** The messages as written, where lenient mode did not leave them so. */
function originalsOf(
  bytes: Uint8Array,
  { messages }: Extract<DocumentVerdict, { readable: true }>,
): readonly Message[] {
  if (messages.every((message) => isStrict(message))) return messages;
  const verdict = readDocument(bytes, 'off');
  return verdict.readable ? verdict.messages : [];
}

function isStrict({ valid, leniencies }: Message): boolean {
  return valid && leniencies.length === 0;
}

function converted(message: Message, original: Message | undefined, to: ConvertTarget): Converted {
  if (!isStrict(message) && original !== undefined) {
    const { carried, isDialect } = readSecef(original.bytes);
    if (carried.ok && isDialect) {
      const { changes } = carried;
      const bytes = to === 'secef' ? secefDocument(carried.message) : rfcMessage(carried.message);
      if (to === 'secef') return { message, changes, ok: true, bytes, leniencies: [] };
      const reasons = errorsOf(validateElement(bytes));
      if (reasons.length > 0) return { message, changes, ok: false, reasons };
      return { message, changes, ok: true, bytes, leniencies: [] };
    }
  }
  if (!message.valid) return { message, changes: [], ok: false, reasons: asChanges(message.problems) };
  const { leniencies } = message;
  if (to === 'rfc') return { message, changes: [], ok: true, bytes: restoreMoved(message.bytes), leniencies };
  const result = carry(message.bytes);
  if (!result.ok) return { message, changes: [], ok: false, reasons: result.reasons };
  return { message, changes: result.changes, ok: true, bytes: secefDocument(result.message), leniencies };
}

function errorsOf(verdict: DocumentVerdict): readonly Change[] {
  return asChanges(
    verdict.readable ? verdict.messages.flatMap(({ problems }) => problems) : [verdict.problem],
  );
}

/** Errors by rule and place below the message, as changes have them. */
function asChanges(problems: readonly Problem[]): readonly Change[] {
  return problems
    .filter(({ level }) => level === 'error')
    .map(({ rule, path, text }) => ({
      rule,
      path: path.replace(/^(?:\/IDMEF-Message)?\/[^/]+\/?/, ''),
      text,
    }));
}
