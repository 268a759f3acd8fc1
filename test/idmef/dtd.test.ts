/**
 * The printed DTD says what RFC 4765 §8 says, declaration by declaration. The comparison needs the RFC's own
 * DTD beside the project; without it only the counts are checked.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { printDtd } from '../../src/idmef/dtd.ts';
import { sharedPath } from './project-root.ts';

/** Declarations by `KIND name`, comments gone, parameter entities expanded, white space normalised. */
function declarationsOf(dtd: string): Map<string, string> {
  const entities = new Map<string, string>();
  const result = new Map<string, string>();
  const expand = (text: string): string => {
    const next = text.replace(/%([\w.]+);/g, (whole, name: string) => entities.get(name) ?? whole);
    return next === text ? text : expand(next);
  };
  const bare = dtd.replace(/<!--[\s\S]*?-->/g, '').replace(/<\?[\s\S]*?\?>/g, '');
  for (const [, kind = '', body = ''] of bare.matchAll(
    /<!(ENTITY|ELEMENT|ATTLIST)\s+((?:[^>"]|"[^"]*")*)>/g,
  )) {
    if (kind === 'ENTITY') {
      const [, name = '', value = ''] = /^%\s+([\w.]+)\s+"([\s\S]*)"/.exec(body) ?? [];
      entities.set(name, value);
      result.set(`ENTITY ${name}`, normal(expand(value)));
    } else {
      const [, name = '', rest = ''] = /^(\S+)\s+([\s\S]*)$/.exec(body) ?? [];
      result.set(`${kind} ${name}`, normal(expand(rest)));
    }
  }
  return result;
}

function normal(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/ ?([(),|?*+]) ?/g, '$1')
    .trim();
}

test('the printed DTD has the 186 declarations of RFC 4765 §8', () => {
  const kinds = [...declarationsOf(printDtd()).keys()].map((key) => key.split(' ')[0]);
  const count = (kind: string): number => kinds.filter((each) => each === kind).length;
  assert.deepEqual([count('ENTITY'), count('ELEMENT'), count('ATTLIST')], [18, 84, 84]);
});

const reference = sharedPath('reference', 'idmef-message.rfc4765.dtd');

test(
  'the printed DTD equals the RFC’s, declaration by declaration and in its order',
  existsSync(reference) ? {} : { skip: `no ${reference} beside the project` },
  () => {
    const expected = declarationsOf(readFileSync(reference, 'utf8'));
    const printed = declarationsOf(printDtd());
    assert.equal(expected.size, 186);
    for (const [key, value] of expected) {
      assert.equal(printed.get(key), value, key);
    }
    assert.deepEqual([...printed.keys()], [...expected.keys()]);
  },
);
