/**
 * The leniency of streams, `forbidden-characters`: bytes that no XML document can hold are written out as `\xNN`.
 *
 * Prelude's XML report writes control characters and bytes that are not UTF-8 as they come from the network, so
 * whoever is attacked with them would never learn of it. Only for streams: anywhere else such bytes mean damage. NUL
 * stays an error here too, because no program writes it, but a crashed file system does.
 */

import { isUtf8 } from 'node:buffer';

import { xmlLimits } from '../../core/limits.ts';
import { characterClasses, isForbidden, SUSPECT } from '../xml/characters.ts';

export const FORBIDDEN_CHARACTERS = 'forbidden-characters';

/** Another encoding than UTF-8 is declared; what its bytes mean is not for us to say. */
const foreignEncoding = /^<\?xml[^>]*[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*["'](?!utf-?8["'])/i;

/** The document with such bytes written out; undefined when there are none, or too many, or they cannot be told. */
export function writeOutForbidden(document: Buffer): Buffer | undefined {
  if (document.includes(0) || foreignEncoding.test(document.toString('latin1', 0, 256))) return undefined;
  let count = 0;
  forEachForbidden(document, (from, to) => {
    count += to - from;
  });
  const length = document.length + count * (WRITTEN - 1);
  if (count === 0 || length > xmlLimits.documentBytes) return undefined;
  const whole = Buffer.allocUnsafe(length);
  let good = 0;
  let end = 0;
  forEachForbidden(document, (from, to) => {
    end += document.copy(whole, end, good, from);
    for (let at = from; at < to; at += 1) {
      end += whole.write(`\\x${document[at]!.toString(16).padStart(2, '0')}`, end, 'latin1');
    }
    good = to;
  });
  document.copy(whole, end, good);
  return whole;
}

/** Bytes of `\xNN`. */
const WRITTEN = 4;

/** Calls with the ends of each such character, or byte that is none. */
function forEachForbidden(document: Buffer, found: (from: number, to: number) => void): void {
  const classes = characterClasses();
  let at = 0;
  while (at < document.length) {
    const code = document[at]!;
    const suspect = (classes[code]! & SUSPECT) !== 0;
    const length = code < 0x80 ? 1 : sequenceLength(document, at);
    const next = at + Math.max(length, 1);
    if (length === 0 || (suspect && isForbidden(document, at))) found(at, next);
    at = next;
  }
}

/** Bytes of the character that begins here, beyond ASCII; 0 if none does. */
function sequenceLength(document: Buffer, at: number): number {
  const lead = document[at]!;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return isUtf8(document.subarray(at, at + length)) && at + length <= document.length ? length : 0;
}
