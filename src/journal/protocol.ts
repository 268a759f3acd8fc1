/**
 * What passes between a journal's thread and its stubs, over a MessagePort.
 *
 * Bodies of an append are packed into one buffer by the stub, and chunks are read into one: both are handed
 * over, not copied. Errors keep code, message and hint.
 */

import { messageOf, RelayError, errorCodes, type ErrorCode } from '../core/errors.ts';
import type { Severity } from '../core/severity.ts';
import type { NewMessage, QuarantineReason } from './journal.ts';
import type { Damage, Loss, SetAside } from './options.ts';

export interface Request {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What is said of calls (thread-calls.ts); `failed`: the file could not be opened. */
export type CallNotice =
  | { readonly kind: 'failed'; readonly error: PlainError }
  | { readonly kind: 'result'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly call: number; readonly error: PlainError };

export type Notice = CallNotice | JournalNotice;

export type JournalNotice =
  | { readonly kind: 'ready'; readonly id: string }
  | { readonly kind: 'due' }
  | { readonly kind: 'set-aside'; readonly event: SetAside }
  | { readonly kind: 'damage'; readonly event: Damage }
  | { readonly kind: 'loss'; readonly event: Loss };

export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

export function toPlain(error: unknown): PlainError {
  if (error instanceof RelayError) return { code: error.code, message: error.message, hint: error.hint };
  return { code: 'BUG', message: messageOf(error), hint: undefined };
}

export function fromPlain({ code, message, hint }: PlainError): RelayError {
  const known = code in errorCodes ? code : 'BUG';
  return new RelayError(known, message, hint === undefined ? {} : { hint });
}

/** Messages as columns; `bodies` is their concatenation. */
export interface PackedMessages {
  readonly bodies: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
  readonly severities: readonly Severity[];
  /** Index and reason of each quarantined one. */
  readonly quarantined: readonly (readonly [number, QuarantineReason])[];
}

export function packMessages(messages: readonly NewMessage[]): PackedMessages {
  const lengths = messages.map(({ body }) => body.byteLength);
  // A buffer of its own, because it is given away.
  const bodies = Buffer.allocUnsafeSlow(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const { body } of messages) {
    bodies.set(body, offset);
    offset += body.byteLength;
  }
  const quarantined = messages.flatMap(({ quarantine }, index) =>
    quarantine === undefined ? [] : [[index, quarantine] as const],
  );
  return { bodies, lengths, severities: messages.map(({ severity }) => severity), quarantined };
}

export function unpackMessages({ bodies, lengths, severities, quarantined }: PackedMessages): NewMessage[] {
  const reasons = new Map(quarantined);
  let offset = 0;
  return lengths.map((length, index) => {
    const body = bodies.subarray(offset, offset + length);
    offset += length;
    const message = { body, severity: severities[index] ?? 0 };
    const quarantine = reasons.get(index);
    return quarantine === undefined ? message : { ...message, quarantine };
  });
}
