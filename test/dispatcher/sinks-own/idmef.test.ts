/** The sinks that deliver IDMEF, against stand-ins for their receivers: parcels, origins, outcomes one by one, proof of poison. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';

import * as fc from 'fast-check';

import { pollerLimits } from '../../../src/core/limits.ts';
import type { Outcome } from '../../../src/core/outcome.ts';
import type { MessageOrigin } from '../../../src/dispatcher/model/message.ts';
import type { SendMessage, Sink, SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { idmefType, preludeGatewayType } from '../../../src/dispatcher/sinks/own/idmef/gateway-types.ts';
import { originText, ownJournal, toParcels } from '../../../src/dispatcher/sinks/own/idmef/parcels.ts';
import { withMark } from '../../../src/dispatcher/sinks/own/idmef/with-mark.ts';
import { isOwnDelivery } from '../../../src/dispatcher/door/own-delivery.ts';
import { envelopeHead, envelopeTail } from '../../../src/idmef/envelope.ts';
import { readDocument } from '../../../src/idmef/read-document.ts';
import { preludeType } from '../../../src/dispatcher/sinks/own/idmef/prelude-type.ts';
import { createRefusalProof } from '../../../src/dispatcher/sinks/own/idmef/refusal-proof.ts';
import { startFakeManager } from '../../support/fake-manager.ts';
import { portOf } from '../../support/https-host.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { makeSite, register } from '../../support/prelude-site.ts';
import { startReceiver, startTrivialGateway } from '../../support/receiver.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { endpoint, message, never, notification, recipient, world } from './sink-world.ts';

let pki: Pki;
const hooks: (() => void)[] = [];
before(async () => {
  pki = await makePki(tempDir({ after: (hook) => hooks.push(hook) }));
});
after(() => {
  for (const hook of hooks) hook();
});

const files = (): Record<string, string> => ({
  cert: pki.client.certFile,
  key: pki.client.keyFile,
  ca: pki.caFile,
});

async function open(t: TestContext, type: typeof idmefType, params: Record<string, unknown>): Promise<Sink> {
  const sink = await type.create(endpoint(type.type, params), world());
  t.after(() => sink.close());
  return sink;
}

const send = async (sink: Sink, messages: readonly SendMessage[]): Promise<SinkAnswer> =>
  await sink.send(notification(messages, recipient()), never);

const words = ({ each }: SinkAnswer): string =>
  [...(each ?? new Map<number, Outcome>())].map(([seq, { kind }]) => `${seq} ${kind}`).join(', ');

const poisonBody = Buffer.from(
  message(2)
    .body.toString()
    .replace(/messageid="[^"]*"/, 'messageid="id-poison"'),
);

const from = (profile: string, sensor: string, journal: string, sequence: number): MessageOrigin => ({
  source: 'idmef',
  profile,
  sensor,
  journal,
  sequence,
});

describe('parcels', () => {
  test('keep what a relay said, and number the rest by our store', () => {
    const parcels = toParcels(
      [
        message(11, { origin: from('dmz1', 'dmz1.example', 'AAA', 6) }),
        message(12, { origin: { source: 'syslog' } }),
        message(10, { origin: from('dmz1', 'dmz1.example', 'AAA', 5) }),
        message(13, { origin: from('dmz2', 'a "b" \\c', 'BBB', 1) }),
        message(14, { origin: { source: 'idmef', peer: 'web1' } }),
        // The same number once more: a restored snapshot.
        message(15, { origin: from('dmz1', 'dmz1.example', 'AAA', 5) }),
      ],
      'OWN',
      false,
    );
    assert.deepEqual(
      parcels.map(({ origin, parcel, seqs }) => [origin, parcel.journal, parcel.ranges, seqs.join()]),
      [
        ['profile=dmz1; sensor="dmz1.example"', 'AAA', '5-6', '10,11'],
        ['profile=dispatcher', 'OWN', '12', '12'],
        ['profile=dmz2; sensor="a \\"b\\" \\\\c"', 'BBB', '1', '13'],
        ['profile=dispatcher; sensor="web1"', 'OWN', '14', '14'],
        ['profile=dmz1; sensor="dmz1.example"', 'OWN', '15', '15'],
      ],
    );
  });

  test('hold every message once, ascending, whatever the origins', () => {
    const origin = fc.record(
      {
        source: fc.constant('x'),
        profile: fc.constantFrom('a', 'b', 'c\r\nX: y'),
        sensor: fc.constantFrom('s', 't\n'),
        journal: fc.constantFrom('A', 'B', 'C D'),
        sequence: fc.nat(4),
      },
      { requiredKeys: ['source'] },
    );
    fc.assert(
      fc.property(fc.array(origin, { maxLength: 20 }), fc.boolean(), (origins, together) => {
        const parcels = toParcels(
          origins.map((one, index) => message(index + 1, { origin: one })),
          'OWN',
          together,
        );
        const seqs = parcels.flatMap((parcel) => parcel.seqs).toSorted((a, b) => a - b);
        assert.deepEqual(
          seqs,
          origins.map((_, index) => index + 1),
        );
        for (const { parcel, origin: text } of parcels) {
          assert.match(text, /^[ -~]+$/);
          for (const [index, sequence] of parcel.sequences.entries()) {
            assert.ok(index === 0 || sequence > (parcel.sequences[index - 1] ?? 0));
          }
        }
      }),
    );
  });

  test('our journal’s name is a stable one', () => {
    const deps = { hostname: 'soc' };
    assert.equal(ownJournal(deps, 'a'), ownJournal(deps, 'a'));
    assert.notEqual(ownJournal(deps, 'a'), ownJournal(deps, 'b'));
    assert.equal(ownJournal({ ...deps, mark: () => 'STORE1' }, 'a'), 'STORE1');
    assert.equal(originText({ source: 'x', sensor: 'ü\r\n' }), 'profile=dispatcher; sensor="???"');
  });
});

describe('idmef', () => {
  test('a receiver of ours gets batches with their origin, and a repeat is recognised', async (t) => {
    const receiver = await startReceiver(t, { pki, dir: join(tempDir(t), 'in') });
    const sink = await open(t, idmefType, { url: receiver.url.href, ...files() });
    const messages = [
      message(1, { origin: from('dmz1', 'dmz1.example', 'AAA', 5) }),
      message(2, { origin: from('dmz1', 'dmz1.example', 'AAA', 6) }),
      message(3, { origin: { source: 'rest' } }),
    ];
    assert.equal(words(await send(sink, messages)), '1 ok, 2 ok, 3 ok');
    assert.equal(receiver.stored().length, 3);
    const origins = receiver.seen.map((headers) => headers['idmef-origin']);
    assert.deepEqual(origins, ['profile=dmz1; sensor="dmz1.example"', 'profile=dispatcher']);
    assert.equal(receiver.seen[0]?.['idmef-sequence'], 'AAA; 5-6');
    assert.equal(words(await send(sink, messages)), '1 ok, 2 ok, 3 ok');
    assert.equal(receiver.stored().length, 3);
  });

  test('two calls at once keep their origins apart', async (t) => {
    const receiver = await startReceiver(t, { pki, dir: join(tempDir(t), 'in') });
    const sink = await open(t, idmefType, { url: receiver.url.href, ...files() });
    await Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        await send(sink, [message(n, { origin: from(`dmz${n}`, `s${n}`, `J${n}`, n) })]);
      }),
    );
    for (const headers of receiver.seen) {
      const number = /profile=dmz(\d)/.exec(String(headers['idmef-origin']))?.[1];
      assert.equal(headers['idmef-sequence'], `J${number}; ${number}`);
    }
  });

  test('a receiver that is away, wrong or ill', async (t) => {
    const receiver = await startReceiver(t, { pki, dir: join(tempDir(t), 'in') });
    const sink = await open(t, idmefType, { url: receiver.url.href, ...files() });
    receiver.misbehave = () => ({ status: 503, headers: { 'retry-after': '7' } });
    const busy = await send(sink, [message(1)]);
    assert.deepEqual(busy.outcome.kind === 'again' && busy.outcome.retryAfterMs, 7000);
    receiver.misbehave = () => ({ status: 403 });
    assert.equal((await send(sink, [message(1)])).outcome.kind, 'broken');
    await receiver.close();
    assert.equal((await send(sink, [message(1)])).outcome.kind, 'again');
  });

  test('a receiver that is ill is not asked again for each origin', async (t) => {
    const receiver = await startReceiver(t, { pki, dir: join(tempDir(t), 'in') });
    const sink = await open(t, idmefType, { url: receiver.url.href, ...files() });
    const messages = Array.from({ length: 30 }, (_, n) =>
      message(n, { origin: { source: 'syslog', peer: `192.0.2.${n}` } }),
    );
    let asked = 0;
    receiver.misbehave = () => ((asked += 1), { status: 503 });
    const { outcome, each } = await send(sink, messages);
    assert.deepEqual(
      [outcome.kind, new Set([...(each ?? [])].map(([, { kind }]) => kind))],
      ['again', new Set(['again'])],
    );
    assert.equal(asked, 2);
    // One that does not get through keeps none of the others back.
    receiver.misbehave = (body) => (body.includes('id-poison') ? 'reset' : undefined);
    const poison = message(0, { body: poisonBody, origin: { source: 'syslog', peer: '192.0.2.0' } });
    assert.equal(words(await send(sink, [poison, ...messages.slice(1, 4)])), '0 again, 1 ok, 2 ok, 3 ok');
  });

  test('tests are valid alerts of their own, each another one', async (t) => {
    const receiver = await startReceiver(t, { pki, dir: join(tempDir(t), 'in') });
    const sink = await open(t, idmefType, { url: receiver.url.href, ...files() });
    const rendered = { subject: '', body: '', plain: 'a test of ana' };
    for (const idempotencyKey of ['key-1', 'key-2', 'key-2']) {
      const more = { id: 0, form: 'test', rendered, idempotencyKey } as const;
      assert.equal((await sink.send(notification([], recipient(), more), never)).outcome.kind, 'ok');
    }
    assert.deepEqual(receiver.stored().toSorted(), ['key-1', 'key-2']);
  });
});

describe('the mark', () => {
  const forms = [
    '<idmef:Alert xmlns:idmef="http://iana.org/idmef" messageid="1"><idmef:X/></idmef:Alert>',
    '<Alert xmlns="http://iana.org/idmef"><X/></Alert>\n',
    '<a:Heartbeat xmlns:a="http://iana.org/idmef"><a:X/></a:Heartbeat >',
  ];
  for (const form of forms) {
    test(`is the last child, in the prefix of the element: ${form.slice(0, 14)}`, () => {
      const marked = withMark(message(1, { body: Buffer.from(form) }), 'STORE1');
      const text = marked.body.toString();
      assert.match(
        text,
        /<(\w+:)?AdditionalData type="string" meaning="idmef-relay-delivery"><\1string>STORE1<\/\1string><\/\1AdditionalData><\/\1(Alert|Heartbeat)/,
      );
      assert.equal(text.replace(/<(\w+:)?AdditionalData.*AdditionalData>/, ''), form);
      assert.equal(withMark(marked, 'STORE1'), marked, 'once only');
    });
  }

  test('leaves a message valid and is what the door looks for', () => {
    const { body } = withMark(message(1), 'STORE1');
    const document = readDocument(Buffer.concat([envelopeHead, body, envelopeTail]), 'strict');
    assert.ok(document.readable && document.messages.length === 1);
    assert.equal(isOwnDelivery({ body, origin: { source: 'idmef' } }, 'STORE1'), true);
    assert.equal(isOwnDelivery({ body, origin: { source: 'idmef' } }, 'STORE2'), false);
  });
});

describe('prelude-gateway', () => {
  test('single messages, and one that is not wanted does not die of it at once', async (t) => {
    const gateway = await startTrivialGateway(t, { pki, keep: true });
    const sink = await open(t, preludeGatewayType, { url: gateway.url.href, ...files() });
    gateway.misbehave = (body) => (body.includes('id-poison') ? { status: 500 } : undefined);
    const poison = message(2, { body: poisonBody });
    const rounds: string[] = [];
    for (let n = 0; n < 3; n++) rounds.push(words(await send(sink, [message(10 + n), poison])));
    assert.deepEqual(rounds, ['2 again, 10 ok', '2 again, 11 ok', '2 refused, 12 ok']);
  });

  test('a gateway whose manager is down refuses everything: nothing dies, and it is tried again by itself', async (t) => {
    const gateway = await startTrivialGateway(t, { pki });
    const sink = await open(t, preludeGatewayType, { url: gateway.url.href, ...files() });
    const messages = Array.from({ length: 30 }, (_, n) => message(n));
    gateway.misbehave = () => ({ status: 500 });
    for (let n = 0; n < 4; n++) {
      const { outcome, each } = await send(sink, messages);
      assert.deepEqual(
        new Set([outcome, ...(each ?? new Map<number, Outcome>()).values()].map(({ kind }) => kind)),
        new Set(['again']),
      );
      assert.match(
        'reason' in outcome ? outcome.reason : '',
        /gateway https:\/\/localhost:\d+\/ answers 500/,
      );
    }
    gateway.misbehave = () => undefined;
    assert.equal(words(await send(sink, messages)), messages.map(({ seq }) => `${seq} ok`).join(', '));
  });

  test('what it took before our time was over is not sent again', async (t) => {
    const gateway = await startTrivialGateway(t, { pki });
    const sink = await open(t, preludeGatewayType, { url: gateway.url.href, ...files() });
    const stop = new AbortController();
    gateway.misbehave = (body) => {
      if (!body.includes('id-poison')) return undefined;
      void until(() => gateway.accepted === 30).then(() => stop.abort(new Error('time is up')));
      return 'silent';
    };
    const messages = Array.from({ length: 31 }, (_, n) => message(n, n === 3 ? { body: poisonBody } : {}));
    const { each } = await sink.send(notification(messages, recipient()), stop.signal);
    const fates = [...(each ?? new Map<number, Outcome>()).values()].map(({ kind }) => kind);
    assert.equal(fates[3], 'again');
    // A connection gets the next message when its answer was read.
    const taken = fates.filter((kind) => kind === 'ok').length;
    assert.ok(taken >= 30 - pollerLimits.connections, `${taken} known to be taken`);
    await assert.rejects(
      sink.send(notification(messages, recipient()), AbortSignal.abort(new Error('time is up'))),
      /time is up/,
    );
  });

  test('a certificate that cannot be used refuses the endpoint and names it', async () => {
    const params = { url: 'https://gw.example/', ...files(), cert: '/nonexistent.pem' };
    await assert.rejects(
      preludeGatewayType.create(endpoint('prelude-gateway', params), world()),
      /endpoint my-prelude-gateway: cert \/nonexistent.pem does not exist/,
    );
    await assert.rejects(
      preludeGatewayType.create(endpoint('prelude-gateway', { url: 'https://gw.example/' }), world()),
      /cert is needed/,
    );
  });

  test('only over TLS', () => {
    assert.equal(preludeGatewayType.endpoint.safeParse({ url: 'http://gw.example/' }).success, false);
  });
});

describe('prelude', () => {
  test('a manager confirms each message, and a test', async (t) => {
    const site = await makeSite('361208545598339');
    const dir = join(tempDir(t), 'profile');
    await register(dir, '1978572970187651', [{ site, rights: 5 }]);
    const manager = await startFakeManager(t, site);
    const sink = await open(t, preludeType, {
      url: `prelude://127.0.0.1:${manager.port}?profile=relay&dir=${dir}`,
    });
    assert.equal(words(await send(sink, [message(1), message(2)])), '1 ok, 2 ok');
    assert.equal(manager.alerts().length, 2);
  });

  test('nobody is called before the outbox asks for it, as check must not; then the session is kept up', async (t) => {
    const site = await makeSite('361208545598339');
    const dir = join(tempDir(t), 'profile');
    await register(dir, '1978572970187651', [{ site, rights: 5 }]);
    const manager = await startFakeManager(t, site);
    const params = { url: `prelude://127.0.0.1:${manager.port}?profile=relay&dir=${dir}` };
    let calls = 0;
    const other = createServer((socket) => {
      calls += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => other.close());
    const url = `prelude://127.0.0.1:${portOf(other)}?profile=relay&dir=${dir}`;
    const checked = await open(t, preludeType, { url });
    // Calls are taken in order: after a few of ours one of the sink's would have been seen.
    for (let n = 0; n < 5; n++) await once(connect(portOf(other), '127.0.0.1'), 'close');
    await checked.close();
    assert.equal(calls, 5);
    const sink = await open(t, preludeType, params);
    sink.limits(recipient());
    await until(() => manager.heartbeats().length > 0);
    assert.equal(manager.sessions.length, 1);
  });

  test('a profile that only writes is said to be unacknowledged', async (t) => {
    const site = await makeSite('361208545598339');
    const dir = join(tempDir(t), 'profile');
    await register(dir, '1978572970187651', [{ site, rights: 4 }]);
    const manager = await startFakeManager(t, site);
    const deps = world();
    const sink = await preludeType.create(
      endpoint('prelude', { url: `prelude://127.0.0.1:${manager.port}?profile=relay&dir=${dir}` }),
      deps,
    );
    t.after(() => sink.close());
    assert.match(deps.log.lines[0]?.text ?? '', /unacknowledged/);
  });

  test('a URL that names no profile', async () => {
    await assert.rejects(
      preludeType.create(endpoint('prelude', { url: 'prelude://manager' }), world()),
      /endpoint my-prelude: url must name a profile/,
    );
  });
});

describe('proof of poison', () => {
  const refused: Outcome = { kind: 'refused', reason: 'answers 500' };
  const judge = (rounds: readonly ReadonlyMap<number, Outcome>[]): string[] => {
    const proof = createRefusalProof();
    return rounds.map((round) => [...proof.judge(round).values()].map(({ kind }) => kind).join(' '));
  };

  test('refusals count when others were accepted since', () => {
    const alone = new Map([[1, refused]]);
    const other = new Map<number, Outcome>([[2, { kind: 'ok' }]]);
    assert.deepEqual(judge([alone, other, alone, other, alone, other, alone]), [
      'again',
      'ok',
      'again',
      'ok',
      'again',
      'ok',
      'refused',
    ]);
    assert.deepEqual(judge([alone, alone, alone, alone, alone]), [
      'again',
      'again',
      'again',
      'again',
      'again',
    ]);
  });

  test('what the destination cannot hold is refused at once, with its reason', () => {
    const certain: Outcome = { kind: 'refused', reason: 'no place for it', certain: true };
    assert.deepEqual(
      createRefusalProof()
        .judge(new Map([[1, certain]]))
        .get(1),
      certain,
    );
  });
});
