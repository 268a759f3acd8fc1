/**
 * What operators do while alerts come in: silences and keys that count at once, incidents, held recipients, looking back, a backup. Every
 * change is in the audit log with who asked, and nothing secret is.
 */

import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { isObject } from '../../../src/core/json-object.ts';
import type { VerbName } from '../../../src/dispatcher/control/call.ts';
import { connectControl } from '../../../src/dispatcher/control/control-client.ts';
import { openStore } from '../../../src/dispatcher/store/in-process.ts';
import { brokenLaws } from '../../../src/dispatcher/store/law.ts';
import { systemClock } from '../../../src/os/clock.ts';
import { systemRandom } from '../../../src/os/random.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { startWorld, type World } from './world.ts';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
  writeFileSync(join(pkiDir, 'token'), '4711:token-of-the-bot', { mode: 0o600 });
});

async function rest(world: World, key: string): Promise<number> {
  const { status } = await world.service.post({
    path: '/api/v1/alerts',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ title: 'by key', severity: 'low' }),
  });
  return status;
}

describe('at once', () => {
  test('a silence keeps people from being told, not machines, until it is expired', async (t) => {
    const world = await startWorld(t, { pki });
    const { control } = world.service;
    const silence = await control.call('silences.add', {
      criteria: "alert.classification.text == 'noise'",
      reason: 'works on the rack',
      until: Date.now() + 3_600_000,
    });
    await world.alert('noise');
    await world.service.sent('archive', 1);
    assert.deepEqual((await world.service.queue('soc')).suppressed, { silence: 1 });
    const preview = await control.call('silences.preview', {
      criteria: 'alert.classification.text <> "noi*"',
    });
    assert.deepEqual([preview.looked, preview.hidden, preview.highHidden], [1, 1, 1]);
    await control.call('silences.expire', { id: silence.id });
    await world.alert('noise');
    await world.service.sent('archive', 2);
    await world.service.sent('soc', 1);
    await assert.rejects(control.call('silences.expire', { id: silence.id }), { code: 'NOT_FOUND' });
  });

  test('keys that are revoked, users who are disabled or gone open nothing any more', async (t) => {
    const world = await startWorld(t, { pki });
    const { control } = world.service;
    const key = await world.service.key('ana');
    assert.equal(await rest(world, key), 201);
    await control.call('users.set', { name: 'ana', disabled: true });
    assert.equal(await rest(world, key), 401);
    await control.call('users.set', { name: 'ana', disabled: false });
    assert.equal(await rest(world, key), 201);
    const [first] = await control.call('keys.list', {});
    await control.call('keys.rotate', { id: first?.id ?? 0, graceMs: 3_600_000 });
    assert.equal(await rest(world, key), 201, 'within the grace');
    await control.call('keys.revoke', { id: first?.id ?? 0 });
    assert.equal(await rest(world, key), 401, 'revoked before it ends');
    await assert.rejects(
      control.call('keys.rotate', { id: first?.id ?? 0, graceMs: 3_600_000 }),
      /does not work any more/,
    );
    assert.equal(await rest(world, key), 401, 'no rotation brings it back');
    const other = await control.call('keys.add', { owner: 'ana' });
    assert.equal(await rest(world, other.key), 201);
    await control.call('users.remove', { name: 'ana' });
    await control.call('users.add', { name: 'ana' });
    assert.equal(await rest(world, other.key), 401, 'another one of that name has none of the keys');
  });
});

describe('looking back', () => {
  test('why: by number, id, tag and incident; search by text, severity and criteria', async (t) => {
    const world = await startWorld(t, { pki });
    const { control } = world.service;
    // One after the other: what is due together goes out together.
    await world.alert('Port scan', 'low');
    await world.service.sent('soc', 1);
    await world.alert('Brute force');
    await world.service.sent('soc', 2);
    await world.service.sent('siem', 2);
    await world.service.sent('archive', 2);
    const [newest, oldest] = (await control.call('messages.search', {})).messages;
    assert.deepEqual(
      [newest?.facts.classification, oldest?.facts.classification],
      ['Brute force', 'Port scan'],
    );
    const titles = async (wish: object): Promise<string[]> =>
      (await control.call('messages.search', wish)).messages.map(({ facts }) => facts.classification);
    assert.deepEqual(await titles({ text: 'scan' }), ['Port scan']);
    assert.deepEqual(await titles({ severity: 'medium' }), ['Brute force']);
    assert.deepEqual(await titles({ criteria: 'alert.source.node.address.address in 198.51.100.0/24' }), [
      'Brute force',
      'Port scan',
    ]);
    await assert.rejects(titles({ criteria: 'alert.nothing == 1' }), { code: 'USAGE' });

    const bySeq = await control.call('why', { id: String(newest?.seq) });
    const byId = await control.call('why', { id: newest?.id ?? '' });
    assert.deepEqual(byId, bySeq);
    assert.deepEqual(
      bySeq.pairs.map(({ recipient, state }) => [recipient, state]),
      [
        ['archive', 'sent'],
        ['siem', 'sent'],
        ['soc', 'sent'],
      ],
    );
    const tag = bySeq.pairs.find(({ recipient }) => recipient === 'soc')?.notifications[0]?.tag ?? '';
    assert.match(tag, /^#[0-9a-z]{3}[a-z]$/);
    for (const id of [tag, tag.slice(1), tag.slice(1).toUpperCase()]) {
      const byTag = await control.call('why', { id });
      assert.deepEqual(
        byTag.notifications?.map(({ recipient, seqs }) => [recipient, seqs]),
        [['soc', [newest?.seq]]],
      );
      assert.equal(byTag.message?.seq, newest?.seq);
      assert.deepEqual(
        byTag.pairs.map(({ recipient }) => recipient),
        ['soc'],
      );
    }
    const [incident] = bySeq.message?.incidents ?? [];
    const byIncident = await control.call('why', { id: `incident:${incident}`, recipient: 'soc' });
    assert.deepEqual([byIncident.incident?.id, byIncident.pairs.length], [incident, 1]);
    for (const [id, code] of [
      ['99', 'NOT_FOUND'],
      ['zzzz', 'NOT_FOUND'],
      ['incident:99', 'NOT_FOUND'],
      ['0'.repeat(32), 'NOT_FOUND'],
      ['who?', 'USAGE'],
      ['', 'USAGE'],
    ] as const) {
      await assert.rejects(control.call('why', { id }), { code }, id);
    }
  });

  test('a tag that several notifications bear: all of them, the newest first', async (t) => {
    const world = await startWorld(t, { pki });
    const { control } = world.service;
    // Refused once: the same text is sent again, plain, under the same name.
    world.hook.say({ status: 503 }, {});
    await world.alert('twice');
    await world.service.sent('siem', 1);
    const { pairs } = await control.call('why', { id: '1' });
    const [first, second] = pairs.find(({ recipient }) => recipient === 'siem')?.notifications ?? [];
    assert.equal(first?.tag, second?.tag);
    const { notifications } = await control.call('why', { id: first?.tag ?? '' });
    assert.deepEqual(
      notifications?.map(({ calls }) => calls.map(({ outcome }) => outcome)),
      [['ok', 'again']],
    );
  });
});

describe('incidents', () => {
  test('one that is acknowledged does not escalate, one that is not does', async (t) => {
    const world = await startWorld(t, {
      pki,
      edit: ({ recipients, route }) => {
        Object.assign(recipients ?? {}, {
          boss: { endpoint: 'disk', file: 'boss.jsonl', audience: 'people' },
        });
        Object.assign(route ?? {}, {
          routes: [{ when: 'alert', to: ['soc'], group_wait: '0', escalate: [{ after: '2s', to: 'boss' }] }],
        });
      },
    });
    const { control } = world.service;
    const told = async (seq: number): Promise<readonly string[]> => {
      const { pairs } = await control.call('why', { id: String(seq) });
      return pairs.filter(({ state }) => state === 'sent').map(({ recipient }) => recipient);
    };
    // On a busy machine the two seconds may be over before it is acknowledged: then there is another one.
    let seq = 0;
    let inTime = false;
    let id = 0;
    while (!inTime) {
      seq += 1;
      await world.alert(`seen to ${seq}`);
      [{ id } = { id: 0 }] = await control.call('incidents.list', { limit: 1 });
      const acked = await control.call('incidents.ack', { id, note: 'on it' });
      assert.deepEqual([acked.state, acked.ackedBy, acked.notes[0]?.text], ['acked', 'cli:test', 'on it']);
      inTime = (acked.ackedAt ?? Infinity) - acked.firstAt < 1_500;
    }
    await world.alert('seen by nobody');
    await until(async () => (await told(seq + 1)).includes('boss'), { what: 'the escalation' });
    assert.ok(!(await told(seq)).includes('boss'));
    await control.call('incidents.close', { id });
    assert.deepEqual(
      (await control.call('incidents.list', { state: 'closed' })).map((incident) => incident.id),
      [id],
    );
  });
});

describe('recipients', () => {
  test('held keeps the queue, resume delivers it, a good test resumes too', async (t) => {
    const world = await startWorld(t, { pki });
    const { control } = world.service;
    await control.call('recipients.hold', { name: 'siem', reason: 'maintenance' });
    await world.alert('one');
    await world.service.sent('archive', 1);
    const held = await world.service.queue('siem');
    assert.deepEqual([held.held, held.heldReason], [1, 'maintenance (cli:test)']);
    assert.deepEqual(await control.call('recipients.resume', { name: 'siem' }), { resumed: 1 });
    await world.service.sent('siem', 1);

    world.hook.say({ status: 401 });
    await world.alert('two');
    await until(async () => (await world.service.queue('siem')).held === 1, {
      what: 'a refused token to hold it',
    });
    world.hook.say({});
    const { outcome } = await control.call('recipients.test', { name: 'siem' });
    assert.equal(outcome.kind, 'ok');
    await world.service.sent('siem', 2);
  });

  test('one that its provider has moved is where it was moved, after a restart too', async (t) => {
    const moved = {
      ok: false,
      error_code: 400,
      description: 'upgraded',
      parameters: { migrate_to_chat_id: -200 },
    };
    const world = await startWorld(t, {
      pki,
      edit: ({ endpoints, recipients, route }) => {
        const hook: unknown = endpoints?.['hook'];
        const url = isObject(hook) ? hook['url'] : undefined;
        Object.assign(endpoints ?? {}, {
          bot: { type: 'telegram', token_file: join(pkiDir, 'token'), api: url },
        });
        Object.assign(recipients ?? {}, { phone: { endpoint: 'bot', chat: -100 } });
        Object.assign(route ?? {}, { to: ['phone'], routes: [] });
      },
    });
    const chats = (): unknown[] => world.hook.received.map(({ json }) => json['chat_id']);
    const taken = { body: { ok: true, result: { message_id: 1 } } };
    world.hook.say({ status: 400, body: moved }, taken);
    await world.alert('one');
    await world.service.sent('phone', 1);
    assert.deepEqual(chats(), [-100, -200]);
    const again = await world.restart();
    await again.alert('two');
    await again.service.sent('phone', 2);
    assert.deepEqual(chats(), [-100, -200, -200]);
  });
});

describe('the store', () => {
  test('is copied while it runs; the copy is whole, opens, and only its owner and group may read it', async (t) => {
    const world = await startWorld(t, { pki });
    for (const text of ['one', 'two', 'three']) await world.alert(text);
    await world.service.sent('siem', 3);
    const path = join(world.dir, 'copy.db');
    await world.service.control.call('backup', { path });
    assert.equal(statSync(path).mode & 0o007, 0);
    assert.equal(statSync(join(world.dir, 'state', 'dispatcher.db')).mode & 0o007, 0);
    await assert.rejects(world.service.control.call('backup', { path }), /exists already/);
    const copy = await openStore({ path, clock: systemClock, random: systemRandom });
    const stats = await copy.stats(Date.now());
    assert.deepEqual(brokenLaws(stats), []);
    assert.equal(stats.stored, 3);
    assert.equal(await copy.verifyAudit(), undefined);
    await copy.close();
  });
});

describe('the audit log', () => {
  test('has every change with who asked, and no secret', async (t) => {
    const world = await startWorld(t, {
      pki,
      edit: ({ sources }) =>
        Object.assign(sources ?? {}, { secarc: { listen: '127.0.0.1:0', allow_from: '127.0.0.1' } }),
    });
    const control = connectControl(join(world.dir, 'state', 'control.sock'), 'cli:ana');
    await world.alert('one');
    await world.service.sent('siem', 1);
    const secret = 'never-to-be-seen-anywhere';
    const value = { type: 'webhook', url: `http://192.0.2.1/${secret}`, secret };
    const steps: readonly (readonly [what: string, name: VerbName, args: Record<string, unknown>])[] = [
      ['user.add', 'users.add', { name: 'bob', password: secret }],
      ['user.set', 'users.set', { name: 'bob', role: 'admin', password: `${secret}2` }],
      ['key.add', 'keys.add', { owner: 'bob' }],
      ['key.rotate', 'keys.rotate', { id: 1 }],
      ['key.revoke', 'keys.revoke', { id: 2 }],
      ['endpoint.add', 'endpoints.add', { name: 'out', value }],
      ['endpoint.set', 'endpoints.set', { name: 'out', value: { secret: `${secret}3` } }],
      ['recipient.add', 'recipients.add', { name: 'far', value: { endpoint: 'out' } }],
      ['recipient.set', 'recipients.set', { name: 'far', value: { priority: 3 } }],
      ['recipient.disable', 'recipients.disable', { name: 'far' }],
      ['recipient.enable', 'recipients.enable', { name: 'far' }],
      ['recipient.hold', 'recipients.hold', { name: 'far', reason: 'x' }],
      ['recipient.resume', 'recipients.resume', { name: 'far' }],
      ['recipient.test', 'recipients.test', { name: 'siem' }],
      ['recipient.remove', 'recipients.remove', { name: 'far' }],
      ['endpoint.remove', 'endpoints.remove', { name: 'out' }],
      ['source.disable', 'sources.disable', { name: 'secarc' }],
      ['source.enable', 'sources.enable', { name: 'secarc' }],
      ['config.apply', 'apply', { endpoints: { out: value } }],
      ['config.reload', 'config.reload', {}],
      ['silence.add', 'silences.add', { criteria: 'alert', reason: 'r', until: Date.now() + 60_000 }],
      ['silence.expire', 'silences.expire', { id: 1 }],
      ['incident.ack', 'incidents.ack', { id: 1 }],
      ['incident.note', 'incidents.note', { id: 1, note: 'n' }],
      ['incident.close', 'incidents.close', { id: 1 }],
      ['dead.redrive', 'dead.redrive', { recipient: 'siem' }],
      ['dead.dismiss', 'dead.dismiss', { recipient: 'siem' }],
      ['backup', 'backup', { path: join(world.dir, 'audit-copy.db') }],
      ['user.remove', 'users.remove', { name: 'bob' }],
      [
        'import.alertgateway',
        'import.alertgateway',
        { users: [{ name: 'eve' }], endpoints: {}, recipients: {}, dryRun: false },
      ],
    ];
    for (const [, name, args] of steps) await control.call(name, args);
    const entries = await control.call('audit.list', {});
    assert.deepEqual(
      entries.filter(({ by }) => by === 'cli:ana').map(({ what }) => what),
      steps.map(([what]) => what),
    );
    assert.deepEqual(
      entries.map(({ id }) => id),
      entries.map((_, index) => index + 1),
      'newest last',
    );
    assert.ok(!JSON.stringify(entries).includes(secret));
    assert.deepEqual(await control.call('audit.verify', {}), { whole: true });
    const last = await control.call('audit.list', { limit: 2 });
    assert.deepEqual(
      last.map(({ id }) => id),
      entries.slice(-2).map(({ id }) => id),
    );
  });
});
