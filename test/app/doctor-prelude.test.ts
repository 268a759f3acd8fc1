/**
 * `idmef doctor` between us and a prelude-manager: profile, connection, certificate, session, rights, readers that have
 * gone. Each fault is injected with a stand-in for the manager.
 */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';

import type { DoctorDeps } from '../../src/app/doctor.ts';
import { frame, messageTags } from '../../src/destinations/prelude/frames.ts';
import { startFakeManager, type FakeManager, type ManagerOptions } from '../support/fake-manager.ts';
import { freePort } from '../support/free-port.ts';
import { makePki, type Pki } from '../support/pki.ts';
import { makeSite, register, type PreludeSite, type Registration } from '../support/prelude-site.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runCases, type Case } from './doctor-cases.ts';
import { examineProfile, profileOf, startTls, type Seen } from './doctor-world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const AGENT = '1978572970187651';
const dir = tempDir({ after });
const long = { notAfter: new Date(Date.now() + 100 * DAY) };
let pki: Pki;
let site: PreludeSite;
let profiles = 0;

before(async () => {
  pki = await makePki(join(dir, 'pki'), { cn: 'Site CA' });
  site = await makeSite('361208545598339');
});

async function profileFor(...registrations: readonly Registration[]): Promise<string> {
  const made = join(dir, `profile-${(profiles += 1)}`);
  await register(made, AGENT, registrations.length === 0 ? [{ site, ...long }] : registrations);
  return made;
}

/** What is found of the destination; nothing is at the sensor's URL. */
async function examine(profileDir: string, port: number, deps: Partial<DoctorDeps> = {}): Promise<Seen> {
  const url = new URL(`prelude://127.0.0.1:${port}?profile=relay&dir=${profileDir}`);
  const seen = await examineProfile(profileOf(dir, pki, { managers: [url], timeoutSeconds: 1 }), deps);
  const findings = seen.findings.filter(({ subject }) => subject.startsWith('prelude-manager'));
  const named = (wanted: string): string[] =>
    findings.filter(({ level }) => level === wanted).map(({ name }) => name);
  const faults = named('fault');
  return { ...seen, findings, faults, warnings: named('warn'), exit: faults.length === 0 ? 0 : seen.exit };
}

async function manager(t: TestContext, options: ManagerOptions = {}, own = site): Promise<FakeManager> {
  return await startFakeManager(t, own, options);
}

/** A spool with messages kept for this reader since `ago` ms. */
function spoolWith(reader: string, ago: number, bytes = 3_000_000): { spool: string; profiles: string } {
  const spool = join(dir, `spool-${(profiles += 1)}`);
  const place = join(spool, 'prelude-manager', `send-failover.${reader}`);
  mkdirSync(place, { recursive: true });
  const first = frame(messageTags.idmef, 0, Buffer.alloc(Math.max(1, bytes - 16)), Date.now() - ago);
  writeFileSync(join(place, 'data0'), bytes === 0 ? '' : first);
  writeFileSync(join(place, 'data0.journal'), Buffer.alloc(40));
  const registered = join(spool, 'profiles');
  mkdirSync(join(registered, 'old-relay'), { recursive: true });
  writeFileSync(join(registered, 'old-relay', 'analyzerid'), '77\n');
  return { spool, profiles: registered };
}

const cases: readonly Case[] = [
  {
    injected: 'the profile is missing',
    named: 'prelude-profile-missing',
    text: /prelude-manager 127\.0\.0\.1:\d+ \(profile relay\) has no profile on this host: \S+ does not exist$/,
    remedy: /prelude-admin register relay "idmef:w" 127\.0\.0\.1 --uid \d+ --gid \d+$/,
    inject: async (t) => await examine(join(dir, 'nowhere'), (await manager(t)).port),
  },
  {
    injected: 'a file of the profile is missing',
    named: 'prelude-profile-damaged',
    text: /has a profile that cannot be used: \S+client\.trusted does not exist$/,
    remedy: /^register it anew: prelude-admin del relay, then /,
    inject: async (t) => {
      const own = await profileFor();
      rmSync(join(own, 'client.trusted'));
      return await examine(own, (await manager(t)).port);
    },
  },
  {
    injected: 'the key is of another profile',
    named: 'prelude-key-mismatch',
    text: /key is not that of its certificate/,
    remedy: /^register it anew/,
    inject: async (t) => {
      const own = await profileFor();
      cpSync(join(await profileFor(), 'key'), join(own, 'key'));
      return await examine(own, (await manager(t)).port);
    },
  },
  {
    injected: 'the certificate has ended',
    named: 'prelude-certificate-expired',
    text: /gave the profile a certificate that ended \d{4}-\d\d-\d\d/,
    remedy: /^register it anew/,
    inject: async (t) => {
      const own = await profileFor({ site, notAfter: new Date(Date.now() - HOUR / 2) });
      return await examine(own, (await manager(t)).port);
    },
  },
  {
    injected: 'the certificate ends soon',
    named: 'prelude-certificate-ends',
    text: /gave the profile a certificate that ends \d{4}-\d\d-\d\d, in 2 days: \S+client\.keycrt$/,
    remedy: /register the profile anew/,
    inject: async (t) => {
      const own = await profileFor({ site, notAfter: new Date(Date.now() + 2.5 * DAY) });
      return await examine(own, (await manager(t)).port);
    },
  },
  {
    injected: 'the profile may only read',
    named: 'prelude-no-write-right',
    text: /registered the profile without the right to write \(it has idmef:r\)$/,
    remedy: /register relay "idmef:w"/,
    inject: async (t) =>
      await examine(await profileFor({ site, rights: 1, ...long }), (await manager(t)).port),
  },
  {
    injected: 'nothing listens on the port',
    named: 'connection-refused',
    text: /prelude-manager 127\.0\.0\.1:\d+ \(profile relay\) refused the connection \(ECONNREFUSED\)$/,
    remedy: /is the service running/,
    inject: async () => await examine(await profileFor(), await freePort()),
  },
  {
    injected: 'a manager of another site',
    named: 'prelude-other-manager',
    text: /shows the certificate of manager 42, and the profile trusts manager 361208545598339$/,
    remedy: /correct the address, or register with it/,
    inject: async (t) => await examine(await profileFor(), (await manager(t, {}, await makeSite('42'))).port),
  },
  {
    injected: 'a web server in its place',
    named: 'prelude-other-manager',
    text: /shows the certificate of something that is no prelude-manager \(CN=localhost\), and the profile trusts/,
    remedy: /correct the address/,
    inject: async (t) => {
      const { certPem: cert, keyPem: key } = pki.server;
      return await examine(await profileFor(), await startTls(t, { cert, key }));
    },
  },
  {
    injected: 'one of two managers whose certificate is missing',
    named: 'prelude-certificate-missing',
    text: /is manager 43, and \S+client\.keycrt has no certificate of it, only of manager 361208545598339$/,
    remedy: /^register the profile with this manager too/,
    inject: async (t) => {
      const second = await makeSite('43');
      const own = await profileFor();
      const both = await profileFor({ site, ...long }, { site: second, ...long });
      cpSync(join(both, 'client.trusted'), join(own, 'client.trusted'));
      return await examine(own, (await manager(t, {}, second)).port);
    },
  },
  {
    injected: 'the manager does not take us',
    named: 'prelude-rejected',
    text: /ends the session instead of accepting us \(authentication failed\)$/,
    remedy: /its log says why/,
    inject: async (t) => await examine(await profileFor(), (await manager(t, { greeting: 'refuse' })).port),
  },
  {
    injected: 'the manager hangs',
    named: 'prelude-silent',
    text: /takes the connection and does not greet within 1 s$/,
    remedy: /look at it there/,
    inject: async (t) => await examine(await profileFor(), (await manager(t, { greeting: 'silent' })).port),
  },
  {
    injected: 'something else speaks there',
    named: 'prelude-protocol',
    text: /says what is not of the protocol: protocol version 72/,
    remedy: /is it a prelude-manager/,
    inject: async (t) => await examine(await profileFor(), (await manager(t, { greeting: 'garbage' })).port),
  },
  {
    injected: 'a reader of this host is away',
    named: 'prelude-reader-away',
    text: /a prelude-manager of this host keeps 2\.9 MiB of events for profile old-relay \(analyzer 77\), the oldest for 3 h, in \S+send-failover\.77: /,
    remedy: /^start it \(http-proxy --follow\); if it is to read no more/,
    inject: async (t) =>
      await examine(await profileFor(), (await manager(t)).port, { preludeDirs: spoolWith('77', 3 * HOUR) }),
  },
  {
    injected: 'a reader nobody knows is away',
    named: 'prelude-reader-away',
    text: /for analyzer 78, the oldest for 11 min, in /,
    remedy: /remove that directory while the manager is stopped$/,
    inject: async (t) =>
      await examine(await profileFor(), (await manager(t)).port, {
        preludeDirs: spoolWith('78', 11 * 60_000),
      }),
  },
];

runCases('doctor and prelude-manager', cases);

describe('doctor and a prelude-manager that is in order', () => {
  for (const [rights, says] of [
    [4, /^rights: idmef:w: delivery is unacknowledged$/],
    [5, /^rights: idmef:rw: delivery is acknowledged with --follow, and refused in runs that end$/],
  ] as const) {
    test(`rights ${rights}: nothing is found, nothing sent, and it is no reader`, async (t) => {
      const { port, sessions, reported } = await manager(t);
      const seen = await examine(await profileFor({ site, rights, ...long }), port);
      assert.deepEqual([seen.exit, seen.findings], [0, []]);
      assert.ok(
        seen.good.some((line) => says.test(line)),
        seen.good.join('\n'),
      );
      assert.ok(
        seen.good.some((line) => /^session: manager 361208545598339, TLSv1\.[23], takes us$/.test(line)),
      );
      assert.ok(
        seen.good.some((line) =>
          line.startsWith("readers: who reads and is away is seen on the manager's host only"),
        ),
      );
      assert.equal(reported.length, 0);
      assert.deepEqual(
        sessions.map(({ capability }) => capability),
        [4],
      );
    });
  }

  test('readers that are there, or away for a moment only, are no finding', async (t) => {
    const { port } = await manager(t);
    const own = await profileFor();
    for (const preludeDirs of [spoolWith('77', 0, 0), spoolWith('77', 60_000)]) {
      const seen = await examine(own, port, { preludeDirs });
      assert.deepEqual(seen.findings, []);
      assert.ok(seen.good.includes('readers: nobody is away for whom a manager of this host keeps events'));
    }
  });
});
