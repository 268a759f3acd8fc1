/**
 * Our poller in front of the listener: the real sensor and http-proxy as programs, and its gateway destination in every dialect. What
 * they send is what is stored.
 */

import assert from 'node:assert/strict';
import { createSecureContext } from 'node:tls';
import { describe, test, type TestContext } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import type { Outcome } from '../../../src/core/outcome.ts';
import type { Parcel } from '../../../src/destinations/destination.ts';
import { createGateway, type Dialect } from '../../../src/destinations/gateway.ts';
import { formatRanges } from '../../../src/journal/ranges.ts';
import { alertDocument, putInSpool } from '../../support/spool-writer.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { alertElement, invalidElement } from '../../support/tiny-alerts.ts';
import { makeWorld } from '../../support/world.ts';
import { sharedWorld } from './shared-world.ts';
import { makeSite, startSources, viewOf, type SourcesWorld } from './sources-world.ts';

const shared = sharedWorld();

async function deliver(
  t: TestContext,
  world: SourcesWorld,
  elements: readonly string[],
  dialect: Dialect,
): Promise<readonly Outcome[]> {
  const memory = new Map<string, string>();
  const { relay, pki } = world;
  const gateway = createGateway(new URL(`https://localhost:${world.port}/`), {
    tls: () => ({
      secureContext: createSecureContext({ cert: relay.certPem, key: relay.keyPem, ca: pki.caPem }),
      certFile: relay.certFile,
      caFile: pki.caFile,
    }),
    tlsGeneration: () => 0,
    idleMs: 10_000,
    dialect,
    memory: {
      get: async (key) => await Promise.resolve(memory.get(key)),
      set: async (key, value) => {
        await Promise.resolve();
        memory.set(key, value);
      },
    },
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    origin: async () => await Promise.resolve('profile=dmz1; sensor="dmz1.example"'),
  });
  t.after(async () => await gateway.close());
  const bodies = elements.map((element) => Buffer.from(element));
  const sequences = bodies.map((_, index) => index + 17);
  const parcel: Parcel = {
    journal: 'J1',
    sequences,
    ranges: formatRanges(sequences),
    lengths: bodies.map(({ length }) => length),
    bodies,
  };
  const outcomes: Outcome[] = [];
  await gateway.deliver(
    parcel,
    (index, outcome) => (outcomes[index] = outcome),
    new AbortController().signal,
  );
  return outcomes;
}

const three = ['a', 'b', 'c'].map((id) => alertElement(id));
const kinds = (outcomes: readonly Outcome[]): readonly string[] => outcomes.map(({ kind }) => kind);

describe('the gateway destination', () => {
  test('finds a receiver of ours: one batch, byte for byte, with its origin', async (t) => {
    const world = shared();
    assert.deepEqual(kinds(await deliver(t, world, three, 'auto')), ['ok', 'ok', 'ok']);
    assert.equal(world.door.accepted.length, 1);
    assert.deepEqual(
      world.door.messages.map(({ body, origin }) => [
        body.toString(),
        origin.sensor,
        origin.journal,
        origin.sequence,
      ]),
      three.map((element, index) => [element, 'dmz1.example', 'J1', 17 + index]),
    );
  });

  test('has only the faulty message of a batch refused', async (t) => {
    const world = await startSources(t, { config: { idmef: { mode: 'strict' } }, site: shared() });
    const elements = [...three.slice(0, 2), invalidElement('x'), ...three.slice(2)];
    assert.deepEqual(kinds(await deliver(t, world, elements, 'auto')), ['ok', 'ok', 'refused', 'ok']);
    assert.deepEqual(
      world.door.messages.map(({ origin }) => origin.sequence),
      [17, 18, 20],
    );
  });

  for (const dialect of ['rfc', 'secef'] as const) {
    test(`told to speak ${dialect}, as to any gateway: one by one, stored as RFC 4765`, async (t) => {
      const world = shared();
      assert.deepEqual(kinds(await deliver(t, world, three, dialect)), ['ok', 'ok', 'ok']);
      const ids = [];
      for (const message of world.door.messages) ids.push((await viewOf(message)).messageid);
      assert.deepEqual(ids.toSorted(), ['a', 'b', 'c']);
    });
  }

  for (const [error, retryAfterMs] of [
    [new RelayError('JOURNAL_FULL', 'full'), 60_000],
    [new RelayError('JOURNAL_IO', 'EIO'), 5_000],
  ] as const) {
    test(`keeps everything while the store says ${error.code}, and comes again when told`, async (t) => {
      const world = shared();
      world.door.before = async () => await Promise.reject(error);
      const outcomes = await deliver(t, world, three, 'auto');
      assert.deepEqual(kinds(outcomes), ['again', 'again', 'again']);
      const [first] = outcomes;
      assert.ok(first?.kind === 'again');
      assert.equal(first.retryAfterMs, retryAfterMs);
      assert.deepEqual(world.door.accepted, []);
    });
  }

  test('without a role calls its operator, and keeps everything', async (t) => {
    const world = await startSources(t, { site: shared() });
    const { relay } = world;
    world.sources.prepare({
      https: {
        address: '127.0.0.1',
        port: 0,
        tls: { cert: relay.certFile, key: relay.keyFile, ca: world.pki.caFile },
        tlsPolicy: 'anssi',
        allowRelay: [],
        allowProducer: [],
        allowMonitor: [],
      },
      idmef: { mode: 'strict' },
    })();
    assert.deepEqual(kinds(await deliver(t, world, three, 'auto')), ['broken', 'broken', 'broken']);
  });
});

test('sensor, http-proxy and listener: what was put into the spool is at the door, once', async (t) => {
  const site = await makeWorld(tempDir(t));
  const world = await startSources(t, {
    site: await makeSite(site.pki),
    config: {
      https: {
        address: '127.0.0.1',
        port: 0,
        tls: { cert: site.pki.server.certFile, key: site.pki.server.keyFile, ca: site.pki.caFile },
        tlsPolicy: 'anssi',
        allowRelay: ['DNS:manager1'],
        allowProducer: [],
        allowMonitor: [],
      },
    },
  });
  const ids = Array.from({ length: 20 }, (_, index) => `alert-${index}`);
  for (const id of ids) putInSpool(site.spool, id, alertDocument(id));
  const sensor = await site.startSensor();
  t.after(async () => await sensor.kill('SIGKILL'));
  const poll = async (): Promise<void> => {
    const poller = site.startPoller([], [`https://localhost:${world.port}/`]);
    assert.deepEqual((await poller.exited).code, 0, poller.stderr());
  };
  for (let runs = 0; runs < 20 && world.door.messages.length < ids.length; runs += 1) await poll();
  await poll();
  const stored: string[] = [];
  for (const message of world.door.messages) {
    stored.push((await viewOf(message)).messageid);
    assert.equal(message.origin.sensor, 'localhost');
    assert.ok(message.origin.profile !== undefined && message.origin.journal !== undefined);
  }
  assert.deepEqual(stored.toSorted(), ids.toSorted());
});
