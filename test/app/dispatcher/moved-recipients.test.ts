/** What a provider has moved, kept in the store: a store that cannot keep it is no reason to end the service. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rememberMoved, withMoved } from '../../../src/app/dispatcher/moved-recipients.ts';
import { RelayError } from '../../../src/core/errors.ts';
import { recipient } from '../../dispatcher/route/fixture.ts';
import { recordingLogger } from '../../support/recording-logger.ts';

test('a move that a full disk keeps from being stored is said, and ends nothing', async () => {
  const log = recordingLogger();
  const store = { setState: () => Promise.reject(new RelayError('JOURNAL_FULL', 'the disk is full')) };
  await rememberMoved(store, recipient('phone'), { chat: -200 }, log);
  assert.match(log.events('recipient-move-lost')[0]?.text ?? '', /phone: .* is not kept: the disk is full$/);
  assert.match(log.events('recipient-moved')[0]?.text ?? '', /write chat: -200 into its settings$/);
});

test('it holds until the configuration says something else', async () => {
  const kept = new Map<string, string>();
  const store = {
    setState: (key: string, value: string) => {
      kept.set(key, value);
      return Promise.resolve();
    },
    state: (key: string) => Promise.resolve(kept.get(key)),
  };
  const phone = recipient('phone', { params: { chat: -100 } });
  await rememberMoved(store, phone, { chat: -200 }, recordingLogger());
  assert.deepEqual((await withMoved(store, [phone]))[0]?.params, { chat: -200 });
  const other = { ...phone, params: { chat: -300 } };
  assert.deepEqual(await withMoved(store, [other]), [other]);
});
