/** `PUT /leases/<token>` and `min-severity` on the wire, over real TLS. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { leaseLimits } from '../../src/core/limits.ts';
import { manualClock } from '../support/manual-clock.ts';
import { makePki, type Issued, type Pki } from '../support/pki.ts';
import { startTestSensor, type Answer, type TestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

let pki: Pki;
let other: Issued;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(dir);
  other = await pki.issue({ name: 'other', san: ['DNS:manager2'], eku: ['client'] });
});
after(() => rmSync(dir, { recursive: true, force: true }));

function tokenOf(answer: Answer): string {
  return /^[\w-]+/.exec(String(answer.headers['idmef-lease']))?.[0] ?? '';
}

async function renew(sensor: TestSensor, token: string, prefer?: string, as?: Issued): Promise<Answer> {
  return await sensor.ask({
    method: 'PUT',
    path: `/leases/${token}`,
    headers: prefer === undefined ? {} : { Prefer: prefer },
    ...(as === undefined ? {} : { as }),
  });
}

describe('renewal', () => {
  test('winds the clock up again, with the first time or another', async (t) => {
    const clock = manualClock();
    const sensor = await startTestSensor(t, { pki, clock });
    await sensor.fill(3);
    const token = tokenOf(await sensor.ask({ headers: { Prefer: 'lease=15' } }));
    clock.advance(14_000);
    const same = await renew(sensor, token);
    assert.equal(same.status, 204);
    assert.equal(same.headers['idmef-lease'], `${token}; expires=15`);
    assert.equal(same.headers['preference-applied'], undefined);
    clock.advance(14_000);
    const longer = await renew(sensor, token, 'lease=100');
    assert.equal(longer.headers['idmef-lease'], `${token}; expires=100`);
    assert.equal(longer.headers['preference-applied'], 'lease=100');
    clock.advance(99_999);
    assert.equal((await sensor.ask({ method: 'DELETE', path: `/leases/${token}` })).status, 204);
    assert.equal((await sensor.stats()).settled, 3);
  });

  test('is fenced: over, settled, released, unknown, or another identity is 410 and changes nothing', async (t) => {
    const clock = manualClock();
    const sensor = await startTestSensor(t, { pki, clock });
    await sensor.fill(9);
    const batch = { headers: { Prefer: 'lease=15, batch=3' } };
    const token = tokenOf(await sensor.ask(batch));
    assert.equal((await renew(sensor, token, undefined, other)).status, 410);
    clock.advance(15_000);
    assert.equal((await renew(sensor, token)).status, 410);
    assert.equal((await renew(sensor, 'unknown')).status, 410);
    const settled = tokenOf(await sensor.ask(batch));
    await sensor.ask({ method: 'DELETE', path: `/leases/${settled}` });
    assert.equal((await renew(sensor, settled)).status, 410);
    const released = tokenOf(await sensor.ask(batch));
    await sensor.ask({ method: 'POST', path: `/leases/${released}/release` });
    const answer = await renew(sensor, released);
    assert.equal(answer.status, 410);
    assert.equal(answer.headers['idmef-lease'], undefined);
    assert.equal((await sensor.stats()).settled, 3);
  });

  test('does not go on for ever: an hour after its beginning a lease is over', async (t) => {
    const clock = manualClock();
    const sensor = await startTestSensor(t, { pki, clock });
    await sensor.fill(1);
    const token = tokenOf(await sensor.ask({ headers: { Prefer: 'lease=300' } }));
    for (let passed = 0; passed < leaseLimits.totalSeconds - 300; passed += 290) {
      clock.advance(290_000);
      assert.equal((await renew(sensor, token)).status, 204);
    }
    clock.advance(60_000);
    const last = await renew(sensor, token);
    const granted = Number(/expires=(\d+)$/.exec(String(last.headers['idmef-lease']))?.[1]);
    assert.ok(granted > 0 && granted < 300, `${granted} s`);
    clock.advance(granted * 1000);
    assert.equal((await renew(sensor, token)).status, 410);
  });
});

describe('min-severity', () => {
  test('holds with wait until such a message is due, passes milder ones by, and is confirmed', async (t) => {
    const sensor = await startTestSensor(t, { pki });
    await sensor.fill(3);
    const waiting = sensor.ask({ headers: { Prefer: 'lease=15, wait=20, min-severity=high' } });
    await until(() => sensor.server.connections().waiting === 1);
    await sensor.fill(2, 3);
    await sensor.fill(1, 4);
    const answer = await waiting;
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers['preference-applied']), /, min-severity=high$/);
    assert.match(String(answer.headers['idmef-sequence']), /; 6$/);
    await sensor.ask({ method: 'DELETE', path: `/leases/${tokenOf(answer)}` });
    const [line] = sensor.logger.events('delivered');
    assert.equal(line?.fields['minSeverity'], 'high');
    assert.equal((await sensor.stats()).pending, 5);
  });

  test('nothing in the lane is 404 and confirmed too; an unknown word is no preference', async (t) => {
    const sensor = await startTestSensor(t, { pki });
    await sensor.fill(1, 2);
    const empty = await sensor.ask({ headers: { Prefer: 'lease=15, min-severity=medium' } });
    assert.equal(empty.status, 404);
    assert.equal(empty.headers['preference-applied'], 'min-severity=medium');
    assert.equal(empty.headers['idmef-pending'], '1');
    const ignored = await sensor.ask({ headers: { Prefer: 'lease=15, min-severity=urgent' } });
    assert.equal(ignored.status, 200);
    assert.doesNotMatch(String(ignored.headers['preference-applied']), /severity/);
  });
});
