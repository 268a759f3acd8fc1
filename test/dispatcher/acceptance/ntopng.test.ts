/**
 * ntopng's endpoints and recipients through the whole service: what its webhook sends comes out of ours equal, engage and release
 * live as an incident, its severities keep their rank, and its two example modules work from `modules_dir`.
 * reference: seed-systems.md A.4.
 */

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, realpathSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';

import { isObject, type JsonObject } from '../../../src/core/json-object.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { projectRoot } from '../../tools/source-files.ts';
import { fakeProvider, type FakeProvider } from '../sinks/fake-provider.ts';
import { https, startService, type Posted, type Service } from './service.ts';

/** What ntopng kept of a recipient's queue at most. */
const NTOPNG_QUEUE = 8_192;

/** Of the 4.x era, and of 5.0 and later. */
const engaged = {
  ifid: 1,
  action: 'engage',
  alert_tstamp: 1_606_730_400,
  alert_tstamp_end: 1_606_730_460,
  alert_type: 46,
  alert_subtype: 'syn_flood_attacker',
  alert_severity: 5,
  alert_entity: 1,
  alert_entity_val: '198.51.100.7@0',
  alert_granularity: 60,
  alert_json: '{"value":256,"threshold":128}',
};
const flow = {
  ifid: 2,
  ifname: 'eth1',
  action: 'store',
  tstamp: 1_764_496_800,
  alert_id: 40,
  entity_id: 4,
  entity_val: 'flow',
  score: 150,
  cli_ip: '192.0.2.10',
  cli_port: 50_432,
  srv_ip: '2001:db8::5',
  srv_port: 80,
  srv_name: 'www',
  is_cli_attacker: true,
  json: '{"info":"GET /?id=1%27 ñ <b>"}',
};

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

interface World {
  readonly service: Service;
  readonly hook: FakeProvider;
  readonly key: string;
  readonly webhook: (alerts: readonly object[]) => Promise<Posted>;
}

const body = (alerts: readonly object[], sharedsecret?: string): string =>
  JSON.stringify({ version: '0.2', ...(sharedsecret === undefined ? {} : { sharedsecret }), alerts });

async function world(t: TestContext, config: Readonly<Record<string, unknown>> = {}): Promise<World> {
  const hook = await fakeProvider(t);
  const { endpoints, recipients, route, ...more } = config;
  const also = (part: unknown): object => (isObject(part) ? part : {});
  const service = await startService(t, {
    pki,
    config: {
      sources: { https: https(pki), ntopng: { rate: 6_000 } },
      endpoints: { hook: { type: 'ntopng-webhook', url: `${hook.base}/alerts` }, ...also(endpoints) },
      recipients: { hook: { endpoint: 'hook', every: 0, batch: 1_000 }, ...also(recipients) },
      route: { to: ['hook'], ...also(route) },
      ...more,
    },
  });
  const key = await service.key('ntopng');
  const headers = { 'content-type': 'application/json' };
  const webhook = async (alerts: readonly object[]): Promise<Posted> =>
    await service.post({ path: '/ntopng', headers, body: body(alerts, key) });
  return { service, hook, key, webhook };
}

function alertsOf({ received }: FakeProvider): JsonObject[] {
  return received.flatMap(({ json }) => {
    const { alerts } = json;
    return Array.isArray(alerts) ? alerts.filter(isObject) : [];
  });
}

/** The fields of `original`, as they came out. */
function picked(alert: JsonObject | undefined, original: object): JsonObject {
  return Object.fromEntries(Object.keys(original).map((name) => [name, alert?.[name]]));
}

describe('its webhook', () => {
  test('0.2 in, 0.2 out: every field of both generations comes back equal', async (t) => {
    const { service, hook, key, webhook } = await world(t);
    assert.equal((await webhook([engaged, flow])).status, 200);
    await service.sent('hook', 2);
    const alerts = alertsOf(hook);
    assert.deepEqual(picked(alerts[0], engaged), engaged);
    assert.deepEqual(picked(alerts[1], flow), flow);
    assert.equal(hook.received[0]?.json['version'], '0.2');
    assert.ok(!hook.received[0]?.body.includes(key), 'the shared secret is not passed on');
  });

  test('its severities keep their rank inside and their number outside', async (t) => {
    const { service, hook, webhook } = await world(t);
    const table: readonly (readonly [fields: object, name: 'info' | 'low' | 'medium' | 'high'])[] = [
      [{ alert_severity: 0 }, 'info'],
      [{ alert_severity: 1 }, 'info'],
      [{ alert_severity: 2 }, 'info'],
      [{ alert_severity: 3 }, 'low'],
      [{ alert_severity: 4 }, 'medium'],
      [{ alert_severity: 5 }, 'high'],
      [{ alert_severity: 6 }, 'high'],
      [{ alert_severity: 8 }, 'high'],
      [{ score: 9 }, 'info'],
      [{ score: 49 }, 'low'],
      [{ score: 99 }, 'medium'],
      [{ score: 199 }, 'high'],
      [{ score: 255 }, 'high'],
    ];
    const { alert_severity: _one, ...unrated } = engaged;
    const alerts = table.map(([fields], index) => ({ ...unrated, ...fields, alert_subtype: `row ${index}` }));
    assert.equal((await webhook(alerts)).status, 200);
    await service.sent('hook', table.length);
    const out = new Map(alertsOf(hook).map((alert) => [alert['alert_subtype'], alert]));
    for (const [index, [fields, name]] of table.entries()) {
      const alert = out.get(`row ${index}`);
      assert.deepEqual(picked(alert, fields), fields);
      const { messages } = await service.control.call('messages.search', {
        criteria: `alert.assessment.impact.severity == '${name}' && alert.additional_data.data == 'row ${index}'`,
        severity: name,
      });
      assert.equal(messages.length, 1, `${JSON.stringify(fields)} is ${name}`);
    }
  });

  test('its test is answered 200 and sends nothing; ours is one without alerts', async (t) => {
    const { service, hook, webhook } = await world(t);
    assert.equal((await webhook([])).status, 200);
    const { outcome } = await service.control.call('recipients.test', { name: 'hook' });
    assert.equal(outcome.kind, 'ok');
    assert.deepEqual(
      hook.received.map(({ json }) => json['alerts']),
      [[]],
    );
    assert.equal((await service.control.call('status', {})).stats.offered, 0);
  });

  test('a call repeated by ntopng is one alert', async (t) => {
    const { service, hook, webhook } = await world(t);
    await webhook([engaged]);
    await webhook([engaged, flow]);
    await service.sent('hook', 2);
    assert.equal(alertsOf(hook).length, 2);
    assert.equal((await service.control.call('status', {})).stats.duplicate, 1);
  });
});

describe('its recipients', () => {
  test('engage opens an incident that release closes; only its own', async (t) => {
    const { service, webhook } = await world(t, {
      endpoints: { terminal: { type: 'console' } },
      recipients: { soc: { endpoint: 'terminal', audience: 'people' } },
      route: { to: ['hook', 'soc'] },
    });
    const other = { ...engaged, alert_entity_val: '198.51.100.8@0' };
    await webhook([engaged, other]);
    const open = await service.control.call('incidents.list', { state: 'open' });
    assert.equal(open.length, 2);
    const released = { ...engaged, action: 'release', alert_tstamp: engaged.alert_tstamp + 300 };
    await webhook([released]);
    const closed = await service.control.call('incidents.list', { state: 'closed' });
    assert.equal(closed.length, 1);
    assert.ok(closed[0]?.title.includes('198.51.100.7'));
    // Engaged once more, it is a new one.
    await webhook([{ ...engaged, alert_tstamp: engaged.alert_tstamp + 600 }]);
    assert.equal((await service.control.call('incidents.list', { state: 'open' })).length, 2);
    await service.sent('hook', 4);
  });

  test('one that fails stalls no other', async (t) => {
    const failing = await fakeProvider(t);
    failing.say({ status: 500 });
    const { service, hook, webhook } = await world(t, {
      endpoints: { failing: { type: 'ntopng-webhook', url: failing.base } },
      recipients: { failing: { endpoint: 'failing', every: 0 } },
      route: { to: ['failing', 'hook'] },
    });
    for (let post = 0; post < 5; post += 1) {
      await webhook([{ ...engaged, alert_tstamp: post + 1 }]);
      await service.sent('hook', post + 1);
    }
    assert.equal(alertsOf(hook).length, 5);
    const { pending, leased, sent, dead } = await service.queue('failing');
    assert.deepEqual([pending + leased, sent, dead], [5, 0, 0]);
  });

  test(`a queue of more than ${NTOPNG_QUEUE} loses nothing`, async (t) => {
    const { service, hook, webhook } = await world(t);
    await service.control.call('recipients.hold', { name: 'hook' });
    const count = NTOPNG_QUEUE + 8;
    for (let from = 0; from < count; from += 1_000) {
      const some = Math.min(1_000, count - from);
      const alerts = Array.from({ length: some }, (_, n) => ({
        alert_tstamp: 1,
        alert_subtype: `s${from + n}`,
      }));
      assert.equal((await webhook(alerts)).status, 200);
    }
    const { held, dropped } = await service.queue('hook');
    assert.deepEqual([held, dropped], [count, {}]);
    assert.deepEqual(await service.control.call('recipients.resume', { name: 'hook' }), { resumed: count });
    await service.sent('hook', count);
    const got = alertsOf(hook).map((alert) => alert['alert_subtype']);
    assert.deepEqual(
      got,
      Array.from({ length: count }, (_, n) => `s${n}`),
    );
  });
});

describe('its example modules, ported, from modules_dir', () => {
  const skip = process.getuid?.() === 0 ? false : 'own modules must belong to root, and this user is not';

  test('mails of up to 100 alerts, and the log of floods', { skip }, async (t) => {
    const place = realpathSync(tempDir(t));
    const modules = join(place, 'modules');
    const drop = join(place, 'drop');
    mkdirSync(modules, { mode: 0o755 });
    for (const name of ['email-digest.mjs', 'flow-flood.mjs']) {
      copyFileSync(join(projectRoot(), 'test', 'fixtures', 'sinks', name), join(modules, name));
      chmodSync(join(modules, name), 0o644);
    }
    const { service, webhook } = await world(t, {
      modules_dir: modules,
      endpoints: {
        mails: { type: 'email-digest', drop, sender: 'ntopng@example.org' },
        floods: { type: 'flow-flood' },
      },
      recipients: {
        ana: { endpoint: 'mails', email_recipient: 'ana@example.org', audience: 'machine', every: 0 },
        floods: { endpoint: 'floods', alert_type: 'flow_flood' },
      },
      route: { to: ['hook', 'ana', 'floods'] },
    });
    const alerts = Array.from({ length: 150 }, (_, n) => ({
      ...engaged,
      alert_tstamp: n + 1,
      alert_type: n === 149 ? 'flow_flood' : 'scan',
    }));
    assert.equal((await webhook(alerts)).status, 200);
    await service.sent('ana', 150);
    await service.sent('floods', 150);
    const mails = readdirSync(drop).map((name) => readFileSync(join(drop, name), 'utf8'));
    const counts = mails.map((mail) => Number(/^Subject: (\d+) alerts/m.exec(mail)?.[1]));
    assert.deepEqual(
      counts.toSorted((a, b) => b - a),
      [100, 50],
    );
    await until(() => service.log.lines.some(({ text }) => /flood: .*198\.51\.100\.7@0/.test(text)));
    assert.equal(service.log.lines.filter(({ text }) => text.includes('flood: ')).length, 1);
    const { outcome } = await service.control.call('recipients.test', { name: 'floods' });
    assert.equal(outcome.kind, 'ok');
  });
});
