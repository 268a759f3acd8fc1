/** On the wire nothing shows that batches are reserved ahead: what each request gets is what a plain model of the queue says. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readDocument } from '../../src/idmef/read-document.ts';
import { formatRanges } from '../../src/journal/ranges.ts';
import { parseMetrics } from '../support/metrics-text.ts';
import { makePki } from '../support/pki.ts';
import type { Issued, Pki } from '../support/pki.ts';
import { sampleBatch } from '../support/sample-alerts.ts';
import { startTestSensor } from '../support/test-sensor.ts';
import type { Answer, TestSensor } from '../support/test-sensor.ts';
import { until } from '../support/until.ts';

let pki: Pki;
let other: Issued;
const dir = mkdtempSync(join(tmpdir(), 'idmef-relay-'));
before(async () => {
  pki = await makePki(dir);
  other = await pki.issue({ name: 'other', san: ['DNS:manager2'], eku: ['client'] });
});
after(() => rmSync(dir, { recursive: true, force: true }));

const PREFER = 'lease=60, batch=3';

async function lease(sensor: TestSensor, prefer = PREFER, as: Issued = pki.client): Promise<Answer> {
  return await sensor.ask({ headers: { Prefer: prefer }, as });
}

function tokenOf({ headers }: Answer): string {
  return String(headers['idmef-lease']).split(';')[0] ?? '';
}

function sequencesOf({ headers }: Answer): string | undefined {
  return headers['idmef-sequence']?.toString().split('; ')[1];
}

/** Two leased GETs of the same wish, acknowledged: from now on the next batch lies ahead. */
async function warm(sensor: TestSensor): Promise<void> {
  await sensor.fill(6);
  for (const sequences of ['1-3', '4-6']) {
    const answer = await lease(sensor);
    assert.equal(sequencesOf(answer), sequences);
    await sensor.ask({ method: 'DELETE', path: `/leases/${tokenOf(answer)}` });
  }
}

for (const seed of [1, 2, 3]) {
  test(`as a plain queue, seed ${seed}`, async (t) => {
    const sensor = await startTestSensor(t, { pki });
    let state = seed;
    const below = (limit: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * limit);
    };
    let last = 0;
    /** Accepted since the numbers were last asked for: an answer from memory may not know of them yet. */
    let news = 0;
    const severe = new Set<number>();
    let due: number[] = [];
    const open: { token: string; as: Issued; sequences: number[] }[] = [];
    for (let step = 0; step < 80; step += 1) {
      const kind = below(8);
      if (kind <= 1) {
        const count = 1 + below(4);
        news += count;
        const severity = below(3) === 0 ? 4 : 0;
        await sensor.fill(count, severity);
        for (let n = 0; n < count; n += 1) {
          due.push((last += 1));
          if (severity === 4) severe.add(last);
        }
      } else if (kind <= 5 && open.length < 4) {
        const lane = below(6) === 0;
        const batch = below(5) === 0 ? 5 : 3;
        const as = below(3) === 0 ? other : pki.client;
        const answer = await lease(
          sensor,
          `lease=60, batch=${batch}${lane ? ', min-severity=high' : ''}`,
          as,
        );
        const sequences = due.filter((sequence) => !lane || severe.has(sequence)).slice(0, batch);
        due = due.filter((sequence) => !sequences.includes(sequence));
        assert.equal(sequencesOf(answer) ?? '', formatRanges(sequences), `step ${step}`);
        const pending = Number(answer.headers['idmef-pending']);
        assert.ok(
          pending <= due.length && pending >= due.length - news,
          `step ${step}: ${pending} of ${due.length}`,
        );
        news = 0;
        if (sequences.length > 0) {
          const length = Number(answer.headers['content-length']);
          assert.equal(answer.body.length, length);
          open.push({ token: tokenOf(answer), as, sequences });
        }
      } else if (open.length > 0) {
        const [{ token, as, sequences } = { token: '', as: other, sequences: [] }] = open.splice(
          below(open.length),
          1,
        );
        const back = below(3) === 0;
        const path = back ? `/leases/${token}/release` : `/leases/${token}`;
        const answer = await sensor.ask({ method: back ? 'POST' : 'DELETE', path, as });
        assert.equal(answer.status, 204);
        if (back) due = [...due, ...sequences].toSorted((a, b) => a - b);
      } else {
        const head = await sensor.ask({ method: 'HEAD', headers: { Prefer: PREFER } });
        assert.equal(head.status, due.length === 0 ? 404 : 200);
        assert.equal(head.headers['idmef-pending'], String(due.length));
      }
      const { pending, leased, settled } = await sensor.stats();
      const held = open.reduce((sum, { sequences }) => sum + sequences.length, 0);
      assert.deepEqual([pending, leased, settled], [due.length, held, last - due.length - held]);
    }
  });
}

test('a 201 and then a GET: the message is there', async (t) => {
  const sensor = await startTestSensor(t, {
    pki,
    readDocument: (bytes) => readDocument(bytes, 'off'),
    allow: { poller: ['DNS:manager1'], producer: ['DNS:manager2'] },
  });
  await warm(sensor);
  assert.equal((await lease(sensor)).status, 404);
  for (let n = 7; n < 12; n += 1) {
    const body = sampleBatch(n, 1);
    const posted = await sensor.ask({
      method: 'POST',
      as: other,
      body,
      headers: { 'Content-Type': 'text/xml' },
    });
    assert.equal(posted.status, 201);
    const answer = await lease(sensor);
    assert.equal(sequencesOf(answer), String(n));
    await sensor.ask({ method: 'DELETE', path: `/leases/${tokenOf(answer)}` });
  }
});

test('what lies ahead is pending to HEAD, OPTIONS, a peek and /metrics, and a plain GET takes it', async (t) => {
  const allow = { poller: ['DNS:manager1'], monitor: ['DNS:manager2'] };
  const sensor = await startTestSensor(t, { pki, consuming: true, allow });
  await warm(sensor);
  await sensor.fill(5);
  await until(async () => (await lease(sensor, 'peek')).headers['idmef-pending'] === '5');
  for (const method of ['HEAD', 'OPTIONS']) {
    assert.equal((await sensor.ask({ method })).headers['idmef-pending'], '5', method);
  }
  const families = parseMetrics((await sensor.ask({ path: '/metrics', as: other })).body.toString());
  const value = (name: string): number | undefined =>
    families.get(`idmef_relay_consumer_${name}`)?.samples.get('{consumer="default"}');
  assert.deepEqual([value('pending'), value('leased')], [5, 0]);
  const plain = await sensor.ask();
  assert.equal(plain.body.toString().match(/<(?:\w+:)?Alert[ >]/g)?.length, 5);
  await until(async () => (await sensor.stats()).settled === 11);
});

test('an orderly stop gives back what lies ahead', async (t) => {
  const sensor = await startTestSensor(t, { pki });
  await warm(sensor);
  await sensor.fill(2);
  await sensor.server.close();
  const claim = await sensor.journal.lease('default', { messages: 10, bytes: 1e6 });
  assert.equal(claim?.sequences, '7-8');
});
