/**
 * Streams of documents: where one ends and the next begins, whatever the pieces, and what becomes of the rest.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { xmlLimits } from '../../src/core/limits.ts';
import { DocumentSplitter, type StreamPart } from '../../src/idmef/stream/document-splitter.ts';
import { validDocument } from './generator.ts';
import { fixturePath } from './project-root.ts';
import { render, styles } from './render.ts';

/** The parts of a stream given in pieces that end at these places. */
function split(stream: Uint8Array, cuts: readonly number[] = []): StreamPart[] {
  const splitter = new DocumentSplitter();
  const parts: StreamPart[] = [];
  let from = 0;
  for (const to of [...cuts, stream.length]) {
    // Memory of its own: a splitter may not rely on what it was given before.
    const piece = Buffer.from(stream.subarray(from, to));
    for (const part of splitter.push(piece)) {
      parts.push(part.kind === 'document' ? { ...part, bytes: Buffer.from(part.bytes) } : part);
    }
    piece.fill(0x3c);
    from = to;
  }
  parts.push(...splitter.end());
  return parts;
}

/** `2@10:3 <IDMEF…` for a document, `10:3+5 reason` for what was passed over. */
function brief(part: StreamPart): string {
  const place = `${part.offset}:${part.line}`;
  return part.kind === 'document'
    ? `${part.number}@${place} ${part.bytes.toString()}`
    : `${place}+${part.length} ${part.reason}${part.incomplete ? ' (end)' : ''}`;
}

function everyByte(stream: Uint8Array): number[] {
  return Array.from(stream.keys()).slice(1);
}

const a = '<IDMEF-Message><Alert/></IDMEF-Message>';
const b = '<i:IDMEF-Message xmlns:i="urn:x"><i:Alert a=">"/></i:IDMEF-Message>';
const empty = '<IDMEF-Message/>';
const early = 'another document begins before its end';
const broken = 'it breaks off inside markup';

interface Case {
  readonly title: string;
  readonly stream: string;
  readonly parts: readonly string[];
}

const whole: readonly Case[] = [
  { title: 'nothing', stream: '', parts: [] },
  { title: 'white space', stream: ' \r\n\t', parts: [] },
  { title: 'one', stream: a, parts: [`1@0:1 ${a}`] },
  { title: 'one after another', stream: a + b + a, parts: [`1@0:1 ${a}`, `2@39:1 ${b}`, `3@106:1 ${a}`] },
  { title: 'on lines', stream: `\n${a}\n\n${a}\n`, parts: [`1@1:2 ${a}`, `2@42:4 ${a}`] },
  { title: 'without content', stream: empty + empty, parts: [`1@0:1 ${empty}`, `2@16:1 ${empty}`] },
  {
    title: 'byte order marks',
    stream: `\uFEFF${a}\n\uFEFF${a}`,
    parts: [`1@3:1 ${a}`, `2@46:2 ${a}`],
  },
  {
    title: 'declarations and document types',
    stream: `<?xml version="1.0"?>\n<!DOCTYPE IDMEF-Message PUBLIC "-//" "a>b" [ ]>${a}<?xml version='1.0'?>${empty}`,
    parts: [
      `1@0:1 <?xml version="1.0"?>\n<!DOCTYPE IDMEF-Message PUBLIC "-//" "a>b" [ ]>${a}`,
      `2@108:2 <?xml version='1.0'?>${empty}`,
    ],
  },
  {
    title: 'comments and instructions belong to what follows, not to a declaration',
    stream: `<!-- <IDMEF-Message> - -->${a}<?go <x>?>${a}<!-- x --><?xml version="1.0"?>${empty}<!-- end -->`,
    parts: [
      `1@0:1 <!-- <IDMEF-Message> - -->${a}`,
      `2@65:1 <?go <x>?>${a}`,
      `3@124:1 <?xml version="1.0"?>${empty}`,
    ],
  },
  {
    title: 'comments, sections and instructions inside',
    stream:
      '<IDMEF-Message><!-- </IDMEF-Message> --><![CDATA[<IDMEF-Message>]]]]><?x </IDMEF-Message>??></IDMEF-Message >',
    parts: [
      '1@0:1 <IDMEF-Message><!-- </IDMEF-Message> --><![CDATA[<IDMEF-Message>]]]]><?x </IDMEF-Message>??></IDMEF-Message >',
    ],
  },
  {
    title: 'an IDMEF-Message as somebody’s content',
    stream: `<IDMEF-Message><xmltext><x><xmltext>${a}</xmltext>${a}</x></xmltext></IDMEF-Message>${a}`,
    parts: [
      `1@0:1 <IDMEF-Message><xmltext><x><xmltext>${a}</xmltext>${a}</x></xmltext></IDMEF-Message>`,
      `2@154:1 ${a}`,
    ],
  },
  {
    title: 'names that only look like it',
    stream: '<IDMEF-Message><IDMEF-Messages/><IDMEF-Messag/></IDMEF-Message>',
    parts: ['1@0:1 <IDMEF-Message><IDMEF-Messages/><IDMEF-Messag/></IDMEF-Message>'],
  },
];

const half = '<IDMEF-Message>\n<Alert>';
const faulty: readonly Case[] = [
  { title: 'text before', stream: `x\ny${a}`, parts: ['0:1+3 text outside of documents', `1@3:2 ${a}`] },
  {
    title: 'text between',
    stream: `${a} & x ${a}`,
    parts: [`1@0:1 ${a}`, '40:1+4 text outside of documents', `2@44:1 ${a}`],
  },
  { title: 'text after', stream: `${a}x>\n`, parts: [`1@0:1 ${a}`, '39:1+3 text outside of documents'] },
  {
    title: 'zeros, as a crash leaves them',
    stream: `\0\0${a}`,
    parts: ['0:1+2 text outside of documents', `1@2:1 ${a}`],
  },
  {
    title: 'half a byte order mark',
    stream: `\u00EF${a}`,
    parts: ['0:1+2 text outside of documents', `1@2:1 ${a}`],
  },
  {
    title: 'another root, and what is in it',
    stream: `<html>\n<p title="<">x</p></html>${a}`,
    parts: ['0:1+32 its root is not IDMEF-Message', `1@32:2 ${a}`],
  },
  {
    title: 'another root after a declaration, twice',
    stream: `<?xml version="1.0"?><a/><?xml version="1.0"?><b/>${a}`,
    parts: ['0:1+50 its root is not IDMEF-Message', `1@50:1 ${a}`],
  },
  {
    title: 'a declaration is found again',
    stream: `x<?xml version="1.0"?><!-- c -->\n${a}`,
    parts: ['0:1+1 text outside of documents', `1@1:1 <?xml version="1.0"?><!-- c -->\n${a}`],
  },
  {
    title: 'an end tag',
    stream: `</Alert></IDMEF-Message>${a}`,
    parts: ['0:1+24 an end tag stands where a document should begin', `1@24:1 ${a}`],
  },
  ...[
    ['<IDMEF-Message', broken],
    ['<IDMEF-Message>', early],
    [half, early],
    [`${half}<`, broken],
    [`${half}<Analyzer `, broken],
    [`${half}<Analyzer a="x`, broken],
    [`${half}<Analyzer/`, broken],
    [`${half}<Analyzer/></Al`, broken],
    [`${half}text`, early],
    [`${half}&am`, early],
    [`${half}<!`, broken],
    [`${half}<!-`, broken],
    [`${half}<![CDA`, broken],
    [`${half}<?x`, broken],
    ['<', broken],
    ['<?x', broken],
    ['<?xml version="1', broken],
    ['<?xml version="1.0"?>', undefined],
    ['<!DOCTYPE IDMEF-Message SYSTEM "x', broken],
    ['<!DOCTYPE a [<!ENTITY b "c">]>', broken],
    ['<![CDATA[', broken],
  ].map(([start = '', reason]): Case => ({
    title: `breaks off after ${JSON.stringify(start)}`,
    stream: `${start}${a}${a}`,
    parts:
      reason === undefined
        ? [`1@0:1 ${start}${a}`, `2@${start.length + a.length}:1 ${a}`]
        : [
            `0:1+${start.length} ${reason}`,
            `1@${start.length}:${start.split('\n').length} ${a}`,
            `2@${start.length + a.length}:${start.split('\n').length} ${a}`,
          ],
  })),
  {
    title: 'breaks off, and a declaration follows',
    stream: `${half}<?xml version="1.0"?>${a}`,
    parts: [`0:1+23 ${early}`, `1@23:2 <?xml version="1.0"?>${a}`],
  },
  {
    title: 'two declarations',
    stream: `<?xml version="1.0"?>\n<?xml version="1.1"?>${a}`,
    parts: [`0:1+22 ${early}`, `1@22:2 <?xml version="1.1"?>${a}`],
  },
  {
    title: 'a comment that is none',
    stream: `<IDMEF-Message><!-- a -- b -->${a}`,
    parts: [`0:1+30 ${broken}`, `1@30:1 ${a}`],
  },
  { title: 'ends early', stream: `${a}\n${half}`, parts: [`1@0:1 ${a}`, '40:2+23 it is not complete (end)'] },
  { title: 'ends in a tag', stream: '<IDMEF', parts: ['0:1+6 it is not complete (end)'] },
  {
    title: 'ends in a comment',
    stream: `${a}<!-- `,
    parts: [`1@0:1 ${a}`, '39:1+5 it is not complete (end)'],
  },
  {
    title: 'ends after a declaration',
    stream: '<?xml version="1.0"?>\n',
    parts: ['0:1+22 it is not complete (end)'],
  },
  {
    title: 'two faults, the second at the end',
    stream: `x<?xml version="1.0"?><IDMEF-Message>`,
    parts: ['0:1+1 text outside of documents', '1:1+36 it is not complete (end)'],
  },
];

describe('a stream of documents', () => {
  for (const { title, stream, parts } of [...whole, ...faulty]) {
    it(title, () => {
      const bytes = Buffer.from(stream);
      assert.deepEqual(split(bytes).map(brief), parts);
      assert.deepEqual(split(bytes, everyByte(bytes)).map(brief), parts, 'byte by byte');
    });
  }

  it('a document comes out with its last byte', () => {
    const splitter = new DocumentSplitter();
    assert.deepEqual(splitter.push(Buffer.from(a.slice(0, -1))), []);
    assert.deepEqual(splitter.push(Buffer.from('>')).map(brief), [`1@0:1 ${a}`]);
    assert.equal(splitter.settled, a.length);
  });

  it('says up to where everything has come out', () => {
    const splitter = new DocumentSplitter();
    const seen = Array.from(`${a}\n<!-- c -->${a} `).map((character) => {
      splitter.push(Buffer.from(character));
      return splitter.settled;
    });
    assert.deepEqual([seen[38], seen[39], seen[45], seen[88], seen[89]], [39, 40, 40, 89, 90]);
  });
});

describe('documents that are too long for IDMEF', () => {
  const { streamPartBytes } = xmlLimits;
  const text = 'x'.repeat(streamPartBytes);
  for (const [title, start] of [
    ['text', '<IDMEF-Message><Alert>'],
    ['a comment', '<IDMEF-Message><!--'],
    ['a comment before the root', '<!--'],
    ['a section', '<IDMEF-Message><Alert><![CDATA['],
    ['an extension', '<IDMEF-Message><Alert><xmltext><IDMEF-Message>'],
  ] as const) {
    it(`${title} without end hides no more than a part`, () => {
      const stream = Buffer.from(`${a}${start}${text}${a}`);
      const parts = split(stream, [1000, streamPartBytes, streamPartBytes + 1]);
      assert.deepEqual(parts.map(brief), split(stream).map(brief));
      assert.deepEqual(parts.map(brief), [
        `1@0:1 ${a}`,
        `39:1+${start.length + text.length} it is longer than a message may be`,
        `2@${stream.length - a.length}:1 ${a}`,
      ]);
    });
  }
  for (const [title, start] of [
    ['a name', '<'],
    ['an instruction’s name', '<?'],
    ['a name in what is passed over', 'x<'],
  ] as const) {
    it(`${title} without end is not kept`, () => {
      const splitter = new DocumentSplitter();
      splitter.push(Buffer.from(start + 'n'.repeat(1000)));
      assert.equal(splitter.settled, start.length + 1000);
    });
  }
  it('many messages of one document are not too long together', () => {
    const message = `<Alert>${'y'.repeat(1_000_000)}</Alert>`;
    const stream = `<IDMEF-Message>${message.repeat(20)}</IDMEF-Message>`;
    assert.deepEqual(split(Buffer.from(stream)).map(brief), [`1@0:1 ${stream}`]);
  });
});

describe('any documents in any pieces', () => {
  const separator = fc.constantFrom('', '\n', ' \r\n ', '\uFEFF');
  const cuts = (length: number, seed: readonly number[]): number[] =>
    seed.map((part) => Math.floor(part * length)).toSorted((x, y) => x - y);
  const fraction = fc.double({ min: 0, max: 1, noNaN: true });

  const written = fc
    .tuple(validDocument(), styles())
    .map(([root, style]) => Buffer.from(render(root, { ...style, encoding: 'utf-8' })).toString());

  it('generated documents come out as they went in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(written, separator), {
          maxLength: 4,
        }),
        fc.array(fraction, { maxLength: 30 }),
        (documents, places) => {
          const stream = Buffer.from(documents.flat().join(''));
          const parts = split(stream, cuts(stream.length, places));
          assert.deepEqual(
            parts.map((part) => (part.kind === 'document' ? part.bytes.toString() : brief(part))),
            documents.map(([document]) => document),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('fixtures that are readable come out as they went in, and in order', () => {
    const documents = readdirSync(fixturePath(''))
      .filter((name) => /\.(?:good|lenient)\.xml$/.test(name) && !/^(?:utf-16|latin-1)/.test(name))
      .map((name) => readFileSync(fixturePath(name)).toString().trim());
    const stream = Buffer.from(documents.join(''));
    for (const size of [1, 7, 4096, stream.length]) {
      const places = everyByte(stream).filter((at) => at % size === 0);
      assert.deepEqual(
        split(stream, places).map((part) => (part.kind === 'document' ? part.bytes.toString() : brief(part))),
        documents,
      );
    }
  });

  it('garbage gives the same parts in any pieces, and every byte one fate', () => {
    const markup = '< > / " \' ? ! - -- [ ] x = & <!-- --> <![CDATA[ ]]> ?> </ />'.split(' ');
    const tags =
      '<IDMEF-Message <IDMEF-Message> </IDMEF-Message> <Alert> </Alert> <xmltext> </xmltext>'.split(' ');
    const others = [' ', '\n', '\u00EF', '\uFEFF', '<?xml ', '<!DOCTYPE ', a];
    const pieces = fc.constantFrom(...markup, ...tags, ...others);
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 40 }),
        fc.array(fraction, { maxLength: 20 }),
        (words, places) => {
          const stream = Buffer.from(words.join(''));
          const parts = split(stream);
          assert.deepEqual(split(stream, cuts(stream.length, places)).map(brief), parts.map(brief));
          assert.deepEqual(split(stream, everyByte(stream)).map(brief), parts.map(brief));
          let end = 0;
          for (const part of parts) {
            assert.ok(part.offset >= end, 'parts overlap');
            const between = stream.subarray(end, part.offset).toString();
            assert.match(
              between,
              /^(?:\s|\uFEFF|<!--[^]*?-->|<\?[^]*?\?>)*$/u,
              'something was passed over unsaid',
            );
            assert.equal(part.line, stream.subarray(0, part.offset).toString().split('\n').length);
            if (part.kind === 'document') {
              assert.deepEqual(part.bytes, stream.subarray(part.offset, part.offset + part.bytes.length));
            }
            end = part.offset + (part.kind === 'document' ? part.bytes.length : part.length);
          }
          assert.match(stream.subarray(end).toString(), /^(?:\s|\uFEFF|<!--[^]*?-->|<\?[^]*?\?>)*$/u);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

it('remarks that Prelude writes beside invalid documents are known for what they are', () => {
  const words = 'element File: validity error : Value "" for attribute category of File is not valid\n';
  const remarks = (stream: string, cuts: readonly number[]): boolean[] =>
    split(Buffer.from(stream), cuts).flatMap((part) => (part.kind === 'skipped' ? [part.remark] : []));
  const cases: readonly (readonly [string, readonly boolean[]])[] = [
    [a + words + words + a, [true]],
    [a + words + a + words, [true, true]],
    [`${a}element File is mine${a}`, [false]],
    [`${a}x${words}${a}${words}`, [false, true]],
    [`${words}<IDMEF-Message>`, [true, false]],
    [`<IDMEF-Message>${words}`, [false]],
  ];
  for (const [stream, expected] of cases) {
    assert.deepEqual(remarks(stream, []), expected, stream);
    assert.deepEqual(remarks(stream, everyByte(Buffer.from(stream))), expected, `byte by byte: ${stream}`);
  }
});

it('hostile streams cost no more than others', () => {
  const hostile: readonly (readonly [string, string])[] = [
    ['small documents', a],
    ['roots without end', '<IDMEF-Message>'],
    ['comments without end', '<IDMEF-Message><!--'],
    ['declarations', '<?xml '],
    ['brackets', '<'],
    ['extensions', '<xmltext><IDMEF-Message>'],
  ];
  for (const [title, word] of hostile) {
    const stream = Buffer.from('<IDMEF-Message>' + word.repeat(1_000_000 / word.length));
    const started = performance.now();
    for (const cut of [0, 1])
      split(stream, cut === 0 ? [] : everyByte(stream).filter((at) => at % 4096 === 0));
    const took = performance.now() - started;
    // 2 MB take a fraction of a second; quadratic time would be minutes.
    assert.ok(took < 10_000, `${title}: ${took.toFixed()} ms`);
  }
});
