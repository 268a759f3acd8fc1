/** What every maker of journals must do: each verb of the interface once, on a new journal. */

import assert from 'node:assert/strict';
import type { Journal } from '../../src/journal/journal.ts';
import { fails, message, messages } from './fixture.ts';

export async function checkInterface(journal: Journal): Promise<void> {
  assert.match(journal.id, /^[0-9a-f]{32}$/);
  const bad = { ...message('bad'), quarantine: { reason: 'E7', detail: '{"at":1}' } };
  const origin = { kind: 'sequenced', journal: 'j', sequences: [1, 2, 3, 4] } as const;
  const batch = [...messages('a', 'b', 'c'), bad];
  const result = await journal.append(batch, origin);
  assert.deepEqual(result, { accepted: 3, duplicate: 0, quarantined: 1, conflict: 0, first: 1, last: 3 });
  assert.equal((await journal.append(batch, origin)).duplicate, 4);
  assert.equal(Buffer.from(batch[0]?.body ?? []).toString(), 'a', 'the caller keeps its buffers');
  const peek = await journal.peek('default', { messages: 2 });
  assert.deepEqual([peek?.count, peek?.kind], [2, 'peek']);
  const claim = await journal.lease('default', { messages: 2, bytes: 99 });
  assert.equal(claim?.sequences, '1-2');
  const chunk = await journal.read(claim.id);
  assert.equal(Buffer.from(chunk.bodies).toString(), 'ab');
  assert.deepEqual(
    [chunk.sequences, chunk.lengths, chunk.attempts, chunk.done],
    [[1, 2], [1, 1], [0, 0], true],
  );
  await journal.rewind(claim.id);
  assert.equal((await journal.read(claim.id)).bodies.byteLength, 2);
  await journal.settle(claim.id, [1]);
  await journal.bury(claim.id, 2, { reason: 'refused', detail: '{}' });
  await assert.rejects(journal.settle(claim.id), fails('LEASE_EXPIRED'));
  await journal.release(peek?.id ?? 0);
  const entries = await journal.quarantine.list();
  assert.deepEqual(
    entries.map(({ kind, reason }) => [kind, reason]),
    [
      ['invalid', 'E7'],
      ['poison', 'refused'],
    ],
  );
  assert.equal(await journal.quarantine.count(), 2);
  const shown = await journal.quarantine.show(1);
  assert.equal(Buffer.from(shown?.body ?? []).toString(), 'bad');
  assert.equal(await journal.quarantine.show(9), undefined);
  assert.equal(await journal.quarantine.accept(1, Buffer.from('mended')), true);
  assert.equal(await journal.quarantine.drop(2), true);
  await journal.state.set('k', 'v');
  assert.deepEqual([await journal.state.get('k'), await journal.state.get('l')], ['v', undefined]);
  const stats = await journal.stats();
  assert.equal(stats.id, journal.id);
  assert.deepEqual(stats.consumers[0]?.dropped, { discarded: 1 });
  assert.equal(stats.consumers[0]?.pending, 2);
}
