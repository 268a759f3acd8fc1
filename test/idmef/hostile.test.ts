/** Input made to cost more than it should: wide, deep, repeated, half-open. Each within a time bound in every mode. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { xmlLimits } from '../../src/core/limits.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { alertDocument, documentOf } from './documents.ts';

const MIB = 1024 * 1024;
/** Per MiB of input, processor time: what grows with the square of its size takes minutes; most take a thousandth. */
const MILLISECONDS_PER_MIB = 20_000;

const fill = (bytes: number, text: string): string => text.repeat(Math.ceil(bytes / text.length));
const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join('');
const xmltext = (content: string): string =>
  alertDocument({ rest: `<AdditionalData type="xmltext"><xmltext>${content}</xmltext></AdditionalData>` });
const scope = many(60, (n) => ` xmlns:p${n}="urn:${n}"`);

/** About a mebibyte each, built to make some part of the reader slow. */
const inputs: Readonly<Record<string, () => string>> = {
  'unknown elements': () => alertDocument({ sources: fill(MIB, '<a/>') }),
  'unknown elements, all different': () => alertDocument({ sources: many(100_000, (n) => `<a${n}/>`) }),
  'children too many': () => alertDocument({ classification: fill(MIB, '<Classification text=""/>') }),
  'children in turns': () => alertDocument({ sources: fill(MIB, '<Target/><Source/>') }),
  'text in turns': () => alertDocument({ sources: fill(MIB, 'x<Source/>') }),
  'broken at each level': () =>
    alertDocument({ head: `${fill(600, '<Analyzer><Node/>')}${fill(MIB, '<Foo/>')}` }),
  'one line, one problem a message': () => documentOf(fill(MIB, '<Alert/>')),
  'one ident, many things': () =>
    alertDocument({
      sources: many(20_000, (n) => `<Source ident="1"><Node><name>${n}</name></Node></Source>`),
    }),
  'many idents': () => alertDocument({ sources: many(40_000, (n) => `<Source ident="${n}"/>`) }),
  'many prefixes in scope': () => xmltext(`<a${scope}>${fill(MIB, '<p0:b/><p59:b/>')}</a>`),
  'many namespaces': () => xmltext(many(30_000, (n) => `<a xmlns="urn:${n}"/>`)),
  'attributes that nearly agree': () =>
    xmltext(
      fill(
        MIB,
        `<a${many(60, (n) => ` ${'x'.repeat(120)}${String.fromCharCode(65 + (n % 26), 65 + n / 26)}${'y'.repeat(120)}=""`)}/>`,
      ),
    ),
  'attributes that nearly agree in their namespace': () =>
    xmltext(`<a${scope}>${fill(MIB, `<b${many(59, (n) => ` p${n}:a=""`)}/>`)}</a>`),
  references: () =>
    alertDocument({
      alert: ` messageid="${fill(60_000, '&#x26;')}"`,
      classification: `<Classification text="t"/>${fill(MIB, '&amp;')}`,
    }),
  'references in a number': () =>
    alertDocument({ sources: `<Source><Service><port>${fill(MIB, '&#32;')}1</port></Service></Source>` }),
  'comments in a number': () =>
    alertDocument({ sources: `<Source><Service><port>1${fill(MIB, '<!---->')}</port></Service></Source>` }),
  'a long number': () =>
    alertDocument({ sources: `<Source><Service><port>${fill(MIB, '9')}</port></Service></Source>` }),
  'a long list': () =>
    alertDocument({
      sources: `<Source><Service><portlist>${fill(MIB, '1-2,')}1</portlist></Service></Source>`,
    }),
  'a long fraction': () =>
    alertDocument({
      head: `<Analyzer analyzerid="a"/><CreateTime ntpstamp="0xbc72423b.0x00000000">2000-03-09T15:31:07.${fill(MIB, '0')}Z</CreateTime>`,
    }),
  brackets: () => xmltext(fill(MIB, ']]')),
  'dashes and quotes': () => documentOf(`<!--${fill(MIB, '- >"')}-->`),
  'white space': () => documentOf(fill(MIB, ' \n\r\t')),
  'entities that do not exist': () =>
    `<!DOCTYPE lolz [<!ENTITY lol "lol">${many(9, (n) => `<!ENTITY lol${n + 1} "${fill(40, n === 0 ? '&lol;' : `&lol${n};`)}">`)}]><lolz>&lol9;</lolz>`,
  'a file of the host': () => '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
  'a DTD of somebody': () => `<!DOCTYPE a SYSTEM "http://127.0.0.1:1/${fill(MIB, 'x')}"><a/>`,
  'open elements': () => documentOf(fill(MIB, '<a>')),
  zeros: () => '\0'.repeat(MIB),
  'less-than signs': () => fill(MIB, '<'),
};

describe('hostile input costs no more than its size', () => {
  for (const [name, make] of Object.entries(inputs)) {
    it(name, () => {
      const input = Buffer.from(make());
      for (const mode of ['off', 'strict', 'lenient'] as const) {
        const before = process.cpuUsage();
        const verdict = readDocument(input, mode, { repair: () => undefined });
        const { user, system } = process.cpuUsage(before);
        const milliseconds = (user + system) / 1000;
        const allowed = (Math.max(input.length, MIB) / MIB) * MILLISECONDS_PER_MIB;
        assert.ok(milliseconds < allowed, `${mode}: ${milliseconds.toFixed(0)} ms for ${input.length} bytes`);
        if (!verdict.readable) continue;
        for (const message of verdict.messages) {
          assert.ok(message.problems.length <= xmlLimits.problemsPerMessage + 1);
        }
      }
    });
  }
});
