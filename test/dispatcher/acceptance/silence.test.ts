/** operations.md §10 no. 6, last part: a sensor is switched off, which is an incident within the window; its next sign of life closes it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RFC_NAMESPACE } from '../../../src/idmef/envelope.ts';
import { alert } from '../route/fixture.ts';
import { VirtualSite } from './virtual-site.ts';

const MINUTE = 60_000;

const CONFIG = `
endpoints:
  bot: { type: telegram, token_file: /etc/idmef-relay/bot }
recipients:
  phone: { endpoint: bot, chat: "7" }
route:
  to: [phone]
expect:
  dmz1: { sensor: dmz1, within: 10m, severity: high }
  probe: { analyzer: probe-7, within: 30m }
`;

function heartbeat(number: number): Buffer {
  return Buffer.from(
    `<Heartbeat xmlns="${RFC_NAMESPACE}" messageid="h${number}"><Analyzer analyzerid="probe-7"/>` +
      '<CreateTime ntpstamp="0x00000000.0x00000000">2026-01-05T09:59:58Z</CreateTime></Heartbeat>',
  );
}

test('a sensor that is disabled: told within the window, once, also over a restart; closed by its next sign of life', async (t) => {
  const site = await VirtualSite.start(t, CONFIG);
  const origin = { source: 'idmef', peer: 'relay1', sensor: 'dmz1' } as const;
  let beats = 0;
  const sign = async (): Promise<void> => {
    await site.accept([heartbeat((beats += 1))], origin);
    await site.timers.run(MINUTE);
  };
  for (let minute = 0; minute < 30; minute += 1) await sign();
  assert.deepEqual(await site.call('incidents.list', {}), []);

  const silentSince = site.timers.monotonic() - MINUTE;
  // Somebody else's alerts, though they claim to be its analyzer, are no sign of life of this sensor.
  for (let minute = 0; minute < 11; minute += 1) {
    const body = alert({ messageid: `other-${minute}`, severity: 'info', analyzer: 'probe-7' });
    await site.accept([body], { source: 'idmef', peer: 'relay1', sensor: 'dmz2' });
    await site.timers.run(MINUTE);
  }
  const told = site
    .callsTo('phone')
    .filter(({ notification }) =>
      notification.messages.some(({ facts }) => facts.classification === 'Silent sensor: dmz1'),
    );
  assert.equal(told.length, 1);
  const within = (told[0]?.at ?? Infinity) - silentSince;
  assert.ok(within > 10 * MINUTE - 1 && within <= 12 * MINUTE, `told after ${within} ms`);
  const silent = async () =>
    (await site.call('incidents.list', {})).filter(({ title }) => title.includes('Silent sensor: dmz1'));
  assert.deepEqual(
    (await silent()).map(({ state, severity }) => [state, severity]),
    [['open', 4]],
  );

  await site.restart();
  await site.timers.run(60 * MINUTE);
  assert.equal((await silent()).length, 1);
  assert.equal((await silent())[0]?.state, 'open');

  await sign();
  await sign();
  assert.deepEqual(
    (await silent()).map(({ state }) => state),
    ['closed'],
  );
});
