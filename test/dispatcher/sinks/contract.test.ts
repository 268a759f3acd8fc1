/** Every type over HTTP passes the contract suite, and none is left out. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { httpTypes } from '../../../src/dispatcher/sinks/http/http-types.ts';
import { sinkCases } from './cases.ts';
import { checkSink } from './contract.ts';

for (const one of sinkCases) checkSink(one);

test('every type over HTTP has a case', () => {
  const cases = new Set(sinkCases.map(({ type }) => type.type));
  assert.deepEqual(
    httpTypes.map(({ type }) => type).filter((type) => !cases.has(type)),
    [],
  );
});
