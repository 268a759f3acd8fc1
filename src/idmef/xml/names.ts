/**
 * Names: the slow part of scanning them (characters beyond ASCII), their limits, comparing and hashing.
 *
 * tag.ts scans ASCII names itself and calls here only when a byte is out of the ordinary.
 */

import { xmlLimits } from '../../core/limits.ts';
import {
  BEYOND_ASCII,
  codePointAt,
  isNameCharacter,
  NAME_PART,
  NAME_START,
  utf8Length,
} from './characters.ts';
import { FAILED, type XmlState } from './state.ts';

/** A hash over a few bytes of a name: enough to tell the names of the RFC apart; equal names have equal hashes. */
export function nameHash(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  return bytes[start]! + bytes[end - 1]! * 33 + bytes[start + (length >> 1)]! * 7 + length * 55;
}

/** The offset after a name character beyond ASCII at `at`; FAILED (without failure) if it is none. */
function afterWideNameCharacter(state: XmlState, at: number, first: boolean): number {
  const { bytes, classes } = state;
  if (at >= state.end || (classes[bytes[at]!]! & BEYOND_ASCII) === 0) return FAILED;
  const codePoint = codePointAt(bytes, at);
  return isNameCharacter(codePoint, first) ? at + utf8Length(codePoint) : FAILED;
}

/** Reads a name without colon (PI target, entity): the offset after it. */
export function readPlainName(state: XmlState, start: number, what: string): number {
  const { bytes, classes, end } = state;
  let at = start;
  let wanted = NAME_START;
  for (;;) {
    if (at < end && (classes[bytes[at]!]! & wanted) !== 0) {
      at += 1;
    } else {
      const next = afterWideNameCharacter(state, at, at === start);
      if (next === FAILED) break;
      at = next;
    }
    wanted = NAME_PART;
  }
  if (at === start) return state.unexpected(start, 'a name', what);
  return checkNameLength(state, start, at);
}

/** `end`, or FAILED if the name is too long. */
export function checkNameLength(state: XmlState, start: number, end: number): number {
  if (end - start <= xmlLimits.nameBytes) return end;
  return state.fail(
    'limit-name',
    start,
    `at most ${xmlLimits.nameBytes} bytes`,
    `${end - start} bytes or more`,
    `a name is longer than ${xmlLimits.nameBytes} bytes`,
  );
}
