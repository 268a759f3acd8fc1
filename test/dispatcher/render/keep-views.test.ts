/** Views that are kept: read once, bounded, the last used longest. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { keepViews } from '../../../src/dispatcher/render/keep-views.ts';
import { alertView } from '../sinks/make.ts';

test('views are kept within the bytes allowed, those used last longest', async () => {
  const read: string[] = [];
  const view = keepViews((body) => {
    read.push(Buffer.from(body).toString());
    return Promise.resolve(alertView());
  }, 6);
  for (const body of ['aa', 'bb', 'cc', 'aa', 'dd', 'aa', 'bb', 'cc']) await view(Buffer.from(body));
  assert.deepEqual(read, ['aa', 'bb', 'cc', 'dd', 'bb', 'cc']);
});

test('a message that is larger than all of that is read each time, and pushes nothing out', async () => {
  let times = 0;
  const view = keepViews(() => {
    times += 1;
    return Promise.resolve(alertView());
  }, 3);
  for (const body of ['aaa', 'bbbb', 'bbbb', 'aaa', 'aaa']) await view(Buffer.from(body));
  assert.equal(times, 3);
});
