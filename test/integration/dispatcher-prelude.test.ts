/**
 * Prelude as one recipient among others: IDMEF posted to the built dispatcher, delivered to a real prelude-manager through a web gateway and
 * natively, and compared field by field; and from one dispatcher to the next with its origin kept, where a loop is refused and counted.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { isObject, type JsonObject } from '../../src/core/json-object.ts';
import { RFC_NAMESPACE } from '../../src/idmef/envelope.ts';
import { alertElement, document } from '../support/tiny-alerts.ts';
import { makePki, type Pki } from '../support/pki.ts';
import {
  compareWithManager,
  describeLosses,
  dialectLimits,
  echoLimits,
  type Limit,
  type Original,
} from '../support/prelude-compare.ts';
import { noPrelude, startPreludeManager, type PreludeManager } from '../support/prelude-manager.ts';
import { startSecefGateway } from '../support/secef-gateway.ts';
import { freePort } from '../support/free-port.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { noCorpus, validCorpus } from '../support/valid-corpus.ts';
import { wholeMessages } from '../support/whole-rfc.ts';
import { httpsSource, startDispatcher, type DispatcherProgram } from './dispatcher-program.ts';

const LONG_MS = 60_000;

interface Sample {
  readonly documents: readonly Buffer[];
  readonly originals: readonly Original[];
}

function whole(): Sample {
  const { messages } = wholeMessages();
  return {
    documents: messages.map(({ text }) =>
      Buffer.from(`<IDMEF-Message xmlns="${RFC_NAMESPACE}">${text}</IDMEF-Message>`),
    ),
    originals: messages.map(({ name, text }) => ({ name, bytes: Buffer.from(text) })),
  };
}

/** From the field; what stands there twice is once a message here. */
function corpus(): Sample {
  const seen = new Set<string>();
  const documents = validCorpus().filter(({ messages }) => messages.length > 0);
  return {
    documents: documents.map(({ bytes }) => Buffer.from(bytes)),
    originals: documents.flatMap(({ name, messages }) =>
      messages.flatMap((bytes, index) => {
        const hash = createHash('sha256').update(bytes).digest('hex');
        if (seen.has(hash)) return [];
        seen.add(hash);
        return [{ name: `${name} ${index + 1}`, bytes }];
      }),
    ),
  };
}

interface Way {
  readonly name: string;
  readonly permissions: 'idmef:w' | 'idmef:rw';
  readonly limits: readonly Limit[];
  /** The endpoint towards the manager. */
  endpoint(t: Ending, pki: Pki, manager: PreludeManager, profile: string): Promise<JsonObject>;
}

interface Ending {
  after(hook: () => void | Promise<void>): void;
}

const ways: readonly Way[] = [
  {
    name: 'prelude-gateway',
    permissions: 'idmef:w',
    limits: dialectLimits,
    endpoint: async (t, pki, _manager, profile) => {
      const gateway = await startSecefGateway({ pki, profile });
      t.after(() => gateway.stop());
      return { type: 'prelude-gateway', url: gateway.url, ...clientFiles(pki) };
    },
  },
  {
    name: 'prelude, acknowledged',
    permissions: 'idmef:rw',
    limits: echoLimits,
    endpoint: async (_t, _pki, manager, profile) => ({
      type: 'prelude',
      url: await Promise.resolve(manager.url(profile)),
    }),
  },
];

function clientFiles({ client, caFile }: Pki): JsonObject {
  return { client_cert: client.certFile, client_key: client.keyFile, ca_file: caFile };
}

/** Hooks run in the opposite order: programs end before their directory goes. */
function endings(t: TestContext): Ending {
  const hooks: (() => void | Promise<void>)[] = [];
  t.after(async () => {
    for (const hook of hooks.toReversed()) await hook();
  });
  return { after: (hook) => void hooks.push(hook) };
}

for (const [name, make, skip] of [
  ['all of the RFC', whole, noPrelude()],
  ['messages from the field', corpus, noPrelude() || noCorpus()],
] as const) {
  for (const way of ways) {
    test(`${name} → ${way.name}: complete, field by field`, { skip }, async (t) => {
      const end = endings(t);
      const dir = tempDir(end);
      const pki = await makePki(join(dir, 'pki'));
      const manager = await startPreludeManager(join(dir, 'prelude'));
      end.after(() => manager.remove());
      const profile = await manager.register(way.permissions);
      const endpoint = await way.endpoint(end, pki, manager, profile);
      const dispatcher = await startDispatcher(end, pki, join(dir, 'dispatcher'), {
        sources: { https: httpsSource(pki) },
        endpoints: { prelude: endpoint },
        recipients: { siem: { endpoint: 'prelude' } },
        route: { to: ['siem'] },
      });
      const { documents, originals } = make();
      assert.ok(originals.length > 10, 'there is hardly anything to carry');
      for (const bytes of documents) {
        assert.equal(await dispatcher.post(bytes, pki.client), '200 OK\n');
      }
      const { sent, dead } = await dispatcher.settled('siem', originals.length);
      assert.deepEqual([sent, dead], [originals.length, 0], dispatcher.stderr());
      await dispatcher.stop();
      await until(() => manager.documents().length >= originals.length, { timeoutMs: LONG_MS });
      await manager.stop();
      const { comparisons, unexpected } = compareWithManager(manager, originals, way.limits);
      assert.equal(
        comparisons
          .filter(({ complete }) => !complete)
          .map(describeLosses)
          .join('\n'),
        '',
      );
      assert.equal(unexpected, 0, 'reports of what nobody sent');
    });
  }
}

describe('from one dispatcher to the next', () => {
  interface Pair {
    readonly pki: Pki;
    readonly first: DispatcherProgram;
    readonly second: DispatcherProgram;
  }

  /** The second sends on to `back`, too. */
  async function pair(t: TestContext, isLoop: boolean): Promise<Pair> {
    const end = endings(t);
    const dir = tempDir(end);
    const pki = await makePki(join(dir, 'pki'));
    const [firstPort, secondPort] = [await freePort(), await freePort()];
    const config = (port: number, next: number): JsonObject => ({
      sources: { https: httpsSource(pki, port), rest: { rate: 6_000 } },
      endpoints: { next: { type: 'idmef', url: `https://localhost:${next}/`, ...clientFiles(pki) } },
      recipients: { next: { endpoint: 'next', enabled: port === firstPort || isLoop } },
      route: { to: ['next'] },
    });
    const second = await startDispatcher(end, pki, join(dir, 'second'), config(secondPort, firstPort));
    const first = await startDispatcher(end, pki, join(dir, 'first'), config(firstPort, secondPort));
    return { pki, first, second };
  }

  const found = async (dispatcher: DispatcherProgram): Promise<readonly JsonObject[]> =>
    await dispatcher.json('messages', 'search', '--since', '7d');

  test('a batch keeps its origin, journal and numbers; sent again it is known', async (t) => {
    const { pki, first, second } = await pair(t, false);
    const batch = Buffer.from(document(alertElement('a-1'), alertElement('a-2')));
    const headers = {
      'idmef-origin': 'profile=dmz1; sensor="dmz1.example"',
      'idmef-sequence': 'journal-of-dmz1; 41-42',
    };
    assert.equal(await first.post(batch, pki.client, headers), '200 OK\n');
    await first.settled('next', 2);
    const origins = (await found(second)).map(({ origin }) => origin).toReversed();
    assert.deepEqual(
      origins.map((origin) => {
        assert.ok(isObject(origin));
        const { profile, sensor, journal, sequence, peer } = origin;
        return [profile, sensor, journal, sequence, peer];
      }),
      [41, 42].map((sequence) => ['dmz1', 'dmz1.example', 'journal-of-dmz1', sequence, 'manager1']),
    );
    // The poller repeats what it has had no answer to: the first knows it, and nothing goes on.
    assert.equal(await first.post(batch, pki.client, headers), '200 OK\n');
    const stats = await statsOf(first);
    assert.deepEqual([stats['stored'], stats['duplicate']], [2, 2]);
    assert.equal((await found(second)).length, 2);
  });

  test('what comes back is refused and counted, and goes round no more', async (t) => {
    const { pki, first, second } = await pair(t, true);
    assert.equal(await first.post(Buffer.from(document(alertElement('round'))), pki.client), '200 OK\n');
    await first.settled('next', 1);
    await until(async () => refusedOf(await statsOf(first)) === 1, {
      timeoutMs: LONG_MS,
      what: 'one refusal for a loop',
    });
    const stats = await statsOf(first);
    assert.deepEqual([stats['stored'], stats['duplicate']], [1, 0]);
    assert.equal((await statsOf(second))['stored'], 1);
    assert.match(first.stderr(), /refused a delivery of our own/);
  });
});

async function statsOf(dispatcher: DispatcherProgram): Promise<JsonObject> {
  const [status] = await dispatcher.json('status');
  const stats = status?.['stats'];
  assert.ok(isObject(stats));
  return stats;
}

function refusedOf({ refused }: JsonObject): number {
  return isObject(refused) ? Number(refused['loop'] ?? 0) : 0;
}
