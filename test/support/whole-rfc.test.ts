/** The generated messages are valid and use all of the RFC; without that, what is shown with them shows little. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { validateElement } from '../../src/idmef/read-document.ts';
import { elements } from '../../src/idmef/schema.ts';
import { requiredCoverage, wholeMessages } from './whole-rfc.ts';

test('each message is strictly valid', () => {
  for (const { name, text } of wholeMessages().messages) {
    const verdict = validateElement(Buffer.from(text));
    assert.ok(
      verdict.readable && verdict.valid,
      `${name}: ${JSON.stringify(verdict, undefined, 1).slice(0, 2000)}\n${text}`,
    );
  }
});

test('they use every element, every attribute and every keyword', () => {
  const { coverage } = wholeMessages();
  const required = requiredCoverage();
  assert.equal(Object.keys(elements).length, 84);
  assert.deepEqual(
    required.elements.filter((name) => !coverage.elements.has(name)),
    [],
  );
  assert.deepEqual(
    required.attributes.filter((name) => !coverage.attributes.has(name)),
    [],
  );
  assert.ok(coverage.attributes.has('Alert/@xml:lang') && coverage.attributes.has('Alert/@xml:space'));
});

test('they are the same each time', () => {
  assert.deepEqual(wholeMessages().messages, wholeMessages().messages);
});
