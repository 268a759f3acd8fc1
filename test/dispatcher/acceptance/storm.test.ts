/** operations.md §10 no. 7: 50,000 alerts in ten minutes from spoofed sources, one new high among them; the real store, a virtual clock. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { alert } from '../route/fixture.ts';
import { VirtualSite } from './virtual-site.ts';

const MINUTE = 60_000;
const COUNT = 50_000;
/** A poller brings what has come meanwhile. */
const ROUNDS = 150;
const ROUND_MS = (10 * MINUTE) / ROUNDS;
const TELEGRAM = [
  { key: 'telegram:bot', rate: 30, burst: 30 },
  { key: 'telegram:chat', rate: 0.25, burst: 5 },
];

const CONFIG = `
endpoints:
  bot: { type: telegram, token_file: /etc/idmef-relay/bot }
  archive: { type: file, dir: /var/log/alerts }
recipients:
  phone: { endpoint: bot, chat: "-100123" }
  siem: { endpoint: archive }
route:
  to: [siem, phone]
`;

test('a flood: a person gets at most 15 messages and the new high alone within 30 s; the machine all; why answers for any', async (t) => {
  const site = await VirtualSite.start(t, CONFIG);
  site.provider('bot').limits = TELEGRAM;
  site.provider('bot').latencyMs = 300;
  site.provider('archive').latencyMs = 20;
  const origin = { source: 'idmef', peer: 'relay1', sensor: 'dmz1' } as const;
  const spoofed = (n: number): Buffer =>
    alert({
      messageid: `spoofed-${n}`,
      severity: 'medium',
      text: 'SYN flood',
      source: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
      target: '192.0.2.80',
    });
  let sent = 0;
  let high = { seq: 0, at: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const until = Math.round(((round + 1) * COUNT) / ROUNDS);
    const batch = Array.from({ length: until - sent }, (_, n) => spoofed(sent + n));
    sent = until;
    await site.accept(batch, origin);
    if (round === 83) {
      const body = alert({ messageid: 'high', severity: 'high', text: 'Root login', source: '203.0.113.9' });
      const [receipt] = await site.accept([body], origin);
      high = { seq: receipt?.seq ?? 0, at: site.timers.monotonic() };
    }
    await site.timers.run(ROUND_MS);
  }
  await site.timers.run(60 * MINUTE);

  const told = site.callsTo('phone');
  assert.ok(told.length <= 15, `${told.length} messages to a person`);
  const alone = told.filter((call) => call.seqs.includes(high.seq));
  assert.deepEqual(
    alone.map(({ seqs }) => seqs),
    [[high.seq]],
  );
  assert.ok((alone[0]?.at ?? Infinity) - high.at <= 30_000);

  const got = site.callsTo('siem').flatMap(({ seqs }) => seqs);
  assert.equal(got.length, COUNT + 1);
  assert.equal(new Set(got).size, COUNT + 1);

  const { stats } = await site.call('status', {});
  for (const queue of stats.queues) {
    const { recipient, planned, sent: arrived, dead, held, pending, leased, suppressed } = queue;
    const kept = Object.values(suppressed).reduce((sum, count) => sum + count, 0);
    assert.deepEqual([recipient, planned, arrived + kept], [recipient, COUNT + 1, COUNT + 1]);
    assert.deepEqual([dead, held, pending, leased], [0, 0, 0, 0]);
  }
  for (let seq = 1; seq <= COUNT + 1; seq += 500) {
    const { message, pairs } = await site.call('why', { id: String(seq) });
    assert.equal(message?.origin.sensor, 'dmz1');
    assert.deepEqual(
      pairs.map(({ recipient, state, notifications }) => [recipient, state, notifications.length]),
      [
        ['phone', 'sent', 1],
        ['siem', 'sent', 1],
      ],
    );
    assert.equal(message.config, site.config.hash);
  }
});
