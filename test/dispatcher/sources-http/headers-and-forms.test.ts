/** Pure parts: where a relay says a batch comes from, and the fields of a form, each against what writes them. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { httpsLimits } from '../../../src/core/limits.ts';
import { formFields } from '../../../src/dispatcher/sources/http/form-fields.ts';
import { batchOrigin } from '../../../src/dispatcher/sources/http/origin-headers.ts';
import { formatRanges } from '../../../src/journal/ranges.ts';
import { originOf } from '../../../src/poller/sensor-facts.ts';
import { anyText } from '../../support/any-text.ts';

describe('IDMEF-Origin and IDMEF-Sequence', () => {
  test('what our poller writes is read back, whatever the sensor is called', () => {
    const names = fc.string({
      minLength: 1,
      maxLength: 60,
      unit: fc.constantFrom('a', 'b', ' ', '"', '\\', ';', '=', ',', ':'),
    });
    const sets = fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(names, sets, (name, set) => {
        const sequences = set.toSorted((a, b) => a - b);
        const origin = originOf('dmz1', { name });
        assert.deepEqual(batchOrigin(origin, `J_1-a; ${formatRanges(sequences)}`, sequences.length), {
          profile: 'dmz1',
          sensor: name,
          journal: 'J_1-a',
          sequences,
        });
      }),
    );
  });

  for (const [origin, sequence, messages] of [
    ['', undefined, 1],
    ['profile=', undefined, 1],
    ['profile=a profile=b', undefined, 1],
    ['profile=a; profile=b', undefined, 1],
    ['profile=a; sensor="b', undefined, 1],
    [`profile=${'a'.repeat(httpsLimits.originChars)}`, undefined, 1],
    ['profile=a', '', 1],
    ['profile=a', 'J;', 1],
    ['profile=a', 'J; 2-1', 1],
    ['profile=a', 'J; 1,1', 2],
    ['profile=a', 'J; 5,4', 2],
    ['profile=a', 'J; 1-', 1],
    ['profile=a', 'J; 99999999999999999', 1],
    ['profile=a', 'J K; 1', 1],
    ['profile=a', `J; ${'1,'.repeat(httpsLimits.sequenceChars)}2`, 1],
  ] as const) {
    test(`not of the form: ${origin.slice(0, 30)} / ${sequence?.slice(0, 30) ?? '-'}`, () => {
      assert.equal(typeof batchOrigin(origin, sequence, messages), 'string');
    });
  }

  test('a range of a million costs nothing', () => {
    assert.deepEqual(
      batchOrigin(undefined, 'J; 1-1000000', 2),
      'the document has 2 messages, IDMEF-Sequence names more',
    );
  });
});

const CRLF = '\r\n';

function part(name: string, value: string): string {
  return `Content-Disposition: form-data; name="${name}"${CRLF}${CRLF}${value}${CRLF}`;
}

describe('forms', () => {
  const texts = anyText();

  test('urlencoded, as URLSearchParams writes it', () => {
    fc.assert(
      fc.property(texts, texts, (message, other) => {
        const body = Buffer.from(new URLSearchParams({ other, message }).toString());
        const fields = formFields('application/x-www-form-urlencoded', body);
        assert.equal(fields?.get('message'), Buffer.from(message).toString());
      }),
    );
  });

  test('multipart, as it stands in the body', () => {
    const boundaries = fc.string({
      minLength: 1,
      maxLength: 70,
      unit: fc.constantFrom('a', 'B', '0', '-', '_', '+', '.'),
    });
    fc.assert(
      fc.property(texts, boundaries, (text, boundary) => {
        fc.pre(!text.includes(`--${boundary}`));
        const delimiter = `--${boundary}${CRLF}`;
        const body = `${delimiter}${part('first', 'x')}${delimiter}${part('message', text)}--${boundary}--${CRLF}`;
        const fields = formFields(`multipart/form-data; boundary="${boundary}"`, Buffer.from(body));
        assert.equal(fields?.get('message'), Buffer.from(text).toString());
      }),
    );
  });

  for (const [what, body, message] of [
    ['a preamble before the first part', `hello${CRLF}--b${CRLF}${part('message', 'x')}--b--`, 'x'],
    ['an empty value', `--b${CRLF}${part('message', '')}--b--`, ''],
    [
      'the first of a name counts',
      `--b${CRLF}${part('message', '1')}--b${CRLF}${part('message', '2')}--b--`,
      '1',
    ],
    [
      'another case, and more header lines',
      `--b${CRLF}CONTENT-TYPE: text/plain${CRLF}content-disposition: FORM-DATA; NAME=message${CRLF}${CRLF}x${CRLF}--b--`,
      'x',
    ],
    [
      'a file of that name',
      `--b${CRLF}Content-Disposition: form-data; name="message"; filename="f"${CRLF}${CRLF}x${CRLF}--b--`,
      undefined,
    ],
    ['no last delimiter', `--b${CRLF}${part('message', 'x')}`, undefined],
    ['no head', `--b${CRLF}x${CRLF}--b--`, undefined],
    [
      'an endless head',
      `--b${CRLF}X: ${'x'.repeat(httpsLimits.partHeadBytes)}${CRLF}${part('message', 'x')}--b--`,
      undefined,
    ],
    [
      'too many parts',
      `${`--b${CRLF}${part('a', '1')}`.repeat(httpsLimits.formFields)}--b${CRLF}${part('message', 'x')}--b--`,
      undefined,
    ],
  ] as const) {
    test(`multipart: ${what}`, () => {
      assert.equal(formFields('multipart/form-data; boundary=b', Buffer.from(body))?.get('message'), message);
    });
  }

  test('any bytes end in fields or none', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom('application/x-www-form-urlencoded', 'multipart/form-data; boundary=b'),
        (bytes, type) => {
          formFields(type, Buffer.from(bytes));
          formFields(
            type,
            Buffer.concat([Buffer.from('--b\r\n'), Buffer.from(bytes), Buffer.from('\r\n--b--')]),
          );
        },
      ),
    );
  });
});
