/** Splitting a document into self-contained messages: verbatim bytes, inherited declarations, and no change the second time. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { envelopeHead, envelopeTail } from '../../src/idmef/envelope.ts';
import { createReader, validateElement } from '../../src/idmef/read-document.ts';
import { sampleAlert, sampleBatch, sampleHeartbeat, sampleMessage } from '../support/sample-alerts.ts';
import { documentOf, read, time } from './documents.ts';

/** The messages of a document, as text; mode off. */
function split(document: string): readonly string[] {
  const verdict = read(document, 'off');
  assert.ok(verdict.readable, verdict.readable ? '' : verdict.problem.text);
  return verdict.messages.map(({ bytes }) => Buffer.from(bytes).toString());
}

describe('splitting a document', () => {
  const i = 'xmlns:i="http://iana.org/idmef"';
  const d = 'xmlns="http://iana.org/idmef"';
  const rows: readonly (readonly [name: string, document: string, ...messages: string[]])[] = [
    ['nothing inside', `<IDMEF-Message ${d}/>`],
    ['no namespace, nothing to inherit', '<IDMEF-Message><Alert/></IDMEF-Message>', '<Alert/>'],
    [
      'a prefix',
      `<i:IDMEF-Message ${i}><i:Alert a="b">x</i:Alert></i:IDMEF-Message>`,
      `<i:Alert ${i} a="b">x</i:Alert>`,
    ],
    [
      'a default',
      `<IDMEF-Message ${d}> <Alert/>\n<Heartbeat ></Heartbeat > </IDMEF-Message>`,
      `<Alert ${d}/>`,
      `<Heartbeat ${d} ></Heartbeat >`,
    ],
    [
      'all declarations, as written and in their order',
      `<IDMEF-Message xmlns:b='urn:b' version="1.0" ${d} xml:lang="de" xmlns:a = "urn:&#97;" xml:space='preserve'><Alert/></IDMEF-Message>`,
      `<Alert xmlns:b='urn:b' ${d} xml:lang="de" xmlns:a = "urn:&#97;" xml:space='preserve'/>`,
    ],
    [
      'what the message gives itself is left out',
      `<IDMEF-Message ${d} xmlns:a="urn:a" xml:lang="de"><Alert xml:lang="fr" xmlns:a="urn:c"/></IDMEF-Message>`,
      `<Alert ${d} xml:lang="fr" xmlns:a="urn:c"/>`,
    ],
    [
      'an empty default is not inherited',
      `<i:IDMEF-Message ${i} xmlns=""><Alert/></i:IDMEF-Message>`,
      `<Alert ${i}/>`,
    ],
    [
      'an empty default of its own stays',
      `<IDMEF-Message ${d}><Alert xmlns=""/></IDMEF-Message>`,
      '<Alert xmlns=""/>',
    ],
    [
      'other attributes are not inherited',
      `<IDMEF-Message ${d} version="1.0" xml:base="b"><Alert/></IDMEF-Message>`,
      `<Alert ${d}/>`,
    ],
    [
      'comments between messages go, inside they stay',
      `<IDMEF-Message><!-- a --><Alert><!-- b --><?c?></Alert></IDMEF-Message>`,
      '<Alert><!-- b --><?c?></Alert>',
    ],
    ['a bigger sign in a value', `<IDMEF-Message ${d}><Alert a=">"/></IDMEF-Message>`, `<Alert ${d} a=">"/>`],
  ];
  for (const [name, document, ...messages] of rows) {
    it(name, () => {
      assert.deepEqual(split(document), messages);
      // A message split off and put into another root is the same.
      const again = split(
        `<x:IDMEF-Message xmlns:x="http://iana.org/idmef">${messages.join('')}</x:IDMEF-Message>`,
      );
      assert.deepEqual(
        again.map((message) => message.replace(' xmlns:x="http://iana.org/idmef"', '')),
        messages,
      );
    });
  }

  it('our own envelope gives back the stored bytes, in the memory of the document', () => {
    const stored = Array.from({ length: 20 }, (_, n) => sampleMessage(n));
    const document = Buffer.concat([envelopeHead, ...stored, envelopeTail]);
    for (const mode of ['strict', 'lenient', 'off'] as const) {
      const verdict = read(document, mode);
      assert.ok(verdict.readable && verdict.valid);
      assert.deepEqual(
        verdict.messages.map(({ bytes }) => Buffer.from(bytes).toString()),
        stored.map(String),
      );
      assert.ok(verdict.messages.every(({ bytes }) => bytes.buffer === document.buffer));
    }
  });

  it('a spool file gives the stored form, and that the same again', () => {
    const verdict = read(sampleAlert(7), 'off');
    assert.ok(verdict.readable);
    const [message] = verdict.messages;
    assert.deepEqual(Buffer.from(message?.bytes ?? []), sampleMessage(7));
  });
});

describe('what a message says of itself', () => {
  it('kind, ids, severity, line; the same in all modes', () => {
    const document = documentOf(
      [
        `<Alert messageid="m&amp;é"><Analyzer analyzerid=" a&#9;b "><Analyzer analyzerid="inner"/></Analyzer>${time}`,
        '<Classification text="t"/><Assessment><Impact severity="medium"/></Assessment></Alert>',
        `<!--\n--><Heartbeat><Analyzer/>${time}</Heartbeat>`,
        `<Alert messageid="2"><Analyzer/>${time}<Classification text="t"/><Assessment><Impact/></Assessment></Alert>`,
      ].join('\n'),
    );
    for (const mode of ['strict', 'lenient', 'off'] as const) {
      const verdict = read(document, mode);
      assert.ok(verdict.readable && verdict.valid, mode);
      assert.deepEqual(
        verdict.messages.map((m) => [m.kind, m.messageid, m.analyzerid, m.severity, m.line, m.valid]),
        [
          ['Alert', 'm&é', ' a\tb ', 3, 3, true],
          ['Heartbeat', '', '', 0, 6, true],
          ['Alert', '2', '', 0, 7, true],
        ],
      );
    }
  });
  it('severity of every keyword, and of none', () => {
    const impact = (attribute: string): unknown => {
      const verdict = read(
        documentOf(
          `<Alert><Analyzer/>${time}<Classification text="t"/><Assessment><Impact${attribute}/></Assessment></Alert>`,
        ),
      );
      return verdict.readable && verdict.messages[0]?.severity;
    };
    const given = ['info', 'low', 'medium', 'high', 'High', ''].map((word) => impact(` severity="${word}"`));
    assert.deepEqual([...given, impact('')], [1, 2, 3, 4, 0, 0, 0]);
  });
  it('heartbeats are read', () => {
    const verdict = read(sampleHeartbeat(3));
    assert.ok(verdict.readable && verdict.valid);
    assert.deepEqual(
      verdict.messages.map(({ kind, messageid, analyzerid }) => [kind, messageid, analyzerid]),
      [['Heartbeat', 'hb-3', 'sensor-3']],
    );
  });
});

describe('one message that stands alone', () => {
  it('is valid, with paths that begin at it', () => {
    const good = validateElement(sampleMessage(1));
    assert.ok(good.readable && good.valid);
    assert.equal(good.messages.length, 1);
    assert.deepEqual(good.problems, []);
    const bad = validateElement(
      Buffer.from(sampleMessage(1).toString().replace('category="dns"', 'category="x"')),
    );
    assert.ok(bad.readable && !bad.valid);
    assert.deepEqual(
      bad.messages[0]?.problems.map(({ rule, path, line }) => [rule, path, line]),
      [['bad-keyword', '/Alert/Analyzer/Node/@category', 3]],
    );
  });
  const rows: readonly (readonly [input: string, rule: string])[] = [
    ['', 'incomplete'],
    ['<Alert>', 'incomplete'],
    ['<Foo/>', 'unknown-message'],
    ['<IDMEF-Message xmlns="http://iana.org/idmef"/>', 'unknown-message'],
    ['<Alert xmlns="urn:x"/>', 'unknown-message'],
    ['<Alert/><Alert/>', 'not-well-formed'],
    ['<i:Alert/>', 'namespace-prefix'],
  ];
  for (const [input, rule] of rows) {
    it(`${rule}: ${input}`, () => {
      const verdict = validateElement(Buffer.from(input));
      assert.equal(verdict.readable ? '' : verdict.problem.rule, rule);
    });
  }
});

describe('a reader', () => {
  it('keeps nothing from one document to the next', () => {
    const reader = createReader();
    const good = sampleBatch(0, 3);
    const first = JSON.stringify(reader.readDocument(good, 'strict'));
    const others = [
      '<Alert',
      '<IDMEF-Message><Alert>',
      '<a><b></a>',
      documentOf('<Alert><Foo/></Alert>'),
      '',
    ];
    for (const other of others) {
      for (const mode of ['strict', 'lenient', 'off'] as const) {
        reader.readDocument(Buffer.from(other), mode);
        assert.equal(JSON.stringify(reader.readDocument(good, 'strict')), first);
      }
    }
  });
  it('takes any kind of byte array', () => {
    const sample = sampleAlert(1);
    const copy = new Uint8Array(sample.length + 10);
    copy.set(sample, 5);
    const verdict = read(copy.subarray(5, 5 + sample.length));
    assert.ok(verdict.readable && verdict.valid);
    assert.deepEqual(Buffer.from(verdict.messages[0]?.bytes ?? []), sampleMessage(1));
  });
});
