/**
 * How bytes become characters: strict UTF-8, UTF-16 with its mark, the Latin-1 family as a named leniency, and the place
 * of what is none of them.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeDocument } from '../../src/idmef/encoding.ts';
import { read } from './documents.ts';

const root = (text: string, declared?: string): string =>
  `<?xml version="1.0"${declared === undefined ? '' : ` encoding="${declared}"`}?>` +
  `<IDMEF-Message xmlns="http://iana.org/idmef"><Alert messageid="${text}"/></IDMEF-Message>`;

/** The message id as read in mode off, with the leniencies; or the rule and the words of the refusal. */
function outcome(input: Uint8Array): string {
  const verdict = read(input, 'off');
  if (!verdict.readable) return `${verdict.problem.rule}: ${verdict.problem.text}`;
  return [verdict.messages[0]?.messageid, ...verdict.leniencies].join(' ');
}

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
const big = (text: string): Buffer => utf16(text).swap16();

describe('encodings', () => {
  const rows: readonly (readonly [name: string, input: Uint8Array, expected: string])[] = [
    ['UTF-8 undeclared', Buffer.from(root('é€')), 'é€'],
    ['UTF-8 declared', Buffer.from(root('é€', 'utf-8')), 'é€'],
    ['UTF-8 with BOM', Buffer.from(`\ufeff${root('é')}`), 'é'],
    ['utf8 without hyphen', Buffer.from(root('é', 'UTF8')), 'é charset'],
    ['UTF-16LE', utf16(root('é\u{1F600}')), 'é\u{1F600}'],
    ['UTF-16BE', big(root('é\u{1F600}', 'UTF-16')), 'é\u{1F600}'],
    ['UTF-16BE by name', big(root('é', 'utf-16be')), 'é'],
    ['ISO-8859-1', Buffer.from(root('é\u00a4', 'ISO-8859-1'), 'latin1'), 'é\u00a4 charset'],
    ['windows-1252', Buffer.from(root('\u0080é', 'windows-1252'), 'latin1'), '€é charset'],
    ['US-ASCII', Buffer.from(root('a', 'us-ascii')), 'a charset'],
    [
      'ASCII that is none',
      Buffer.from(root('é', 'US-ASCII'), 'latin1'),
      'encoding: the byte 0xe9 is not US-ASCII',
    ],
    [
      'no windows-1252',
      Buffer.from(root('\u0081', 'windows-1252'), 'latin1'),
      'encoding: the byte 0x81 is not windows-1252',
    ],
    [
      'Shift_JIS',
      Buffer.from(root('a', 'Shift_JIS')),
      'encoding: the declared encoding Shift_JIS is not supported',
    ],
    [
      'constructor',
      Buffer.from(root('a', 'constructor')),
      'encoding: the declared encoding constructor is not supported',
    ],
    [
      'says UTF-16, is UTF-8',
      Buffer.from(root('a', 'UTF-16')),
      'encoding: the declared encoding UTF-16 is not that of the bytes',
    ],
    [
      'says UTF-8, is UTF-16',
      utf16(root('a', 'UTF-8')),
      'encoding: the declared encoding UTF-8 is not that of the bytes',
    ],
    [
      'says LE, is BE',
      big(root('a', 'UTF-16LE')),
      'encoding: the declared encoding UTF-16LE is not that of the bytes',
    ],
    [
      'BOM and Latin-1',
      Buffer.from(`\ufeff${root('a', 'ISO-8859-1')}`),
      'encoding: the declared encoding ISO-8859-1 is not that of the bytes',
    ],
    ['UTF-16 without BOM', Buffer.from(root('a'), 'utf16le'), 'encoding: UTF-16 needs a byte order mark'],
    [
      'Latin-1 undeclared',
      Buffer.from(root('é'), 'latin1'),
      'encoding: the byte 0xe9 cannot stand here in UTF-8',
    ],
    [
      'overlong',
      Buffer.from(root('\u00c0\u0080'), 'latin1'),
      'encoding: the byte 0xc0 cannot stand here in UTF-8',
    ],
    [
      'surrogate in UTF-8',
      Buffer.from(root('\u00ed\u00a0\u0080'), 'latin1'),
      'encoding: the byte 0xed cannot stand here in UTF-8',
    ],
    ['half a pair', utf16(root('a\ud83d b')), 'encoding: half a surrogate pair is no character'],
    ['other half', utf16(root('a\ude00 b')), 'encoding: half a surrogate pair is no character'],
    [
      'cut character after the end',
      Buffer.concat([Buffer.from(root('a')), Buffer.of(0xc3)]),
      'not-well-formed: the document is followed by half a character',
    ],
  ];
  for (const [name, input, expected] of rows) {
    it(name, () => {
      assert.equal(outcome(input), expected);
    });
  }

  it('an unwanted encoding is an error in strict mode and a leniency in lenient', () => {
    const input = Buffer.from(
      '<?xml version="1.0" encoding="ISO-8859-1"?><IDMEF-Message xmlns="http://iana.org/idmef"/>',
    );
    const strict = read(input, 'strict');
    assert.ok(strict.readable && !strict.valid);
    assert.deepEqual(
      strict.problems.map(({ rule, path, line, column }) => [rule, path, line, column]),
      [['charset', '/', 1, 1]],
    );
    const lenient = read(input, 'lenient');
    assert.ok(lenient.readable && lenient.valid);
    assert.deepEqual(lenient.leniencies, ['charset']);
  });

  it('the place of a bad byte is counted in characters', () => {
    const verdict = read(
      Buffer.concat([Buffer.from('<IDMEF-Message>\n<!-- é€ '), Buffer.of(0xff), Buffer.from('-->')]),
    );
    assert.ok(!verdict.readable);
    assert.deepEqual([verdict.problem.line, verdict.problem.column], [2, 9]);
  });

  it('a fault is found wherever it stands', () => {
    for (let before = 0; before < 300; before += 1) {
      const input = Buffer.concat([Buffer.from('é'.repeat(before)), Buffer.of(0xff), Buffer.from('ab')]);
      assert.equal(decodeDocument(input).bytes.length, 2 * before);
    }
  });

  it('valid UTF-8 is not copied', () => {
    const input = Buffer.from(root('é'));
    assert.equal(decodeDocument(input).bytes, input);
  });
});
