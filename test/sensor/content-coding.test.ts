/** Accept-Encoding → whether gzip is preferred and identity will do (RFC 9110 §12.5.3); and gzip on the wire. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { acceptedCodings } from '../../src/sensor/content-coding.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { startTestSensor } from '../support/test-sensor.ts';

describe('Accept-Encoding', () => {
  const rows: readonly (readonly [string | undefined, boolean, boolean])[] = [
    [undefined, false, true],
    ['', false, true],
    ['gzip', true, true],
    ['GZIP', true, true],
    ['x-gzip', true, true],
    ['gzip, deflate, br', true, true],
    ['deflate, br', false, true],
    ['gzip;q=0.001', true, true],
    ['gzip;q=0', false, true],
    ['gzip;q=0.0', false, true],
    ['gzip; Q=0.5, identity; q=1', false, true],
    ['gzip;q=1, identity;q=0.5', true, true],
    ['gzip, identity', true, true],
    ['*', true, true],
    ['*;q=0', false, false],
    ['*;q=0, gzip', true, false],
    ['*;q=0, identity', false, true],
    ['identity;q=0', false, false],
    ['identity;q=0, *', true, false],
    ['identity;q=0, gzip;q=0.2', true, false],
    ['*;q=0.9, gzip;q=0.2', false, true],
    ['gzip;q=2', false, true],
    ['gzip;q=abc', false, true],
    ['gzip;q=0.5, gzip;q=0', true, true],
    [';q=1,,', false, true],
  ];
  for (const [header, gzip, identity] of rows) {
    test(header ?? '(none)', () => assert.deepEqual(acceptedCodings(header), { gzip, identity }));
  }
});

describe('leased answers', () => {
  let pki: Pki;
  const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
  before(async () => {
    pki = await makePki(dir);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  test('gzip is what identity would have been, with length and digest of what is sent', async (t) => {
    const sensor = await startTestSensor(t, { pki, consuming: true });
    await sensor.fill(20);
    const plain = await sensor.ask({ headers: { Prefer: 'lease=15' } });
    const token = /^[\w-]+/.exec(String(plain.headers['idmef-lease']))?.[0];
    await sensor.ask({ method: 'POST', path: `/leases/${token}/release` });
    const head = await sensor.ask({
      method: 'HEAD',
      headers: { Prefer: 'lease=15', 'Accept-Encoding': 'gzip' },
    });
    const packed = await sensor.ask({ headers: { Prefer: 'lease=15', 'Accept-Encoding': 'gzip, deflate' } });
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(head.headers['content-encoding'], 'gzip');
    assert.equal(head.headers['content-length'], undefined, 'known only by compressing');
    for (const answer of [plain, packed, head]) assert.equal(answer.headers['vary'], 'Accept-Encoding');
    assert.deepEqual(gunzipSync(packed.body), plain.body);
    assert.ok(packed.body.length * 3 < plain.body.length, `${packed.body.length} of ${plain.body.length}`);
    assert.equal(packed.headers['content-length'], String(packed.body.length));
    const digest = createHash('sha256').update(packed.body).digest('base64');
    assert.equal(packed.headers['content-digest'], `sha-256=:${digest}:`);
    const again = /^[\w-]+/.exec(String(packed.headers['idmef-lease']))?.[0];
    assert.equal((await sensor.ask({ method: 'DELETE', path: `/leases/${again}` })).status, 204);
    const [line] = sensor.logger.events('delivered');
    assert.equal(line?.fields['encoding'], 'gzip');
    assert.match(line?.text ?? '', /, gzip\) acknowledged$/);
  });

  test('plain answers stay as they are, also for those who would take gzip', async (t) => {
    const sensor = await startTestSensor(t, { pki });
    await sensor.fill(20);
    const answer = await sensor.ask({ headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(answer.headers['content-encoding'], undefined);
    assert.equal(answer.headers['content-length'], String(answer.body.length));
  });

  test('a lease and its encoding in one small message: not worth it, unless nothing else is accepted', async (t) => {
    const small = Buffer.from('<idmef:Heartbeat xmlns:idmef="http://iana.org/idmef"/>');
    const sensor = await startTestSensor(t, { pki });
    await sensor.journal.append([{ body: small, severity: 0 }]);
    const asked = { Prefer: 'lease=15', 'Accept-Encoding': 'gzip' };
    const plain = await sensor.ask({ headers: asked });
    assert.equal(plain.headers['content-encoding'], undefined);
    const token = /^[\w-]+/.exec(String(plain.headers['idmef-lease']))?.[0];
    await sensor.ask({ method: 'POST', path: `/leases/${token}/release` });
    const forced = await sensor.ask({ headers: { ...asked, 'Accept-Encoding': 'gzip, identity;q=0' } });
    assert.equal(forced.headers['content-encoding'], 'gzip');
    assert.deepEqual(gunzipSync(forced.body), plain.body);
  });
});
