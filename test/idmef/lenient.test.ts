/**
 * What lenient mode makes of messages and documents through readDocument: repaired bytes, names of leniencies, and the
 * problems that stay.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDocument, type ReadOptions } from '../../src/idmef/read-document.ts';
import type { Message } from '../../src/idmef/verdict.ts';
import { type AlertParts, alertDocument } from './documents.ts';

type Repair = NonNullable<ReadOptions['repair']>;

/** The one message of a document under a repair. */
function repaired(parts: AlertParts, repair: Repair): Message {
  const verdict = readDocument(Buffer.from(alertDocument(parts)), 'lenient', { repair });
  assert.ok(verdict.readable);
  const [message] = verdict.messages;
  assert.ok(message);
  assert.equal(verdict.valid, message.valid);
  return message;
}

/** Replaces texts; the names are not sorted and one comes twice. */
function replacing(...pairs: readonly (readonly [string, string])[]): Repair {
  return (element) => {
    let text = Buffer.from(element).toString();
    for (const [from, to] of pairs) text = text.replace(from, to);
    return { bytes: Buffer.from(text), leniencies: ['z', 'a', 'z'] };
  };
}

const brief = (message: Message): readonly string[] =>
  message.problems.map(({ level, rule, path, line, column }) => `${level} ${rule} ${path} ${line}:${column}`);

const wrong: AlertParts = {
  sources: '<Source spoofed="Yes"/>',
  rest: '<AdditionalData><integer>1</integer></AdditionalData>',
};
const spoofed = ['spoofed="Yes"', 'spoofed="yes"'] as const;
const typed = ['<AdditionalData>', '<AdditionalData type="integer">'] as const;

describe('repairs in lenient mode', () => {
  it('a message that was made valid is valid, in repaired form', () => {
    const message = repaired(wrong, replacing(spoofed, typed));
    assert.ok(message.valid);
    assert.deepEqual(message.leniencies, ['a', 'z']);
    assert.deepEqual(message.problems, []);
    assert.equal(message.line, 3);
    assert.match(
      Buffer.from(message.bytes).toString(),
      /^<Alert xmlns="http:\/\/iana.org\/idmef">[^]*spoofed="yes"/,
    );
  });
  it('what was not cured stays, at its place in the original', () => {
    const message = repaired(wrong, replacing(spoofed));
    assert.ok(!message.valid);
    assert.deepEqual(message.leniencies, []);
    assert.match(Buffer.from(message.bytes).toString(), /spoofed="Yes"/);
    assert.deepEqual(brief(message), ['error E15 /IDMEF-Message/Alert[1]/AdditionalData[1] 7:17']);
  });
  it('what the repair brought to light is put where the original has it', () => {
    const message = repaired(wrong, replacing(spoofed, typed, ['<integer>1', '<integer>x']));
    assert.deepEqual(brief(message), [
      'error bad-integer /IDMEF-Message/Alert[1]/AdditionalData[1]/integer 7:17',
    ]);
    const elsewhere = repaired(
      wrong,
      replacing(['<Source spoofed="Yes"/>', '<Source><Node/></Source>'], typed),
    );
    assert.deepEqual(brief(elsewhere), ['error missing-child /IDMEF-Message/Alert[1]/Source[1]/Node 5:1']);
  });
  it('warnings of the repaired form stay', () => {
    const message = repaired(
      wrong,
      replacing(['<Source spoofed="Yes"/>', '<Source><Service><port>70000</port></Service></Source>'], typed),
    );
    assert.ok(message.valid);
    assert.deepEqual(brief(message), [
      'warning number-range /IDMEF-Message/Alert[1]/Source[1]/Service/port 5:1',
    ]);
  });
  const useless: readonly (readonly [name: string, repair: Repair])[] = [
    ['gives up', () => undefined],
    ['writes nonsense', () => ({ bytes: Buffer.from('<Alert'), leniencies: ['a'] })],
    ['writes another document', () => ({ bytes: Buffer.from('<Foo/>'), leniencies: ['a'] })],
  ];
  for (const [name, repair] of useless) {
    it(`a repair that ${name} leaves all as it was`, () => {
      const message = repaired(wrong, repair);
      assert.ok(!message.valid);
      assert.deepEqual(message.leniencies, []);
      assert.deepEqual(
        message.problems.map(({ rule }) => rule),
        ['bad-keyword', 'E15'],
      );
    });
  }
  it('is given the self-contained element and its problems, and only if there are errors', () => {
    const calls: string[] = [];
    const spy: Repair = (element, problems) => {
      calls.push(`${Buffer.from(element).toString().slice(0, 44)} ${problems.length}`);
      return undefined;
    };
    repaired(wrong, spy);
    repaired({}, spy);
    repaired({ rest: '<AdditionalData type="portlist"><portlist>2-1</portlist></AdditionalData>' }, spy);
    assert.deepEqual(calls, ['<Alert xmlns="http://iana.org/idmef">\n<Analy 2']);
    for (const mode of ['strict', 'off'] as const) {
      readDocument(Buffer.from(alertDocument(wrong)), mode, { repair: spy });
    }
    assert.equal(calls.length, 1);
  });
  it('the repair that comes with the reader is used where none is given', () => {
    const document = Buffer.from(alertDocument({}).replace(' xmlns="http://iana.org/idmef"', ''));
    const verdict = readDocument(document, 'lenient');
    assert.ok(verdict.readable && verdict.valid);
    assert.deepEqual(verdict.leniencies, ['ns-none']);
    assert.deepEqual(verdict.messages[0]?.leniencies, ['ns-none']);
  });
});
