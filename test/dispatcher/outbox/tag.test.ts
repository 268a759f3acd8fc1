/** Tags: short names that people read aloud, type in, and never take for a number. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { nameOf, tagOf } from '../../../src/dispatcher/outbox/tag.ts';

describe('a tag', () => {
  test('is read back with and without its #, in either case, and is no number', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.nat(), { minLength: 1 }), (secret, seqs) => {
        const { tag } = nameOf(secret, 'soc', { seqs });
        assert.equal(tagOf(tag), tag);
        assert.equal(tagOf(tag.slice(1).toUpperCase()), tag);
        assert.doesNotMatch(tag.slice(1), /^\d+$/);
      }),
      { numRuns: 2_000 },
    );
  });

  for (const text of ['', '#', '1234', 'k3f', 'k3f9', 'k3f9a', 'il0u', '##k3fa', 'k3fo', ' k3fa']) {
    test(`${JSON.stringify(text)} is none`, () => {
      assert.equal(tagOf(text), undefined);
    });
  }
});
