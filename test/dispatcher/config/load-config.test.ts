/** The configuration: what is valid becomes a value, and every mistake is named with file, line, key and reason. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { loadConfig, type LoadDeps } from '../../../src/dispatcher/config/load-config.ts';
import { problemLine } from '../../../src/dispatcher/config/problem.ts';
import { noStoredSettings, type StoredSettings } from '../../../src/dispatcher/config/stored-settings.ts';
import type { DispatcherConfig } from '../../../src/dispatcher/model/config.ts';
import { sinkTypes } from '../../../src/dispatcher/sinks/catalogue.ts';

const secrets: Readonly<Record<string, { readonly mode: number; readonly text: string }>> = {
  '/etc/bot': { mode: 0o100640, text: '1:abc\n' },
  '/etc/open': { mode: 0o100644, text: 'x' },
  '/etc/empty': { mode: 0o100600, text: '\n' },
  '/etc/lines': { mode: 0o100600, text: 'a\nb\n' },
  '/run/credentials/bot': { mode: 0o100400, text: '2:def' },
};

const deps: LoadDeps = {
  types: sinkTypes,
  secrets: {
    credentialsDirectory: '/run/credentials',
    read: (path) => {
      const found = secrets[path];
      if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return found;
    },
  },
  readTemplate: (path) => `template of ${path}`,
  pathFault: (path) => (path.includes('nonsense') ? 'there is no such path' : undefined),
  hostname: 'manager1',
  timeZone: 'Europe/Madrid',
};

const base = `
endpoints:
  bot: { type: telegram, token_file: /etc/bot }
  siem: { type: webhook, url: https://siem.example.org/in }
recipients:
  soc: { endpoint: bot, chat: -100123 }
  siem: { endpoint: siem }
`;

function load(
  text: string,
  stored: StoredSettings = noStoredSettings,
  more: readonly string[] = [],
): ReturnType<typeof loadConfig> {
  const files = [text, ...more].map((content, index) => ({ path: `/c/${index}.yml`, text: content }));
  return loadConfig(files, stored, deps);
}

function sound(text: string, stored?: StoredSettings, more?: readonly string[]): DispatcherConfig {
  const loaded = load(text, stored, more);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(problemLine).join('\n'));
  return loaded.config;
}

describe('what is valid', () => {
  test('endpoints and recipients with their secrets and defaults', () => {
    const { endpoints, recipients } = sound(base);
    assert.equal(endpoints.find(({ name }) => name === 'bot')?.params['token'], '1:abc');
    const soc = recipients.find(({ name }) => name === 'soc');
    assert.equal(soc?.audience, 'people');
    assert.equal(soc.giveUpMs, 86_400_000);
    assert.equal(soc.timeZone, 'Europe/Madrid');
    const siem = recipients.find(({ name }) => name === 'siem');
    assert.equal(siem?.audience, 'machine');
    assert.equal(siem.giveUpMs, undefined, 'a machine is never given up');
  });

  test('a credential of systemd, by name', () => {
    const { endpoints } = sound(base.replace('/etc/bot', 'bot'));
    assert.equal(endpoints[0]?.params['token'], '2:def');
  });

  test('the tree: what a node does not say comes from its parent', () => {
    const { route } = sound(`${base}
time_intervals:
  office: { zone: UTC, times: [ mon-fri 08:00-18:00 ] }
route:
  to: [siem]
  repeat: 2h
  group_by: [classification.text]
  routes:
    - when: alert.assessment.impact.severity >= medium
      to: soc
      continue: true
      active: office
      escalate: [ { after: 15m, to: soc } ]
      routes: [ { when: "alert.classification.text == 'x'", inherit: false, repeat: 30h } ]
`);
    const [child] = route.routes;
    assert.deepEqual(route.to, ['siem']);
    assert.deepEqual(child?.to, ['soc']);
    assert.equal(child.repeatMs, 7_200_000);
    assert.deepEqual(child.groupBy, ['classification.text']);
    assert.equal(child.active[0]?.windows.length, 1);
    const [grandchild] = child.routes;
    assert.equal(grandchild?.path, 'route.routes[0].routes[0]');
    assert.equal(grandchild.inherit, false);
    assert.equal(grandchild.repeatMaxMs, 30 * 3_600_000, 'never below the first');
    assert.deepEqual(grandchild.escalate, [{ afterMs: 900_000, to: 'soc', unless: 'acked' }]);
  });

  test('IDMEF and REST come with the listener, the others when they are named', () => {
    const tls = 'listen: "127.0.0.1:4848", cert: /c, key: /k, ca: /a';
    const { sources } = sound(`sources: { https: { ${tls} }, alertgateway: {}, rest: off }`);
    assert.deepEqual(Object.keys(sources).toSorted(), ['alertgateway', 'feeds', 'https', 'idmef', 'syslog']);
    assert.equal(sources.https?.address, '127.0.0.1');
    assert.equal(sources.https.port, 4848);
  });

  test('several files are one', () => {
    const { recipients } = sound(base, noStoredSettings, [
      'recipients: { duty: { endpoint: bot, chat: 5 } }',
    ]);
    assert.deepEqual(recipients.map(({ name }) => name).toSorted(), ['duty', 'siem', 'soc']);
  });

  test('what commands have made is joined, and marked as theirs', () => {
    const { recipients, hash } = sound(base, {
      endpoints: [{ name: 'dbbot', value: { type: 'telegram', token: '9:zzz' } }],
      recipients: [{ name: 'ana', value: { endpoint: 'dbbot', chat: 7, owner: 'ana' } }],
      sources: [],
    });
    const ana = recipients.find(({ name }) => name === 'ana');
    assert.equal(ana?.provenance, 'database');
    assert.equal(ana.owner, 'ana');
    assert.notEqual(hash, sound(base).hash);
  });

  test('a switched source does not listen', () => {
    const text =
      'sources: { syslog: { a: { listen: "[fe80::1%eth0]:514", transport: udp, allow_from: 10.0.0.0/8 } } }';
    assert.equal(sound(text).sources.syslog.length, 1);
    const off = { ...noStoredSettings, sources: [{ name: 'syslog.a', value: { enabled: false } }] };
    assert.equal(sound(text, off).sources.syslog.length, 0);
  });
});

describe('what is wrong is named with file, line and reason', () => {
  const cases: readonly (readonly [title: string, text: string, expected: RegExp])[] = [
    ['no YAML', 'a: [1', /^\/c\/0\.yml:1: /],
    [
      'an unknown part',
      `${base}recipient: {}\n`,
      /^\/c\/0\.yml:8: recipient: is no key known here; did you mean recipients\?$/,
    ],
    [
      'an unknown key of an endpoint',
      base.replace('token_file', 'tokn_file'),
      /:3: endpoints\.bot\.tokn_file: is no key known here; did you mean token_file\?/,
    ],
    [
      'an unknown key of a recipient',
      base.replace('chat:', 'chatt:'),
      /:6: recipients\.soc\.chatt: is no key known here/,
    ],
    [
      'an unknown type',
      base.replace('telegram', 'telegramm'),
      /:3: endpoints\.bot\.type: there is no endpoint type 'telegramm'; did you mean telegram\?/,
    ],
    [
      'an unknown endpoint',
      base.replace('endpoint: bot', 'endpoint: bott'),
      /:6: recipients\.soc\.endpoint: there is no endpoint 'bott'/,
    ],
    [
      'a secret in the file',
      base.replace('token_file: /etc/bot', 'token: abc'),
      /:3: endpoints\.bot\.token: is a secret: write token_file/,
    ],
    [
      'a secret everybody can read',
      base.replace('/etc/bot', '/etc/open'),
      /token_file: \/etc\/open can be read by everybody: chmod o=/,
    ],
    [
      'a URL that is given twice',
      base.replace('in }', 'in, url_file: /etc/bot }'),
      /:4: endpoints\.siem\.url_file: url is given too: only one of them$/,
    ],
    ['an empty secret', base.replace('/etc/bot', '/etc/empty'), /\/etc\/empty is empty/],
    ['a secret of two lines', base.replace('/etc/bot', '/etc/lines'), /\/etc\/lines has more than one line/],
    ['a missing secret', base.replace('/etc/bot', '/etc/none'), /\/etc\/none cannot be read: ENOENT/],
    [
      'a recipient that is not there',
      `${base}route: { to: [soc, duty] }\n`,
      /:8: route\.to\[1\]: there is no recipient 'duty'/,
    ],
    [
      'criteria that cannot be read',
      `${base}route:\n  routes:\n    - { when: "alert.classification.text ==", to: soc }\n`,
      /:10: route\.routes\[0\]\.when: column \d+ of /,
    ],
    [
      'a condition at the root',
      `${base}route: { when: alert.messageid, to: soc }\n`,
      /the root takes every message/,
    ],
    [
      'a duration without unit',
      `${base}route: { repeat: 30 }\n`,
      /:8: route\.repeat: must be a duration such as 30s, 15m, 24h or 7d, not '30'$/,
    ],
    [
      'a path of group_by',
      `${base}route: { group_by: [nonsense] }\n`,
      /route\.group_by: 'nonsense': there is no such path/,
    ],
    [
      'an unknown interval',
      `${base}route: { active: [office] }\n`,
      /route\.active: there is no time interval 'office'/,
    ],
    [
      'a window that is none',
      `${base}time_intervals: { o: { times: [ mon-fro 1-2 ] } }\n`,
      /time_intervals\.o\.times/,
    ],
    [
      'fallbacks that go round',
      base
        .replace('chat: -100123', 'chat: -100123, fallback: siem')
        .replace('endpoint: siem }', 'endpoint: siem, fallback: soc }'),
      /recipients\.soc\.fallback: the fallbacks lead back here/,
    ],
    [
      'a fallback of a machine by time',
      base.replace('endpoint: siem }', 'endpoint: siem, fallback: soc, fallback_after: 1h }'),
      /a machine gets everything itself/,
    ],
    ['an expectation of nobody', `${base}expect: { x: { within: 5m } }\n`, /expect\.x: needs either sensor/],
    [
      'a listener without address',
      'sources: { smtp: { listen: "25" } }',
      /sources\.smtp.*must be address and port/,
    ],
    [
      'keys in clear from anywhere',
      'sources: { smtp: { listen: "0.0.0.0:25" } }',
      /allow_from must say from where/,
    ],
    [
      'mails larger than all of them together may be',
      'sources: { smtp: { listen: "127.0.0.1:25", allow_from: [127.0.0.1], max_size: 65M } }',
      /sources\.smtp\.max_size: must not be more than 64M/,
    ],
    [
      'syslog from anywhere',
      'sources: { syslog: { a: { listen: "0.0.0.0:514", transport: udp } } }',
      /allow_from must say from where/,
    ],
    [
      'a listener that names no address',
      'sources: { smtp: { listen: "[fe80::zz]:25", allow_from: "::/0" } }',
      /sources\.smtp\.listen: must be address and port/,
    ],
    [
      'a number that is none',
      base.replace('endpoint: siem }', 'endpoint: siem, priority: high }'),
      /:7: recipients\.siem\.priority: must be a number$/,
    ],
    [
      'a name that is none',
      base.replace('siem: { endpoint', '"si em": { endpoint'),
      /:7: recipients\.si em: a name has 1 to 64 letters/,
    ],
    [
      'a key of a source that nobody knows',
      'sources: { rest: { rat: 5 } }',
      /:1: sources\.rest\.rat: is no key known here; did you mean rate\?$/,
    ],
    [
      'a source that is switched in a third way',
      'sources: { rest: 5 }',
      /sources\.rest: must be false, off or a map$/,
    ],
    [
      'give_up: 0, which would let all of it die',
      base.replace('chat: -100123', 'chat: -100123, give_up: 0'),
      /:6: recipients\.soc\.give_up: must be longer than 0$/,
    ],
    [
      'an expectation nobody can fulfil',
      `${base}expect: { x: { analyzer: a, within: 0s } }\n`,
      /:8: expect\.x\.within: must be longer than 0$/,
    ],
    ['a source without its listener', 'sources: { ntopng: {} }', /sources\.ntopng: needs sources\.https/],
    [
      'a feed that is asked too often',
      'sources: { feeds: { nvd: { url: "https://x.example/", every: 5s } } }',
      /must be at least 1m/,
    ],
  ];
  for (const [title, text, expected] of cases) {
    test(title, () => {
      const loaded = load(text);
      assert.ok(!loaded.ok, 'it was taken');
      const lines = loaded.problems.map(problemLine);
      assert.ok(
        lines.some((line) => expected.test(line)),
        lines.join('\n'),
      );
      for (const line of lines) assert.doesNotMatch(line, /1:abc|2:def/, 'a secret');
    });
  }

  test('all of them at once, in the order of the lines', () => {
    const loaded = load(
      `${base.replace('chat:', 'chatt:').replace('/etc/bot', '/etc/none')}route: { to: [a, b] }\n`,
    );
    assert.ok(!loaded.ok);
    const numbers = loaded.problems.map(({ line }) => line ?? 0);
    assert.ok(numbers.length >= 3);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  });

  test('the same name in two files, and in file and database', () => {
    const twice = load(base, noStoredSettings, ['recipients: { soc: { endpoint: bot, chat: 5 } }']);
    assert.ok(!twice.ok);
    assert.match(
      problemLine(twice.problems[0] ?? assert.fail()),
      /^\/c\/1\.yml:1: recipients\.soc: stands in \/c\/0\.yml already$/,
    );
    const both = load(base, {
      ...noStoredSettings,
      recipients: [{ name: 'soc', value: { endpoint: 'bot', chat: 5 } }],
    });
    assert.ok(!both.ok);
    assert.match(
      problemLine(both.problems[0] ?? assert.fail()),
      /^database: recipients\.soc: is in the file too/,
    );
  });

  test('what is wrong in the database is said to be there, wherever it points', () => {
    const stored = (value: object): StoredSettings => ({
      ...noStoredSettings,
      recipients: [{ name: 'ana', value: { endpoint: 'bot', chat: 5, ...value } }],
    });
    for (const [value, expected] of [
      [{ fallback: 'gone' }, "database: recipients.ana.fallback: there is no recipient 'gone'"],
      [{ fallback: 'ana' }, 'database: recipients.ana.fallback: the fallbacks lead back here'],
      [{ priority: 'x' }, 'database: recipients.ana.priority: must be a number'],
    ] as const) {
      const loaded = load(base, stored(value));
      assert.ok(!loaded.ok);
      assert.deepEqual(loaded.problems.map(problemLine), [expected]);
    }
  });

  test('commands name no files: what the service may read goes to no address of theirs', () => {
    const value = { type: 'mattermost', url: 'https://evil.example/', token_file: '/etc/bot' };
    const loaded = load(base, { ...noStoredSettings, endpoints: [{ name: 'leak', value }] });
    assert.ok(!loaded.ok);
    assert.deepEqual(loaded.problems.map(problemLine), [
      'database: endpoints.leak.token_file: a file may be named in the root-owned file only: token=@FILE hands its content over',
    ]);
  });

  test('a name that every object of JavaScript has is a name like any other', () => {
    const recipients = [{ name: 'constructor', value: { endpoint: 'bot', chat: 5 } }];
    const config = sound(base, { ...noStoredSettings, recipients });
    assert.ok(config.recipients.some(({ name }) => name === 'constructor'));
  });

  test('G-AG: file channels write any path: endpoints of type file cannot come from the database', () => {
    const loaded = load(base, {
      ...noStoredSettings,
      endpoints: [{ name: 'f', value: { type: 'exec', command: ['/bin/true'] } }],
    });
    assert.ok(!loaded.ok);
    assert.match(problemLine(loaded.problems[0] ?? assert.fail()), /^database: endpoints\.f\.type: /);
  });
});
