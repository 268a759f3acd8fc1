/**
 * Endpoints, recipients and sources by command: in force at once and after a restart, or nothing of them is kept. Queues outlive the
 * recipients they belong to.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import { isObject } from '../../../src/core/json-object.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { startWorld, type World } from './world.ts';

let pki: Pki;
const pkiDir = tempDir({ after });
before(async () => {
  pki = await makePki(pkiDir);
});

const chat = (world: World): Record<string, unknown> => ({
  type: 'webhook',
  url: `${world.hook.base.replace('127.0.0.1', '192.0.2.1')}/hook`,
  secret: 'shared-secret-of-both',
});

function jsonTitle(message: unknown): string {
  return isObject(message) ? String(message['title']) : '';
}

async function names(world: World): Promise<string> {
  const recipients = await world.service.control.call('recipients.list', {});
  return recipients.map(({ name }) => name).join(' ');
}

describe('settings by command', () => {
  test('are in force at once, survive a restart, and can be exported and applied', async (t) => {
    const world = await startWorld(t, { pki });
    const { control } = world.service;
    await control.call('endpoints.add', { name: 'chat', value: chat(world) });
    await control.call('recipients.add', { name: 'ops', value: { endpoint: 'chat', owner: 'ana' } });
    await control.call('recipients.set', { name: 'ops', value: { priority: 7, owner: null } });
    assert.equal(await names(world), 'archive siem soc ops');

    const again = await world.restart();
    assert.equal(await names(again), 'archive siem soc ops');
    const exported = await again.service.control.call('export', {});
    assert.deepEqual(exported, {
      endpoints: { chat: chat(world) },
      recipients: { ops: { endpoint: 'chat', priority: 7 } },
      sources: {},
    });

    await again.service.control.call('recipients.remove', { name: 'ops' });
    await again.service.control.call('endpoints.remove', { name: 'chat' });
    assert.equal(await names(again), 'archive siem soc');
    const planned = await again.service.control.call('apply', { ...exported, dryRun: true });
    assert.deepEqual(planned, { put: ['endpoint chat', 'recipient ops'], removed: [] });
    assert.equal(await names(again), 'archive siem soc', 'a plan changes nothing');
    await again.service.control.call('apply', exported);
    assert.deepEqual(await again.service.control.call('export', {}), exported, 'there and back');
    assert.deepEqual(await again.service.control.call('apply', { prune: true }), {
      put: [],
      removed: ['endpoint chat', 'recipient ops'],
    });
    assert.equal(await names(again), 'archive siem soc');
  });

  test('what cannot work is not kept: the next start has the same as this one', async (t) => {
    const world = await startWorld(t, { pki });
    const { control } = world.service;
    for (const [what, call] of [
      ['a type there is not', () => control.call('endpoints.add', { name: 'x', value: { type: 'pigeon' } })],
      [
        'a key there is not',
        () => control.call('endpoints.add', { name: 'x', value: { ...chat(world), colour: 1 } }),
      ],
      // Sound by its schema: only who makes the sink knows.
      [
        'files of this host',
        () =>
          control.call('endpoints.add', { name: 'x', value: { ...chat(world), ca_file: '/etc/ssl/x.pem' } }),
      ],
      [
        'a type of the file only',
        () => control.call('endpoints.add', { name: 'x', value: { type: 'file', dir: '/tmp' } }),
      ],
      ['a name that is none', () => control.call('endpoints.add', { name: 'a/b', value: chat(world) })],
      ['a name that is taken', () => control.call('endpoints.add', { name: 'disk', value: chat(world) })],
      [
        'an endpoint there is not',
        () => control.call('recipients.add', { name: 'x', value: { endpoint: 'none' } }),
      ],
      ['what the file provides', () => control.call('recipients.disable', { name: 'soc' })],
      ['a source there is not', () => control.call('sources.disable', { name: 'pigeons' })],
      [
        'half of an apply',
        () =>
          control.call('apply', {
            endpoints: { good: chat(world), bad: { type: 'pigeon' } },
            recipients: { fine: { endpoint: 'good' } },
          }),
      ],
    ] as const) {
      await assert.rejects(call(), RelayError, what);
    }
    const nothing = { endpoints: {}, recipients: {}, sources: {} };
    assert.deepEqual(await control.call('export', {}), nothing);
    const changes = (await control.call('audit.list', {})).filter(({ by }) => by !== 'system');
    assert.deepEqual(changes, [], 'what was not done is not in the audit log');
    const again = await world.restart();
    assert.equal(await names(again), 'archive siem soc');
  });

  test('a source that is disabled does not listen, at once and after a restart; enabled it does', async (t) => {
    const world = await startWorld(t, {
      pki,
      edit: ({ sources }) =>
        Object.assign(sources ?? {}, { secarc: { listen: '127.0.0.1:0', allow_from: '127.0.0.0/8' } }),
    });
    const listening = ({ service }: World): boolean =>
      service.dispatcher.listeners().some(({ source }) => source === 'secarc');
    assert.equal(listening(world), true);
    await world.service.control.call('sources.disable', { name: 'secarc' });
    await world.service.control.call('sources.disable', { name: 'idmef' });
    assert.equal(listening(world), false);
    assert.equal((await world.alert('x')).status, 404);
    const again = await world.restart();
    assert.equal(listening(again), false);
    await again.service.control.call('sources.enable', { name: 'secarc' });
    await again.service.control.call('sources.enable', { name: 'idmef' });
    assert.equal(listening(again), true);
    assert.equal((await again.alert('x')).status, 200);
    const sources = await again.service.control.call('sources.list', {});
    assert.deepEqual(
      sources.map(({ name, enabled, listeners }) => [name, enabled, listeners.length]),
      [
        ['idmef', true, 1],
        ['rest', true, 1],
        ['secarc', true, 1],
      ],
    );
  });
});

describe('a recipient that is taken away', () => {
  test('leaves its queue, held as removed, and finds it when it is back', async (t) => {
    const world = await startWorld(t, { pki });
    world.hook.say({ status: 503 });
    await world.alert('kept');
    await world.hook.until(1);
    const without = structuredClone(world.config);
    delete without['recipients']?.['siem'];
    Object.assign(without['route'] ?? {}, { to: ['archive'] });
    assert.deepEqual(await world.reload(without), []);
    await until(
      async () => {
        const { heldReason, held } = await world.service.queue('siem');
        return heldReason === 'removed' && held === 1;
      },
      { what: 'the queue to be held' },
    );

    world.hook.say({});
    const again = await world.restart();
    assert.equal((await again.service.queue('archive')).sent, 1);
    await again.service.sent('siem', 1);
  });

  test('or gives it to another one, message by message', async (t) => {
    const world = await startWorld(t, { pki });
    const { control } = world.service;
    await control.call('recipients.hold', { name: 'siem' });
    await world.alert('one');
    await world.alert('two');
    const config = structuredClone(world.config);
    delete config['recipients']?.['siem'];
    Object.assign(config['recipients'] ?? {}, { spare: { endpoint: 'hook' } });
    Object.assign(config['route'] ?? {}, { to: ['archive'] });
    assert.deepEqual(await world.reload(config), []);
    for (const [name, to] of [
      ['archive', 'spare'],
      ['nobody', 'spare'],
      ['siem', 'nobody'],
    ] as const)
      await assert.rejects(control.call('recipients.move', { name, to }), RelayError, `${name} ${to}`);
    assert.deepEqual(await control.call('recipients.move', { name: 'siem', to: 'spare' }), { moved: 2 });
    const entries = (await control.call('audit.list', {})).filter(({ what }) => what === 'recipient.move');
    assert.deepEqual(
      entries.map(({ detail }) => detail),
      ['2 deliveries of siem to spare'],
    );
    await world.service.sent('spare', 2);
    const titles = world.hook.received.flatMap(({ json }) =>
      Array.isArray(json['messages']) ? json['messages'].map((message) => jsonTitle(message)) : [],
    );
    assert.deepEqual(titles.toSorted(), ['one', 'two']);
    const left = await world.service.queue('siem');
    assert.deepEqual([left.held, left.suppressed], [0, { fallback: 2 }]);
  });

  test('one that is disabled suppresses what comes, with its reason', async (t) => {
    const world = await startWorld(t, {
      pki,
      edit: ({ recipients }) => Object.assign(recipients?.['siem'] ?? {}, { enabled: false }),
    });
    await world.alert('x');
    await world.service.sent('archive', 1);
    assert.deepEqual((await world.service.queue('siem')).suppressed, { disabled: 1 });
  });
});
