/** The session with a prelude-manager: TLS, pin, greeting, capability, and how each fault of it is said. */

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import type { Outcome } from '../../../src/core/outcome.ts';
import { socketFault } from '../../../src/destinations/prelude/dial.ts';
import { readPreludeUrl } from '../../../src/destinations/prelude/prelude-url.ts';
import { startFakeManager } from '../../support/fake-manager.ts';
import { freePort } from '../../support/free-port.ts';
import { portOf } from '../../support/https-host.ts';
import { makeSite, register } from '../../support/prelude-site.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { deliver, kinds, makeWorld, parcelOf, type World } from './destination-world.ts';

async function only(world: World, port?: number, idleMs = 5_000): Promise<Outcome> {
  const destination =
    port === undefined && idleMs === 5_000 ? world.destination : world.make({ idleMs }, port);
  const [outcome] = await deliver(destination, parcelOf(['a']));
  assert.ok(outcome !== undefined);
  return outcome;
}

function expectFault(outcome: Outcome, kind: 'again' | 'broken', reason: RegExp, hint: RegExp): void {
  assert.equal(outcome.kind, kind, JSON.stringify(outcome));
  assert.ok(outcome.kind === 'again' || outcome.kind === 'broken');
  const { reason: said, hint: remedy = '' } = outcome;
  assert.match(said, reason);
  assert.match(remedy, hint);
  assert.doesNotMatch(`${said} ${remedy}`, /\{\w+\}|undefined|prelude-manager 127/);
}

describe('a session', () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`stands with ${maxVersion}: one certificate, one capability, one goodbye`, async (t) => {
      const { manager, destination } = await makeWorld(t, { manager: { maxVersion } });
      assert.equal(kinds(await deliver(destination, parcelOf(['a', 'b']))), 'ok ok');
      assert.equal(kinds(await deliver(destination, parcelOf(['c'], 3))), 'ok');
      await destination.close();
      await until(() => manager.sessions[0]?.ended);
      assert.deepEqual(manager.sessions, [
        { analyzerid: '1978572970187651', certificates: 1, protocol: maxVersion, capability: 5, ended: true },
      ]);
    });
  }

  test('of an idmef:w profile asks to write only', async (t) => {
    const { manager, destination } = await makeWorld(t, { rights: 4 });
    assert.equal(kinds(await deliver(destination, parcelOf(['a']))), 'ok');
    assert.equal(manager.sessions[0]?.capability, 4);
  });

  test('shows the certificate of this manager when the profile has several', async (t) => {
    const other = await makeSite('42');
    const { manager, destination, make } = await makeWorld(t, {
      registrations: (site) => Promise.resolve([{ site: other }, { site }]),
    });
    assert.equal(kinds(await deliver(destination, parcelOf(['a']))), 'ok');
    assert.equal(manager.sessions.at(-1)?.certificates, 1);
    const second = await startFakeManager(t, other);
    assert.equal(kinds(await deliver(make({}, second.port), parcelOf(['b']))), 'ok');
    assert.equal(second.sessions.length, 1);
  });

  test('is opened anew with the new files when the profile has been registered anew', async (t) => {
    const world = await makeWorld(t);
    const { dir, manager, destination, site } = world;
    assert.equal(kinds(await deliver(destination, parcelOf(['a']))), 'ok');
    const fresh = join(tempDir(t), 'fresh');
    await register(fresh, '77', [{ site }]);
    cpSync(fresh, dir, { recursive: true });
    assert.equal(kinds(await deliver(destination, parcelOf(['b'], 2))), 'ok');
    assert.deepEqual(
      manager.sessions.map(({ analyzerid }) => analyzerid),
      ['1978572970187651', '77'],
    );
  });

  test('goes on with the fault when the profile is gone, and with the session when it is back', async (t) => {
    const world = await makeWorld(t);
    const { dir, destination, manager } = world;
    const elsewhere = join(tempDir(t), 'elsewhere');
    cpSync(dir, elsewhere, { recursive: true });
    const broken = join(tempDir(t), 'broken');
    await register(broken, '77', [{ site: world.site, rights: 1 }]);
    cpSync(broken, dir, { recursive: true });
    expectFault(
      await only(world),
      'broken',
      /^registered the profile without the right to write/,
      /^register it anew/,
    );
    assert.equal(manager.sessions.length, 0);
    cpSync(elsewhere, dir, { recursive: true });
    assert.equal(kinds(await deliver(destination, parcelOf(['b']))), 'ok');
  });

  test('carries messages larger than a record, and many small ones, and none stays behind', async (t) => {
    const { manager, destination } = await makeWorld(t, { manager: { echo: () => 'echo' } });
    const ids = Array.from({ length: 200 }, (_, n) => `m${n}`);
    const parcel = parcelOf(ids, 1, (id) => alertWith(id, Number(id.slice(1)) % 20 === 0 ? 70_000 : 900));
    const outcomes = await deliver(destination, parcel);
    assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(['ok']));
    assert.equal(manager.alerts().length, 200);
    assert.equal(manager.invalid, 0);
  });
});

function alertWith(id: string, bytes: number): string {
  return (
    `<Alert xmlns="http://iana.org/idmef" messageid="${id}"><Analyzer analyzerid="s"/>` +
    `<CreateTime ntpstamp="0xbc71f4f5.0xef449129">2000-03-09T10:01:25.93464Z</CreateTime>` +
    `<Classification text="${'x'.repeat(bytes)}"/></Alert>`
  );
}

interface FaultCase {
  readonly title: string;
  readonly kind: 'again' | 'broken';
  readonly reason: RegExp;
  readonly hint: RegExp;
  readonly inject: (t: TestContext) => Promise<Outcome>;
}

const faults: readonly FaultCase[] = [
  {
    title: 'nothing listens there',
    kind: 'again',
    reason: /^refused the connection \(ECONNREFUSED\)$/,
    hint: /is the service running/,
    inject: async (t) => await only(await makeWorld(t), await freePort()),
  },
  {
    title: 'what listens there does not speak',
    kind: 'again',
    reason: /^did not accept the connection in time$/,
    hint: /network and the firewall/,
    inject: async (t) => await only(await makeWorld(t), await tcp(t, () => undefined), 200),
  },
  {
    title: 'what listens there speaks something else',
    kind: 'broken',
    reason: /^does not speak TLS on this port$/,
    hint: /check the port/,
    inject: async (t) =>
      await only(
        await makeWorld(t),
        await tcp(t, (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      ),
  },
  {
    title: 'what listens there hangs up during the handshake',
    kind: 'broken',
    reason: /^ends the session instead of accepting us \(during the TLS handshake\)$/,
    hint: /its log says why/,
    inject: async (t) =>
      await only(await makeWorld(t), await tcp(t, (socket) => void socket.once('data', () => socket.end()))),
  },
  {
    title: 'a manager of another site',
    kind: 'broken',
    reason: /^shows the certificate of manager 4711, and the profile trusts manager 361208545598339$/,
    hint: /^a manager of another site listens there, .* prelude-admin register relay "idmef:w" 127\.0\.0\.1/,
    inject: async (t) => {
      const stranger = await startFakeManager(t, await makeSite('4711'));
      const outcome = await only(await makeWorld(t), stranger.port);
      assert.equal(stranger.reported.length, 0);
      return outcome;
    },
  },
  {
    title: 'a manager of the same name with another key',
    kind: 'broken',
    reason:
      /^shows the certificate of manager 361208545598339, and the profile trusts manager 361208545598339$/,
    hint: /was made anew/,
    inject: async (t) => {
      const stranger = await startFakeManager(t, await makeSite('361208545598339'));
      return await only(await makeWorld(t), stranger.port);
    },
  },
  {
    title: 'authentication refused',
    kind: 'broken',
    reason: /^ends the session instead of accepting us \(authentication failed\)$/,
    hint: /its log says why: a revoked or foreign certificate/,
    inject: async (t) => await only(await makeWorld(t, { manager: { greeting: 'refuse' } })),
  },
  {
    title: 'closed instead of greeting',
    kind: 'broken',
    reason: /^ends the session instead of accepting us \(it closes the connection\)$/,
    hint: /its log says why/,
    inject: async (t) => await only(await makeWorld(t, { manager: { greeting: 'close' } })),
  },
  {
    title: 'reset instead of greeting',
    kind: 'again',
    reason: /^broke the connection off \(E\w+\)$/,
    hint: /^$/,
    inject: async (t) => await only(await makeWorld(t, { manager: { greeting: 'reset' } })),
  },
  {
    title: 'no greeting',
    kind: 'again',
    reason: /^takes the connection and does not greet within 0\.2 s$/,
    hint: /overloaded/,
    inject: async (t) => await only(await makeWorld(t, { manager: { greeting: 'silent' }, idleMs: 200 })),
  },
  {
    title: 'greeted by something else than a manager',
    kind: 'broken',
    reason: /^says what is not of the protocol: protocol version 72, where 1 is spoken$/,
    hint: /is it a prelude-manager/,
    inject: async (t) => await only(await makeWorld(t, { manager: { greeting: 'garbage' } })),
  },
  {
    title: 'greeted by another message',
    kind: 'broken',
    reason: /^says what is not of the protocol: its first message is of kind 7, and no greeting$/,
    hint: /is it a prelude-manager/,
    inject: async (t) => await only(await makeWorld(t, { manager: { greeting: 'other-kind' } })),
  },
  {
    title: 'closed at the first message',
    kind: 'broken',
    reason: /^accepts us and ends the session at the first message$/,
    hint: /insufficient credentials/,
    inject: async (t) => await only(await makeWorld(t, { rights: 4, manager: { unwilling: true } })),
  },
  {
    title: 'closed at the first message of a reader',
    kind: 'broken',
    reason: /^accepts us and ends the session at the first message$/,
    hint: /insufficient credentials/,
    inject: async (t) => await only(await makeWorld(t, { manager: { unwilling: true } })),
  },
  {
    title: 'a reader in a run that ends',
    kind: 'broken',
    reason:
      /^has given the profile the right to read too \(idmef:rw\), and a run that ends must not use that/,
    hint: /registered with "idmef:w" only, or run with --follow$/,
    inject: async (t) => {
      const world = await makeWorld(t, { longRunning: false });
      const outcome = await only(world);
      assert.equal(world.manager.sessions.length, 0);
      return outcome;
    },
  },
];

async function tcp(t: TestContext, serve: (socket: Socket) => void): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    t.after(() => void socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  return portOf(server);
}

describe('a fault of a session', () => {
  for (const { title, kind, reason, hint, inject } of faults) {
    test(`${title}: ${kind}`, async (t) => {
      expectFault(await inject(t), kind, reason, hint);
    });
  }

  const alerts: readonly (readonly [code: string, text: RegExp])[] = [
    [
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      /does not accept the certificate .* \(alert: unknown certification authority\)$/,
    ],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', /does not accept the certificate .* \(alert: bad certificate\)$/],
    [
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
      /does not accept the certificate .* \(alert: certificate expired\)$/,
    ],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', /has revoked the certificate of the profile/],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED', /has revoked the certificate of the profile/],
  ];
  for (const [code, text] of alerts) {
    test(`${code} is a judgement of our certificate`, () => {
      const address = readPreludeUrl(new URL('prelude://mgr?profile=relay'));
      const fault = socketFault(Object.assign(new Error(code), { code }), address);
      assert.equal(fault.code, 'DESTINATION_BROKEN');
      assert.match(fault.message, text);
      assert.match(fault.hint ?? '', /register relay "idmef:w" mgr/);
    });
  }
});
