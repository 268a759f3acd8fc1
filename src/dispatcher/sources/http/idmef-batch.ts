/**
 * A posted document as messages to be stored, whole or not at all. Called by idmef-post.ts and rest-post.ts; pure.
 *
 * RFC 4765 is taken byte for byte. What is not valid as it stands may be the dialect of a SECEF gateway, which our poller and older ones
 * speak to any gateway: its RFC form is stored. Then mode lenient repairs what it can without a guess. Anything else refuses the
 * document, and the answer names the first messages at fault: number, line, rule.
 */

import { httpsLimits } from '../../../core/limits.ts';
import { readSecef } from '../../../idmef/prelude/read-secef.ts';
import { restoreMoved } from '../../../idmef/prelude/restore-moved.ts';
import { rfcMessage } from '../../../idmef/prelude/rfc-message.ts';
import { readDocument, validateElement } from '../../../idmef/read-document.ts';
import type { DocumentVerdict, Message, Problem } from '../../../idmef/verdict.ts';
import type { Refused } from './answer.ts';

export interface BatchWish {
  readonly mode: 'strict' | 'lenient';
  /** Sent one by one in the form for gateways, perhaps: what Prelude's model had moved goes back to its place. */
  readonly restore: boolean;
}

type Readable = Extract<DocumentVerdict, { readable: true }>;

export function readBatch(bytes: Buffer, { mode, restore }: BatchWish): readonly Buffer[] | Refused {
  const verdict = readDocument(bytes, 'strict', { maxDocumentBytes: httpsLimits.idmefBytes });
  if (!verdict.readable) return unreadable(verdict.problem);
  if (verdict.messages.length === 0) return empty();
  if (verdict.valid) {
    return verdict.messages.map((message) => buffer(restore ? restoreMoved(message.bytes) : message.bytes));
  }
  return repaired(bytes, verdict, mode);
}

function repaired(bytes: Buffer, strict: Readable, mode: BatchWish['mode']): readonly Buffer[] | Refused {
  const lenient = mode === 'lenient' ? readDocument(bytes, 'lenient') : undefined;
  const judged: Readable = lenient?.readable === true ? lenient : strict;
  const bodies: Buffer[] = [];
  const faulty: { readonly index: number; readonly message: Message }[] = [];
  for (const [index, message] of strict.messages.entries()) {
    const repair = judged.messages[index];
    const body = message.valid
      ? message.bytes
      : (fromDialect(message) ?? (repair?.valid === true ? repair.bytes : undefined));
    if (body === undefined) faulty.push({ index, message });
    else bodies.push(buffer(body));
  }
  // The dialect's gateways write no declaration errors; what is wrong around the messages counts like one inside.
  const around = judged.problems.filter(({ level }) => level === 'error');
  return faulty.length === 0 && around.length === 0
    ? bodies
    : invalid(faulty, around, strict.messages.length);
}

/** The RFC form of a message in the dialect; undefined for any other. */
function fromDialect(message: Message): Uint8Array | undefined {
  const { carried, isDialect } = readSecef(message.bytes);
  if (!isDialect || !carried.ok) return undefined;
  const rfc = rfcMessage(carried.message);
  const verdict = validateElement(rfc);
  return verdict.readable && verdict.valid ? rfc : undefined;
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unreadable({ rule, text, line, column, path }: Problem): Refused {
  const problem = {
    code: 'BAD_REQUEST',
    message: `line ${line}: ${text}`,
    extra: { rule, line, column, path },
  } as const;
  return { reason: rule.startsWith('limit-') ? 'too-large' : 'malformed', problem };
}

function empty(): Refused {
  const message = 'the document holds no Alert and no Heartbeat';
  return { reason: 'invalid', problem: { code: 'BAD_REQUEST', message, extra: { rule: 'empty' } } };
}

function invalid(
  faulty: readonly { readonly index: number; readonly message: Message }[],
  around: readonly Problem[],
  count: number,
): Refused {
  const named = faulty.flatMap(({ index, message }) =>
    message.problems.filter(({ level }) => level === 'error').map((problem) => ({ index, problem })),
  );
  const all = [...around.map((problem) => ({ index: undefined, problem })), ...named];
  const [first] = all;
  const place = first?.index === undefined ? '' : `message ${first.index + 1} of ${count}, `;
  const message =
    first === undefined
      ? 'the document is not valid'
      : `${place}line ${first.problem.line}: ${first.problem.text}`;
  const problems = all.slice(0, httpsLimits.namedProblems).map(({ index, problem }) => {
    const { rule, line, path, text } = problem;
    return { ...(index === undefined ? {} : { message: index + 1 }), rule, line, path, text };
  });
  const extra = { faulty: faulty.length, messages: count, problems };
  return { reason: 'invalid', problem: { code: 'BAD_REQUEST', message, extra } };
}
