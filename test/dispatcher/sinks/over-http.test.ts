/**
 * The sinks over HTTP, in one process: to load the catalogue takes longer than the tests of any of these files.
 *
 * The contract suite runs for every type; what is special about one stands in chat, machines and alertgateway.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { httpTypes } from '../../../src/dispatcher/sinks/http/http-types.ts';
import { sinkCases } from './cases.ts';
import { checkSink } from './contract.ts';
import './alertgateway.ts';
import './catalogue.ts';
import './chat.ts';
import './engine.ts';
import './http-sink.ts';
import './machines.ts';

for (const one of sinkCases) checkSink(one);

test('every type over HTTP has a case', () => {
  const cases = new Set(sinkCases.map(({ type }) => type.type));
  assert.deepEqual(
    httpTypes.map(({ type }) => type).filter((type) => !cases.has(type)),
    [],
  );
});
