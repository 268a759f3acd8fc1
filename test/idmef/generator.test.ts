/**
 * Generated documents: valid ones are valid in both modes and survive being split; repairs never make a document
 * invalid that was not, and what they accept is strictly valid afterwards.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { DRAFT_2004_NAMESPACE, envelopeHead, envelopeTail, RFC_NAMESPACE } from '../../src/idmef/envelope.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { repairMessage } from '../../src/idmef/repair.ts';
import { elements } from '../../src/idmef/schema.ts';
import { decodeReferences, parseTree } from '../../src/idmef/tree.ts';
import type { DocumentVerdict, Message } from '../../src/idmef/verdict.ts';
import { viewMessage } from '../../src/idmef/view.ts';
import { validDocument } from './generator.ts';
import type { GeneratedElement } from './generator.ts';
import { deviate, someDeviations } from './deviate.ts';
import { brokenDocument } from './mutate.ts';
import { plain, render, styles } from './render.ts';
import { someError, valuesOf } from './sample.ts';

const RUNS = Number(process.env['GENERATED_DOCUMENTS'] ?? 150);
/** Ends the search for a smaller counterexample, which can take minutes. */
const PATIENCE_MS = 60_000;

function readable(verdict: DocumentVerdict): Extract<DocumentVerdict, { readable: true }> {
  assert.ok(verdict.readable, verdict.readable ? '' : JSON.stringify(verdict.problem));
  return verdict;
}

function errors(verdict: Extract<DocumentVerdict, { readable: true }>): string[] {
  return [...verdict.problems, ...verdict.messages.flatMap(({ problems }) => problems)]
    .filter(({ level }) => level === 'error')
    .map(({ rule, path, text }) => `${rule} ${path}: ${text}`);
}

function texts(messages: readonly Message[]): string[] {
  return messages.map(({ bytes }) => Buffer.from(bytes).toString());
}

function wrapped(messages: readonly Message[]): Uint8Array {
  return Buffer.concat([envelopeHead, ...messages.map(({ bytes }) => bytes), envelopeTail]);
}

test('valid documents are valid, in both modes alike, however they are written', () => {
  fc.assert(
    fc.property(validDocument(), styles(), (root, style) => {
      const bytes = render(root, style);
      const strict = readable(readDocument(bytes, 'strict'));
      assert.deepEqual(errors(strict), []);
      assert.ok(strict.valid);
      assert.deepEqual(readDocument(bytes, 'lenient'), strict);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: PATIENCE_MS },
  );
});

test('a document split and put together again splits into the same messages', () => {
  fc.assert(
    fc.property(validDocument(), styles(), (root, style) => {
      // The first time a message may take over the declaration of the envelope's prefix.
      const original = readable(readDocument(render(root, style), 'off')).messages;
      const first = readable(readDocument(wrapped(original), 'strict'));
      assert.ok(first.valid, errors(first).join('\n'));
      const second = readable(readDocument(wrapped(first.messages), 'off'));
      assert.deepEqual(texts(second.messages), texts(first.messages));
      assert.equal(original.length, first.messages.length);
      for (const [index, text] of texts(original).entries()) {
        const declaration = ` xmlns:idmef="${RFC_NAMESPACE}"`;
        const again = texts(first.messages)[index] ?? '';
        assert.ok(
          [text, text.replace(/^<[^\s/>]+/, `$&${declaration}`)].includes(again),
          `${text}\n${again}`,
        );
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: PATIENCE_MS },
  );
});

test('what lenient mode accepts is strictly valid as it is forwarded', () => {
  fc.assert(
    fc.property(brokenDocument(), (root) => {
      const lenient = readDocument(render(root, plain), 'lenient');
      if (!lenient.readable) {
        return;
      }
      const accepted = lenient.messages.filter(({ valid }) => valid);
      const again = readable(readDocument(wrapped(accepted), 'strict'));
      assert.ok(again.valid, errors(again).join('\n'));
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: PATIENCE_MS },
  );
});

test('a repair loses no value and finds nothing to do a second time, accepted or not', () => {
  fc.assert(
    fc.property(brokenDocument(), (root) => {
      const verdict = readDocument(render(root, plain), 'off');
      for (const { bytes } of verdict.readable ? verdict.messages : []) {
        const repair = repairMessage(bytes, [someError]);
        if (repair === undefined) {
          continue;
        }
        assert.equal(repairMessage(repair.bytes, [someError])?.leniencies.join(), undefined);
        // What was kept as XML is quoted once more.
        const said = valuesOf(parseTree(repair.bytes)).join('\n');
        const quoted = decodeReferences(said);
        for (const value of valuesOf(parseTree(bytes))) {
          assert.ok(said.includes(value.trim()) || quoted.includes(value.trim()), value);
        }
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: PATIENCE_MS },
  );
});

test('what producers in the field write becomes valid, in any combination', () => {
  fc.assert(
    fc.property(
      validDocument(),
      someDeviations(),
      fc.constantFrom('rfc', '2004', 'none'),
      (root, list, namespace) => {
        const deviant = list.reduce((all, [deviation, pick]) => deviate(all, deviation, pick), root);
        const written = Buffer.from(render(deviant, plain)).toString();
        const declaration = { rfc: RFC_NAMESPACE, '2004': DRAFT_2004_NAMESPACE, none: '' }[namespace];
        const bytes = Buffer.from(
          written.replace(`xmlns="${RFC_NAMESPACE}"`, declaration && `xmlns="${declaration}"`),
        );
        const lenient = readable(readDocument(bytes, 'lenient'));
        assert.ok(lenient.valid, errors(lenient).join('\n'));
      },
    ),
    { numRuns: RUNS, interruptAfterTimeLimit: PATIENCE_MS },
  );
});

test('every message has a view', async () => {
  await fc.assert(
    fc.asyncProperty(validDocument(), styles(), async (root, style) => {
      for (const { bytes, kind, messageid } of readable(readDocument(render(root, style), 'off')).messages) {
        const view = await viewMessage(bytes);
        assert.equal(view.kind, kind);
        assert.equal(view.messageid.replace(/\s/g, ' '), messageid.replace(/\s/g, ' '));
      }
    }),
    { numRuns: Math.min(RUNS, 100) },
  );
});

test('every element and attribute of the RFC comes up', () => {
  const seen = new Set<string>();
  const visit = (element: GeneratedElement): void => {
    seen.add(element.name);
    Object.keys(element.attributes).forEach((name) => seen.add(`${element.name}@${name}`));
    element.children.forEach(visit);
  };
  fc.sample(validDocument(), { numRuns: 300, seed: 4765 }).forEach(visit);
  for (const [name, spec] of Object.entries(elements)) {
    if (name !== 'permission') {
      assert.ok(seen.has(name), name);
      Object.keys(spec.attributes ?? {}).forEach((attribute) => assert.ok(seen.has(`${name}@${attribute}`)));
    }
  }
});
