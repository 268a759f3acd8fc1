/**
 * `idmef doctor` on a sensor host: files, spool, state, port and kernel as reverse-server needs them. Each fault is
 * injected into a host that is otherwise in order, with a server that runs.
 */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';

import type { DoctorDeps } from '../../src/app/doctor.ts';
import type { ReverseServerConfig } from '../../src/app/reverse-server-config.ts';
import { createReverseServer } from '../../src/app/reverse-server.ts';
import { openJournal } from '../../src/journal/in-process.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { freePort } from '../support/free-port.ts';
import { makePki, type Issued, type Pki } from '../support/pki.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { alertElement } from '../support/tiny-alerts.ts';
import { runCases, type Case } from './doctor-cases.ts';
import { examineServer, startTcp, startTls, tlsOf, type Seen } from './doctor-world.ts';

const DAY = 86_400_000;

let pki: Pki;
let own: Issued;
const dir = tempDir({ after });

before(async () => {
  pki = await makePki(join(dir, 'pki'));
  own = await issue('sensor');
});

async function issue(name: string, notAfter = Date.now() + 100 * DAY): Promise<Issued> {
  const san = ['DNS:localhost', 'IP:127.0.0.1'];
  return await pki.issue({ name, cn: 'sensor', san, eku: ['server'], notAfter: new Date(notAfter) });
}

async function configOf(t: TestContext): Promise<ReverseServerConfig> {
  const own2 = tempDir(t);
  const [spoolDir, stateDir] = [join(own2, 'spool'), join(own2, 'state')];
  mkdirSync(spoolDir, { mode: 0o750 });
  return {
    tls: tlsOf(pki, own),
    address: '127.0.0.1',
    port: await freePort(),
    spoolDir,
    delete: true,
    stateDir,
    allow: { poller: ['DNS:manager1'] },
    consumers: [],
    minFree: { bytes: 1 },
    log: { format: 'text', verbosity: 0 },
  };
}

type Change = (
  config: ReverseServerConfig,
) => Partial<ReverseServerConfig> | Promise<Partial<ReverseServerConfig>>;

/** Examines a host whose server runs with the configuration as it was before the change. */
async function running(t: TestContext, change: Change, deps: Partial<DoctorDeps> = {}): Promise<Seen> {
  const config = await configOf(t);
  const server = createReverseServer(config, {
    logger: recordingLogger(),
    clock: systemClock,
    random: systemRandom,
    stdout: { write: () => true },
  });
  await server.start();
  t.after(() => server.close());
  return await examineServer({ ...config, ...(await change(config)) }, deps);
}

/** Without a server. */
async function stopped(t: TestContext, change: Change): Promise<Seen> {
  const config = await configOf(t);
  return await examineServer({ ...config, ...(await change(config)) });
}

/** Where a PID namespace hides locks it is said, whatever is examined. */
const also = ['locks-hidden'];

const cases: readonly Case[] = [
  {
    injected: 'reverse-server does not run',
    named: 'server-down',
    text: /nothing listens on port \d+: reverse-server is not running/,
    remedy: /systemctl enable --now reverse-server/,
    inject: async (t) => await stopped(t, () => ({})),
  },
  {
    injected: 'an address that is none of this host',
    named: 'listen-refused',
    text: /reverse-server could not: .*192\.0\.2\.1 is no address of this host/,
    remedy: /ip addr/,
    inject: async (t) => await stopped(t, () => ({ address: '192.0.2.1' })),
  },
  {
    injected: 'another service on the port',
    named: 'port-taken',
    text: /port \d+ is taken by something that is not reverse-server: without TLS it says "220 ftp\.example"/,
    remedy: /ss -ltnp/,
    inject: async (t) => {
      const port = await startTcp(t, (socket) => void socket.write('220 ftp.example\r\n'));
      return await stopped(t, () => ({ port }));
    },
  },
  {
    injected: 'another TLS service on the port',
    named: 'port-taken',
    text: /it shows a certificate of CN=localhost/,
    remedy: /choose another --port/,
    inject: async (t) => {
      const { certPem: cert, keyPem: key } = pki.server;
      const port = await startTls(t, { cert, key });
      return await stopped(t, () => ({ port }));
    },
  },
  {
    injected: 'a certificate renewed on disk but not in the server',
    named: 'certificate-not-loaded',
    text: /shows a certificate that ends \d{4}-\d\d-\d\d, not the one in \S+renewed\.crt/,
    remedy: /systemctl reload-or-restart/,
    inject: async (t) => {
      const renewed = await issue('renewed', Date.now() + 200 * DAY);
      return await running(t, () => ({ tls: tlsOf(pki, renewed) }));
    },
  },
  {
    injected: "a client's certificate on the sensor",
    named: 'own-certificate-purpose',
    text: /our certificate \S+client\.crt is not meant for a server/,
    remedy: /serverAuth/,
    inject: async (t) => await running(t, () => ({ tls: tlsOf(pki, pki.client) })),
  },
  {
    injected: 'ALLOW_POLLER=*',
    named: 'everybody-polls',
    text: /every certificate of \S+CA\.crt may fetch, and so remove/,
    remedy: /ALLOW_POLLER=DNS:/,
    inject: async (t) => await running(t, () => ({ allow: { poller: ['*'] } })),
  },
  {
    injected: 'connections hidden by the sandbox',
    named: 'proc-net-hidden',
    text: /\/proc\/self\/net\/tcp cannot be read/,
    remedy: /ProcSubset=pid/,
    inject: async (t) => await running(t, () => ({}), { tcpVisible: () => false }),
  },
  {
    injected: 'a spool that is not there',
    named: 'spool-unusable',
    text: /--spooldir \/nowhere\/spool: no such directory/,
    remedy: /mkdir -p \/nowhere\/spool/,
    inject: async (t) => await running(t, () => ({ spoolDir: '/nowhere/spool' })),
  },
  {
    injected: 'taken files are moved back into the spool',
    named: 'spool-unusable',
    text: /--movedir \S+corrupt: it is where the intake itself looks/,
    remedy: /directory of their own/,
    inject: async (t) =>
      await running(t, ({ spoolDir }) => {
        const moveDir = join(spoolDir, 'corrupt');
        mkdirSync(moveDir);
        return { moveDir };
      }),
  },
  {
    injected: 'a spool everybody can write in',
    named: 'spool-open',
    text: /\S+spool may be written by every user of this host/,
    remedy: /chmod 2770/,
    inject: async (t) =>
      await running(t, ({ spoolDir }) => {
        chmodSync(spoolDir, 0o777);
        return {};
      }),
  },
  {
    injected: 'files nobody takes in',
    named: 'spool-waiting',
    text: /\S+spool holds 1 file that nobody takes in, the oldest for 60 min/,
    remedy: /is reverse-server running/,
    inject: async (t) => {
      const clock = { ...systemClock, now: () => Date.now() + 3_600_000 };
      return await running(
        t,
        ({ spoolDir }) => {
          writeFileSync(join(spoolDir, 'half.xml'), '<IDMEF-Message>');
          return {};
        },
        { clock },
      );
    },
  },
  {
    injected: 'a file nothing could be taken from',
    named: 'corrupt-files',
    text: /\S+corrupt holds 1 file from which nothing could be taken/,
    remedy: /\.reason/,
    inject: async (t) =>
      await stoppedSpool(t, ({ spoolDir }) => {
        mkdirSync(join(spoolDir, 'corrupt'));
        writeFileSync(join(spoolDir, 'corrupt', 'x.xml'), 'x');
        writeFileSync(join(spoolDir, 'corrupt', 'x.xml.reason'), 'x');
        return {};
      }),
  },
  {
    injected: 'a unit that leaves the spool read-only',
    named: 'sandbox-read-only',
    text: /the unit reverse-server\.service leaves \S+spool read-only/,
    remedy: /ReadWritePaths=\S+spool/,
    inject: async (t) => {
      const unitDir = tempDir(t);
      const unit = '[Service]\nProtectSystem=strict\nReadWritePaths=-/var/spool/idmef-relay\n';
      writeFileSync(join(unitDir, 'reverse-server.service'), unit);
      return await running(t, () => ({}), { unitDirs: [unitDir] });
    },
  },
  {
    injected: 'less free disk than the reserve',
    named: 'disk-reserve',
    text: /the filesystem of \S+ has/,
    remedy: /make room/,
    inject: async (t) => await running(t, () => ({ minFree: { bytes: 900 * 2 ** 40 } })),
  },
  {
    injected: 'a journal as large as it may become',
    named: 'journal-full',
    text: /the journal \S+journal\.db has reached --max-journal-bytes \(4\.0 KiB\)/,
    remedy: /--max-journal-bytes higher/,
    inject: async (t) => await running(t, () => ({ maxJournalBytes: 4096 })),
  },
  {
    injected: 'a consumer that was taken out of the configuration',
    named: 'consumer-held',
    text: /consumer soc is not configured any more \(--consumer\) and is still owed 1 message/,
    remedy: /--consumer again/,
    inject: async (t) =>
      await stoppedSpool(t, async ({ stateDir }) => {
        for (const consumers of [['soc', 'shared'], ['shared']]) {
          const path = join(stateDir, 'journal.db');
          const journal = await openJournal({ path, consumers, clock: systemClock, random: systemRandom });
          if (consumers.length > 1)
            await journal.append([{ body: Buffer.from(alertElement('a')), severity: 0 }]);
          await journal.close();
        }
        return {};
      }),
  },
  {
    injected: 'a clock that was set back',
    named: 'clock-set-back',
    text: /\S+journal\.db was written 24 h in the future/,
    remedy: /timedatectl/,
    inject: async (t) =>
      await running(t, ({ stateDir }) => {
        const later = new Date(Date.now() + DAY);
        utimesSync(join(stateDir, 'journal.db'), later, later);
        return {};
      }),
  },
];

/** No server, whose absence is not the point: port 0 is any. */
async function stoppedSpool(t: TestContext, change: Change): Promise<Seen> {
  return await stopped(t, async (config) => ({ port: 0, ...(await change(config)) }));
}

runCases(
  'idmef doctor, on a sensor host',
  cases.map((one) => ({ ...one, also: [...also, ...(one.also ?? [])] })),
);

describe('a sensor host in order', () => {
  test('no fault, no probe file left, and the server is recognised', async (t) => {
    let spool = '';
    const seen = await running(t, ({ spoolDir }) => {
      spool = spoolDir;
      return {};
    });
    assert.deepEqual(seen.faults, [], JSON.stringify(seen.findings));
    assert.deepEqual(
      seen.warnings.filter((name) => !also.includes(name)),
      [],
    );
    assert.equal(seen.exit, 0);
    assert.ok(seen.good.some((line) => /^port: \d+: reverse-server listens/.test(line)));
    assert.deepEqual(readdirSync(spool), []);
  });
});
