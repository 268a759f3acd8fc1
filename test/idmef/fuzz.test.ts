/**
 * The short form of the fuzzer (fuzz.ts): mutated documents never crash the reader, hang it, or put a problem outside the
 * input.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz } from './fuzz.ts';

describe('mutated documents', () => {
  it('20,000 of them: no throw, no hang, places inside the input, verdicts that agree with their problems', () => {
    const counts = fuzz(20_000, 4765);
    // Mutations must reach every kind of verdict, or they test nothing.
    for (const [kind, count] of Object.entries(counts)) assert.ok(count > 200, `${kind}: ${count}`);
  });
});
