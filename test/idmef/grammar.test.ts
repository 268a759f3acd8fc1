/** The tables compiled from the schema: names, keywords and content models are those of the DTD. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { elements } from '../../src/idmef/schema.ts';
import { namesIn, parseContentModel, type Particle } from '../../src/idmef/schema/content-model.ts';
import { rules } from '../../src/idmef/rules.ts';
import { DEAD } from '../../src/idmef/validate/automata.ts';
import { grammar } from '../../src/idmef/validate/grammar.ts';
import { nameHash } from '../../src/idmef/xml/names.ts';

/** A content model as a regular expression over names, each followed by a comma. */
function expressionOf(particle: Particle): string {
  if (particle.kind === 'element') return `${particle.name},`;
  if (particle.kind === 'repeat') return `(?:${expressionOf(particle.part)})${particle.occurs}`;
  const separator = particle.kind === 'choice' ? '|' : '';
  return `(?:${particle.parts.map(expressionOf).join(separator)})`;
}

function accepts(element: string, children: readonly string[]): boolean {
  const { names, automata } = grammar();
  let state = automata.starts[names.numberOf(element)] ?? DEAD;
  for (const child of children) state = automata.next[state * automata.width + names.numberOf(child)] ?? DEAD;
  return automata.accepting[state] === 1;
}

describe('automata', () => {
  for (const [name, { content }] of Object.entries(elements)) {
    const model = parseContentModel(content);
    if (model.kind !== 'children') continue;
    it(`${name}: ${content}`, () => {
      const expression = new RegExp(`^${expressionOf(model.particle)}$`);
      const alphabet = namesIn(model.particle);
      // Every sequence of up to three of its names, and random longer ones in the order of the model.
      const sequences: string[][] = [[]];
      for (const sequence of sequences) {
        assert.equal(
          accepts(name, sequence),
          expression.test(sequence.map((child) => `${child},`).join('')),
          sequence.join(),
        );
        if (sequence.length < 3) for (const child of alphabet) sequences.push([...sequence, child]);
      }
      for (let bits = 0; bits < 2 ** alphabet.length; bits += 1) {
        const sequence = alphabet.filter((_, index) => (bits & (1 << index)) !== 0);
        for (const children of [sequence, sequence.flatMap((child) => [child, child])]) {
          assert.equal(
            accepts(name, children),
            expression.test(children.map((child) => `${child},`).join('')),
            children.join(),
          );
        }
      }
    });
  }
  it('children that repeat are those under a star or plus', () => {
    const { names, automata } = grammar();
    const repeats = (parent: string, child: string): boolean =>
      automata.repeatable[names.numberOf(parent) * automata.width + names.numberOf(child)] === 1;
    assert.ok(repeats('Alert', 'Source') && repeats('Node', 'Address') && repeats('ToolAlert', 'alertident'));
    assert.ok(!repeats('Alert', 'Classification') && !repeats('Service', 'port') && !repeats('Node', 'name'));
  });
});

describe('name tables', () => {
  it('every name is found, and nothing else', () => {
    for (const table of [grammar().names, grammar().attributeNames]) {
      for (const [index, name] of table.names.entries()) {
        const find = (text: string): number => {
          const bytes = Buffer.from(`<${text}>`);
          return table.find(bytes, 1, bytes.length - 1, nameHash(bytes, 1, bytes.length - 1));
        };
        assert.equal(find(name), index + 1);
        assert.equal(table.nameOf(index + 1), name);
        for (const other of [
          `${name}x`,
          `x${name}`,
          name.slice(1) || 'x',
          name.toUpperCase(),
          `${name.slice(0, -1)}é`,
        ]) {
          assert.equal(find(other), table.names.indexOf(other) + 1, other);
        }
      }
    }
  });
});

describe('the table of rules', () => {
  it('ids are words or numbers of prose rules, sections are sections', () => {
    for (const [id, { level, section }] of Object.entries(rules)) {
      assert.match(id, /^(E\d+|[a-z]+(-[a-z]+)*)$/);
      assert.ok(level === 'error' || level === 'warning');
      assert.match(section, /^(|\d+(\.\d+)*|XML 1\.0|XML Namespaces|limits)$/);
    }
  });
});
