/** http-proxy's configuration: flags, profiles, their merging, and every refusal in its exact words. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import type { HttpProxyConfig } from '../../src/app/http-proxy-config.ts';
import type { ProfileConfig } from '../../src/poller/profile.ts';
import { httpProxyTable } from '../../src/cli/http-proxy-options.ts';
import { readHttpProxyConfig } from '../../src/cli/http-proxy.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { RelayError } from '../../src/core/errors.ts';
import { tempDir } from '../support/temp-dir.ts';

const base = '--cert c --key k --cacert a --sensor https://s:3128/ --manager https://m/';
const tls = { certFile: 'c', keyFile: 'k', caFile: 'a', policy: 'anssi' } as const;

async function configOf(words: string, env = {}): Promise<HttpProxyConfig> {
  return readHttpProxyConfig(parseArguments(httpProxyTable, words.split(' ').filter(Boolean)), env);
}

const defaults: ProfileConfig = {
  name: 's-3128',
  stateDir: 'state/profiles/s-3128',
  sensor: new URL('https://s:3128/'),
  tls,
  managers: [new URL('https://m/')],
  managerTls: tls,
  timeoutSeconds: 10,
  deadlineSeconds: 300,
  batch: 500,
  leaseSeconds: 15,
  validate: 'lenient',
  onInvalid: 'quarantine',
  dialect: 'auto',
  highFirst: false,
  gzip: false,
  reportAfterMs: 900_000,
  minFree: { bytes: 512 * 1024 * 1024, percent: 5 },
  dryRun: false,
  drain: false,
};

const accepted: readonly (readonly [words: string, change: Partial<ProfileConfig>])[] = [
  ['', {}],
  ['--sensor HTTPS://S:3128', {}],
  ['--manager https://m:443', {}],
  [
    '--manager file:///d --manager https://n:3128/x?y=1',
    { managers: [new URL('file:///d'), new URL('https://n:3128/x?y=1')] },
  ],
  [
    '--manager prelude://m?profile=relay&dir=/srv/relay',
    { managers: [new URL('prelude://m?profile=relay&dir=/srv/relay')] },
  ],
  ['--dialect rfc', { dialect: 'rfc' }],
  ['--timeout 5 --deadline 10m', { timeoutSeconds: 5, deadlineSeconds: 600 }],
  ['--high-first --gzip --report-after 2h', { highFirst: true, gzip: true, reportAfterMs: 7_200_000 }],
  ['--report-after 0', { reportAfterMs: 0 }],
  ['--manager-cert mc --manager-key mk', { managerTls: { ...tls, certFile: 'mc', keyFile: 'mk' } }],
  ['--manager-cacert ma --crl l', { tls: { ...tls, crlFile: 'l' }, managerTls: { ...tls, caFile: 'ma' } }],
  ['--proxy http://p:8080 --sensor-name dmz1', { proxy: new URL('http://p:8080'), sensorName: 'dmz1' }],
  [
    '--validate strict --on-invalid forward --dialect secef --batch 1 --lease 60 --dry-run',
    { validate: 'strict', onInvalid: 'forward', dialect: 'secef', batch: 1, leaseSeconds: 60, dryRun: true },
  ],
  [
    '--sensor https://[::1]/ --state /x',
    { name: 'ip__1-443', stateDir: '/x/profiles/ip__1-443', sensor: new URL('https://[::1]/') },
  ],
];

const refused: readonly (readonly [words: string, message: string])[] = [
  ['--sensor http://s/', "--sensor must start with https://, not 'http://s/'"],
  ['--sensor s:3128', "--sensor must be a URL, not 's:3128'"],
  ['--sensor https://u:secret@s/', "--sensor must not carry a user or password: 'https://…@s/'"],
  ['--manager http://m/', "--manager must not be plain http: 'http://m/'"],
  ['--manager ftp://m/', "--manager must start with https://, file:/// or prelude://, not 'ftp://m/'"],
  ['--manager prelude://m:4690', "--manager must name a profile, not 'prelude://m:4690'"],
  ['--manager prelude://m?profile=a&x=1', "--manager has an unknown part 'x': 'prelude://m?profile=a&x=1'"],
  ['--manager prelude://u:p@m?profile=a', "--manager must not carry a user or password: 'prelude://…@m'"],
  ['--manager prelude://m?profile=a&dir=b', "--manager must name a directory by its whole path, not 'b'"],
  [
    '--manager prelude://m?profile=a&dir=/x prelude://M:4690/?profile=a',
    '--manager names prelude://m:4690?profile=a twice',
  ],
  ['--dialect python', "--dialect must be one of auto, secef, rfc, not 'python'"],
  ['--manager file://d/e', "--manager must have three slashes, not 'file://d/e'"],
  ['--manager file:d', "--manager must be a URL, not 'file:d'"],
  ['--manager https://m https://M:443/', '--manager names https://m/ twice'],
  ['--manager https://m/#x', "--manager must not have a '#' part: 'https://m/#x'"],
  ['--proxy socks://p', "--proxy must start with http:// or https://, not 'socks://p'"],
  ['--timeout 0', "--timeout must be seconds from 1 to 600, not '0'"],
  [
    '--retention-age x',
    "--retention-age must be a duration such as 30s, 15m, 24h or 7d, at least 1s, not 'x'",
  ],
  ['--timeout 1.5', "--timeout must be seconds from 1 to 600, not '1.5'"],
  ['--timeout 60 --deadline 30', '--deadline must not be shorter than --timeout (60 s)'],
  ['--lease 4', "--lease must be seconds from 5 to 300, not '4'"],
  [
    '--report-after 15',
    "--report-after must be a duration such as 30s, 15m, 24h or 7d from 0 to 30d, not '15'",
  ],
  ['--batch 1001', "--batch must be a whole number from 1 to 1000, not '1001'"],
  ['--manager-cert x', '--manager-cert needs --manager-key beside it'],
  ['--follow --schedule *', '--follow and --schedule exclude each other'],
  ['--follow --drain', '--drain is for a single run, without --follow or --schedule'],
  ['--dry-run --drain', '--dry-run and --drain exclude each other'],
  ['--profile ../x', "--profile must be letters, digits and _ . -, not '../x'"],
  ['--profile a a', "--profile names 'a' twice"],
];

async function assertRefusal(
  run: Promise<unknown>,
  code: string,
  message: string,
  hint?: string,
): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof RelayError, String(error));
    assert.deepEqual([error.code, error.message], [code, message]);
    if (hint !== undefined) assert.equal(error.hint, hint);
    return true;
  });
}

describe('http-proxy by flags', () => {
  for (const [words, change] of accepted) {
    test(words, async () => {
      // A list given again replaces nothing, it adds: the table's own manager comes last here.
      const argv = words.includes('--manager ') ? base.replace('--manager https://m/', '') : base;
      const { profiles } = await configOf(`${argv} ${words}`);
      assert.deepEqual(profiles, [{ ...defaults, ...change }]);
    });
  }
  for (const [words, message] of refused) {
    test(words, async () => {
      const argv = words.includes('--manager ') ? base.replace('--manager https://m/', '') : base;
      await assertRefusal(configOf(`${argv} ${words}`), 'USAGE', message);
    });
  }
  test('modes', async () => {
    assert.deepEqual((await configOf(base)).mode, { kind: 'oneshot' });
    assert.deepEqual((await configOf(`${base} --follow`)).mode, { kind: 'follow' });
    const { mode } = await readHttpProxyConfig(
      parseArguments(httpProxyTable, [...base.split(' '), '--schedule', '*/5 * * * *']),
      {},
    );
    assert.deepEqual(mode, { kind: 'schedule', cron: '*/5 * * * *' });
    const bad = parseArguments(httpProxyTable, [...base.split(' '), '--schedule', 'every day']);
    await assertRefusal(
      readHttpProxyConfig(bad, {}),
      'USAGE',
      "schedule 'every day' is not a cron expression: invalid configuration format ('every day'), exactly five, six, or seven space separated parts are required",
    );
  });
  test('missing options come in one line', () =>
    assertRefusal(configOf('--cert c'), 'USAGE', 'missing --key, --cacert, --sensor, --manager'));
});

describe('http-proxy by profiles', () => {
  const put = (dir: string, name: string, text: string): void => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, name), text);
    chmodSync(join(dir, name), 0o600);
  };
  const common = 'CERT=c\nKEY=k\nCACERT=a\nMANAGER=https://m/\nTIMEOUT=20\n';

  test('common file, then own, then OPTIONS, then flags', async (t) => {
    const dir = tempDir(t);
    put(dir, 'http-proxy', `${common}VERBOSE=1\nOPTIONS=--batch 7 --lease 7\n`);
    put(dir, 'http-proxy@dmz1', 'SENSOR=https://s:3128/\nTIMEOUT=30\nLEASE=9\nBATCH=9\nLOG_FORMAT=json\n');
    const { profiles, log } = await configOf(`--config-dir ${dir} --profile dmz1 --batch 8 --state /x`);
    assert.deepEqual(profiles, [
      {
        ...defaults,
        name: 'dmz1',
        stateDir: '/x/profiles/dmz1',
        timeoutSeconds: 30,
        leaseSeconds: 7,
        batch: 8,
      },
    ]);
    assert.deepEqual(log, { format: 'json', verbosity: 1 });
  });
  test('state: systemd, else the usual place', async (t) => {
    const dir = tempDir(t);
    put(dir, 'http-proxy@dmz1', `${common}SENSOR=https://s/\n`);
    const stateOf = async (env: object): Promise<string | undefined> =>
      (await configOf(`--config-dir ${dir} --profile dmz1`, env)).profiles[0]?.stateDir;
    assert.equal(await stateOf({}), '/var/lib/idmef-relay/profiles/dmz1');
    assert.equal(await stateOf({ stateDirectory: '/s' }), '/s/profiles/dmz1');
  });
  test('reload reads the files again', async (t) => {
    const dir = tempDir(t);
    put(dir, 'http-proxy', common);
    put(dir, 'http-proxy@a', 'SENSOR=https://a/\n');
    put(dir, 'http-proxy@b', 'SENSOR=https://b/\nMANAGER="https://x/ file:///y"\n');
    const config = await configOf(`--config-dir ${dir} --follow --profile a b`);
    assert.deepEqual(
      config.profiles.map(({ managers }) => managers.map(String)),
      [['https://m/'], ['https://x/', 'file:///y']],
    );
    put(dir, 'http-proxy@a', 'SENSOR=https://other/\n');
    assert.equal(config.reload()[0]?.sensor.href, 'https://other/');
    put(dir, 'http-proxy@a', 'SENSR=https://other/\n');
    assert.throws(() => config.reload(), { message: `${dir}/http-proxy@a:1: unknown key SENSR` });
  });

  const bad: readonly (readonly [files: Readonly<Record<string, string>>, words: string, message: string])[] =
    [
      [{}, '--profile a', 'no settings file http-proxy@a in DIR/1 or DIR/2'],
      [
        { '1/http-proxy@a': '', '2/http-proxy@a': '' },
        '--profile a',
        'both DIR/1/http-proxy@a and DIR/2/http-proxy@a exist',
      ],
      [
        { '1/http-proxy': '', '2/http-proxy': '', '1/http-proxy@a': '' },
        '--profile a',
        'both DIR/1/http-proxy and DIR/2/http-proxy exist',
      ],
      [
        { '1/http-proxy': common, '2/http-proxy@a': '\n\n\nSENSR=https://s/' },
        '--profile a',
        'DIR/2/http-proxy@a:4: unknown key SENSR',
      ],
      [
        { '1/http-proxy': common, '1/http-proxy@a': '' },
        '--profile a',
        'DIR/1/http-proxy, DIR/1/http-proxy@a: missing SENSOR',
      ],
      [
        {
          '1/http-proxy': common,
          '1/http-proxy@a': 'SENSOR=https://a/\nVERBOSE=1',
          '1/http-proxy@b': 'SENSOR=https://b/',
        },
        '--profile a b',
        'DIR/1/http-proxy@a:2: VERBOSE counts for all profiles of the process',
      ],
      [
        { '1/http-proxy@a': 'FOLLOW=yes' },
        '--profile a',
        'DIR/1/http-proxy@a:1: FOLLOW cannot be set in a file',
      ],
      [
        { '1/http-proxy@a': `${common}SENSOR=http://a/` },
        '--profile a',
        "DIR/1/http-proxy@a:6: SENSOR must start with https://, not 'http://a/'",
      ],
    ];
  for (const [files, words, message] of bad) {
    test(message, async (t) => {
      const dir = tempDir(t);
      for (const [path, text] of Object.entries(files)) {
        const [folder = '', name = ''] = path.split('/');
        put(join(dir, folder), name, text);
      }
      const run = configOf(`--config-dir ${dir}/1:${dir}/2 ${words}`);
      await assertRefusal(run, 'CONFIG', message.replaceAll('DIR', dir));
    });
  }
  test('one sensor flag for several profiles is refused', () =>
    assertRefusal(
      configOf('--profile a b --sensor https://s/'),
      'USAGE',
      '--sensor cannot be given for several profiles',
    ));
});
