/** operations.md §10 no. 4: a gateway that is stopped for 72 hours, with restarts of ours meanwhile; the real store, a virtual clock. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { OK } from '../../support/outbox-world.ts';
import { alert } from '../route/fixture.ts';
import { VirtualSite } from './virtual-site.ts';

const HOUR = 3_600_000;
const ALERTS = 480;
const down: SinkAnswer = { outcome: { kind: 'again', reason: 'connect ECONNREFUSED' } };

const CONFIG = `
endpoints:
  gateway: { type: prelude-gateway, url: "https://prelude.example.org:3128/", cert: /c, key: /k, ca: /a }
  archive: { type: file, dir: /var/log/alerts }
recipients:
  gateway: { endpoint: gateway, batch: 8 }
  archive: { endpoint: archive }
route:
  to: [gateway, archive]
`;

test('a gateway stopped for 72 h: all arrive in order, none dead, status shows the age all the time', async (t) => {
  const site = await VirtualSite.start(t, CONFIG);
  site.provider('gateway').answer = () => down;
  const queueOf = async (name: string) => {
    const status = await site.call('status', {});
    const found = status.stats.queues.find(({ recipient }) => recipient === name);
    assert.ok(found);
    return { ...found, ageMs: status.at - (found.oldestAt ?? status.at) };
  };
  const seqs: number[] = [];
  const every = (72 * HOUR) / ALERTS;
  for (let n = 0; n < ALERTS; n += 1) {
    const body = alert({ messageid: `m${n}`, severity: n % 5 === 0 ? 'high' : 'low', text: `alert ${n}` });
    const [receipt] = await site.accept([body], { source: 'idmef', peer: 'relay1', sensor: 'dmz1' });
    seqs.push(receipt?.seq ?? 0);
    await site.timers.run(every);
    if (n % 80 === 79) {
      const { pending, leased, dead, ageMs, lastError } = await queueOf('gateway');
      assert.deepEqual([pending + leased, dead], [n + 1, 0]);
      assert.ok(Math.abs(ageMs - (n + 1) * every) < 1_000, `the oldest is ${ageMs} ms old`);
      assert.match(lastError ?? '', /ECONNREFUSED/);
      assert.equal((await queueOf('archive')).sent, n + 1, 'the other one goes on');
    }
    if (n % 150 === 149) await site.restart();
  }
  const before = site.calls.length;
  site.provider('gateway').answer = () => OK;
  await site.timers.run(HOUR);
  assert.deepEqual(
    site.calls.slice(before).flatMap((call) => (call.recipient === 'gateway' ? call.seqs : [])),
    seqs,
  );
  const { sent, dead, pending, dropped, oldestAt } = await queueOf('gateway');
  assert.deepEqual([sent, dead, pending, dropped, oldestAt], [ALERTS, 0, 0, {}, undefined]);
});
