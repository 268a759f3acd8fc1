/**
 * The text of a leaf element against its data type (RFC 4765 §3.2), and what its number or stamp looks like.
 *
 * Called by the message validator at the end tag of each leaf that has a type. White space around a value is
 * trimmed for all types but STRING and CHARACTER: the RFC's own examples have line breaks there.
 */

import { InstantValue, readDateTime } from '../datatypes/date-time.ts';
import { NtpStampValue, readNtpStamp } from '../datatypes/ntp-stamp.ts';
import { isReal, readInteger } from '../datatypes/numbers.ts';
import { base64Octets, isBoolean, isOneCharacter } from '../datatypes/octets.ts';
import {
  PORTLIST_BACKWARDS,
  PORTLIST_RANGE,
  PORTLIST_WRONG,
  portListFaults,
} from '../datatypes/port-list.ts';
import type { RuleId } from '../rules.ts';
import type { DataType } from '../schema/spec.ts';

/** What is wrong with a value. */
export interface ValueFault {
  readonly rule: RuleId;
  /** Of RFC 4765; '' for that of the element. */
  readonly section: string;
  readonly expected: string;
  /** Completes "the text of size …". */
  readonly text: string;
}

export class TextCheck {
  /** The last DATETIME read. */
  readonly instant: InstantValue = new InstantValue();
  private readonly stamp = new NtpStampValue();

  /** The first thing wrong with a trimmed value of this type; undefined if it is good. */
  fault(
    type: DataType,
    range: readonly [number, number] | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ValueFault | undefined {
    switch (type) {
      case 'integer': {
        const value = readInteger(bytes, start, end);
        if (Number.isNaN(value)) return faults.integer;
        return range === undefined || (value >= range[0] && value <= range[1]) ? undefined : outside(range);
      }
      case 'real':
        return isReal(bytes, start, end) ? undefined : faults.real;
      case 'character':
        return isOneCharacter(bytes, start, end) ? undefined : faults.character;
      case 'boolean':
        return isBoolean(bytes, start, end) ? undefined : faults.boolean;
      case 'byte':
        return base64Octets(bytes, start, end) === 1 ? undefined : faults.byte;
      case 'byte-string':
        return base64Octets(bytes, start, end) >= 0 ? undefined : faults['byte-string'];
      case 'date-time':
        return readDateTime(bytes, start, end, this.instant) ? undefined : faults['date-time'];
      case 'ntpstamp':
        return readNtpStamp(bytes, start, end, this.stamp) ? undefined : faults.ntpstamp;
      case 'portlist':
        return portListFault(portListFaults(bytes, start, end));
      case 'string':
        break;
    }
    return undefined;
  }
}

function outside(range: readonly [number, number]): ValueFault {
  const expected = `${range[0]} to ${range[1]}`;
  return { rule: 'number-range', section: '', expected, text: `is outside ${expected}` };
}

function portListFault(found: number): ValueFault | undefined {
  if (found === 0) return undefined;
  if ((found & PORTLIST_WRONG) !== 0) return faults.portlist;
  if ((found & PORTLIST_RANGE) !== 0) return outside([0, 65_535]);
  if ((found & PORTLIST_BACKWARDS) === 0) return undefined;
  return {
    rule: 'portlist-order',
    section: '3.2.8',
    expected: 'N-M with N before M',
    text: 'has a range that ends before it begins',
  };
}

const faults = {
  integer: {
    rule: 'bad-integer',
    section: '3.2.1',
    expected: 'decimal digits with an optional sign, or 0x and hexadecimal digits',
    text: 'is not an integer',
  },
  real: {
    rule: 'bad-real',
    section: '3.2.2',
    expected: 'a decimal number such as 1.5 or -2,5e3',
    text: 'is not a real number',
  },
  character: {
    rule: 'bad-character',
    section: '3.2.3',
    expected: 'exactly one character',
    text: 'is not one character',
  },
  boolean: {
    rule: 'bad-boolean',
    section: '4.2.4.6',
    expected: 'true or false',
    text: 'is neither true nor false',
  },
  byte: {
    rule: 'bad-byte',
    section: '3.2.4',
    expected: 'one octet in base64',
    text: 'is not one octet in base64',
  },
  'byte-string': { rule: 'bad-byte-string', section: '3.2.4', expected: 'base64', text: 'is not base64' },
  'date-time': {
    rule: 'bad-datetime',
    section: '3.2.6',
    expected: 'YYYY-MM-DDThh:mm:ss, an optional fraction, and Z or +hh:mm or -hh:mm',
    text: 'is not a date and time',
  },
  ntpstamp: {
    rule: 'bad-ntpstamp',
    section: '3.2.7',
    expected: '0xhhhhhhhh.0xhhhhhhhh',
    text: 'is not two 32-bit hexadecimal numbers',
  },
  portlist: {
    rule: 'bad-portlist',
    section: '3.2.8',
    expected: 'numbers and ranges N-M separated by commas',
    text: 'is not a list of ports',
  },
} as const satisfies Record<string, ValueFault>;
