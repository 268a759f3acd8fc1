/** The usual texts: one message, several, a storm, a test, a post by key; in every medium and within every limit. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { composeAlert, type AlertParts } from '../../../src/idmef/compose.ts';
import type { DigestFacts } from '../../../src/dispatcher/model/delivery.ts';
import type { Renderer, RenderWish } from '../../../src/dispatcher/model/ports.ts';
import type { Medium, SendMessage } from '../../../src/dispatcher/model/sink.ts';
import { lengthOf } from '../../../src/dispatcher/render/fit.ts';
import { createRenderer } from '../../../src/dispatcher/render/renderer.ts';
import { writers } from '../../../src/dispatcher/render/writers.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { sampleMessage } from '../../support/sample-alerts.ts';
import { anyText } from '../../support/any-text.ts';
import { alike, readBack } from './read-back.ts';

const log = recordingLogger();
const renderer = await createRenderer({ log, instance: 'soc.example' });
const media = Object.keys(writers).filter((name): name is Medium => name in writers);
const at = Date.UTC(2026, 2, 14, 8, 26, 53);

const bruteForce: AlertParts = {
  messageid: 'm-1',
  analyzer: { analyzerid: 's-1', name: 'snort', node: 'ids1' },
  createTime: at,
  classification: 'Brute force attack',
  severity: 'high',
  completion: 'failed',
  impact: '37 failed logins',
  sources: [{ address: '198.51.100.7', nodeName: 'evil.example' }],
  targets: [{ address: '10.0.0.5', port: 22, user: 'root', process: 'sshd' }],
  references: [{ name: 'CVE-2026-1', url: 'https://cve.example/1' }],
  data: [{ meaning: 'attempts', type: 'integer', value: '37' }],
};

async function message(
  parts: Partial<AlertParts> = {},
  more: Partial<SendMessage> = {},
): Promise<SendMessage> {
  return sendMessage(await composeAlert({ ...bruteForce, ...parts }), more);
}

async function sendMessage(body: Buffer, more: Partial<SendMessage> = {}): Promise<SendMessage> {
  const view = await renderer.view(body);
  const facts: SendMessage['facts'] = {
    kind: 'alert',
    severity: view.severity,
    messageid: view.messageid,
    analyzer: view.analyzer,
    classification: view.title,
    source: '',
    target: '',
    createTime: view.when,
  };
  return { seq: 1, body, view, facts, origin: { source: 'test' }, at, ...more };
}

function wish(
  medium: Medium = 'plain',
  more: Partial<RenderWish['recipient']> & { body?: number; repeated?: boolean } = {},
): RenderWish {
  const { body = 4_000, repeated = false, ...recipient } = more;
  return {
    recipient: { name: 'soc', locale: 'en', timeZone: 'UTC', verbatim: false, ...recipient },
    medium,
    limits: { body, subject: 150 },
    tag: '#k3f9',
    repeated,
  };
}

const bare: Partial<AlertParts> = {
  analyzer: { analyzerid: '', name: '' },
  classification: '',
  impact: '',
  sources: [],
  targets: [],
  references: [],
  data: [],
};

describe('one message', () => {
  test('in full', async () => {
    const { subject, body, plain } = await renderer.messages([await message()], wish());
    assert.equal(subject, '[HIGH] Brute force attack — 198.51.100.7 → 10.0.0.5:22');
    assert.equal(
      body,
      [
        '[HIGH] Brute force attack — 198.51.100.7 → 10.0.0.5:22',
        'When: 14 Mar 2026, 08:26:53 UTC',
        'Sensor: snort @ ids1',
        'Source: 198.51.100.7 (evil.example)',
        'Target: 10.0.0.5:22, user root, process sshd',
        'Impact: 37 failed logins, attempt failed',
        'Reference: CVE-2026-1 (cve.example) https://cve.example/1',
        'attempts: 37',
        '#k3f9',
      ].join('\n'),
    );
    assert.equal(plain, body);
  });

  test('in Spanish, in Telegram, possibly for the second time, of an incident', async () => {
    const one = await message({}, { incident: { id: 12, count: 37, state: 'open' } });
    const { subject, body, plain } = await renderer.messages(
      [one],
      wish('telegram-html', { locale: 'es', timeZone: 'Europe/Madrid', repeated: true }),
    );
    assert.equal(subject, '[ALTA] Brute force attack — 198.51.100.7 → 10.0.0.5:22 ×37');
    const lines = body.split('\n');
    assert.equal(
      lines[0],
      '<b>[ALTA] Brute force attack</b> — <code>198.51.100.7</code> → <code>10.0.0.5:22</code> ×37',
    );
    assert.equal(lines[1], '<b>Cuándo:</b> 14 mar 2026, 09:26:53 CET');
    assert.equal(lines.at(-1), '#k3f9 · incidente 12 (repetida: puede haber llegado antes)');
    assert.doesNotMatch(plain, /[<>]/);
  });

  const titles: readonly (readonly [string, Partial<AlertParts>, string])[] = [
    ['nothing known', bare, '[HIGH] unnamed alert'],
    ['only a source', { targets: [] }, '[HIGH] Brute force attack — 198.51.100.7'],
    ['only a target', { sources: [] }, '[HIGH] Brute force attack — → 10.0.0.5:22'],
    [
      'IPv6',
      { targets: [{ address: '2001:db8::1', port: 22 }] },
      '[HIGH] Brute force attack — 198.51.100.7 → [2001:db8::1]:22',
    ],
    [
      'several sources',
      { sources: [{ address: '192.0.2.1' }, { address: '192.0.2.2' }] },
      '[HIGH] Brute force attack — 192.0.2.1 (+1) → 10.0.0.5:22',
    ],
    [
      'a name for an address',
      { sources: [{ nodeName: 'evil.example' }] },
      '[HIGH] Brute force attack — evil.example → 10.0.0.5:22',
    ],
    [
      'line breaks',
      { classification: 'x\r\nBcc: all@example.org' },
      '[HIGH] x Bcc: all@example.org — 198.51.100.7 → 10.0.0.5:22',
    ],
  ];
  for (const [name, parts, title] of titles) {
    test(`title: ${name}`, async () => {
      const { subject, body } = await renderer.messages([await message(parts)], wish());
      assert.equal(subject, title);
      assert.equal(body.split('\n')[0], title);
    });
  }

  test('missing parts vanish: no null, no undefined, no unknown', async () => {
    const { severity: _, completion: __, ...rest } = { ...bruteForce, ...bare };
    const one = await sendMessage(await composeAlert(rest));
    for (const medium of media) {
      const { subject, body, plain } = await renderer.messages([one], wish(medium));
      assert.equal(subject, 'unnamed alert');
      for (const text of [body, plain]) assert.doesNotMatch(text, /null|undefined|unknown|NaN|\[\]|: *$/im);
    }
  });

  test('a heartbeat', async () => {
    const beat = await sendMessage(
      Buffer.from('<Heartbeat xmlns="http://iana.org/idmef"><Analyzer analyzerid="s-1"/></Heartbeat>'),
    );
    const { subject } = await renderer.messages([beat], wish());
    assert.equal(subject, 'heartbeat — s-1');
  });

  test('long lists and values are cut and counted', async () => {
    const one = await message({
      targets: Array.from({ length: 9 }, (_, index) => ({ address: `10.0.0.${index}` })),
      data: [
        { meaning: 'payload', type: 'string', value: 'y'.repeat(3_000) },
        { meaning: 'lines', type: 'string', value: 'z\n'.repeat(100) },
        ...Array.from({ length: 20 }, (_, index) => ({
          meaning: `d${index}`,
          type: 'string' as const,
          value: 'v',
        })),
      ],
    });
    const { body } = await renderer.messages([one], wish());
    assert.match(body, /Target: 10\.0\.0\.4\nand 4 more\n/);
    assert.match(body, /payload: y{500}…\n/);
    assert.match(body, /lines:\n(?:z\n){8}…\n/);
    assert.match(body, /\nd7: v\nand 12 more\n#k3f9$/);
  });

  test('what one part says at length does not push the others out', async () => {
    const long = '\u200b'.repeat(500) + 'z'.repeat(4_000);
    const one = await message({
      classification: long,
      analyzer: { analyzerid: 's-1', name: long },
      sources: [{ address: '198.51.100.7', nodeName: long, user: long }],
      impact: long,
    });
    const { subject, body } = await renderer.messages([one], wish('telegram-html'));
    assert.ok(subject.includes('z…'));
    const { text } = readBack('telegram-html', body);
    assert.match(text, /^\[HIGH\] z{193}… — 198\.51\.100\.7 → 10\.0\.0\.5:22\n/);
    assert.match(text, /\nSource: 198\.51\.100\.7 \(z{200}…\), user z{200}…\n/);
    assert.match(text, /\nTarget: 10\.0\.0\.5:22, user root, process sshd\n/);
    assert.match(text, /\nattempts: 37\n#k3f9$/);
  });

  test('of many actions a few are told, the rest is counted', async () => {
    const actions = Array.from({ length: 9 }, (_, n) => `<Action category="other">done ${n}</Action>`);
    const one = await sendMessage(
      Buffer.from(
        `<Alert xmlns="http://iana.org/idmef"><Assessment>${actions.join('')}</Assessment></Alert>`,
      ),
    );
    const { body } = await renderer.messages([one], wish());
    assert.match(body, /\nother: done 4\nand 4 more\n#k3f9$/);
  });

  test('fields a source keeps for machines are not told', async () => {
    const data = [{ meaning: 'ntopng.alert_tstamp', type: 'integer' as const, value: '1' }];
    const { body } = await renderer.messages([await message({ data })], wish());
    assert.doesNotMatch(body, /ntopng/);
  });

  test('a message that cannot be read is told of, and the log says so', async () => {
    const one = await sendMessage(Buffer.from('no XML'));
    const { body } = await renderer.messages([one], wish());
    assert.equal(body, 'unnamed alert\n#k3f9');
    assert.equal(log.events('view-failed').length, 1);
  });

  test('one that goes to several recipients is read once', async () => {
    const body = await composeAlert({ ...bruteForce, messageid: 'm-2' });
    const [one, two] = await Promise.all([renderer.view(body), renderer.view(Buffer.from(body))]);
    assert.equal(one, two);
    assert.equal(await renderer.view(body), one);
  });

  test('every medium shows the same', async () => {
    const one = await message();
    const plain = (await renderer.messages([one], wish('plain'))).body;
    for (const medium of media.filter((each) => each !== 'line')) {
      const seen = readBack(medium, (await renderer.messages([one], wish(medium))).body);
      assert.equal(
        seen.text.replaceAll(' https://cve.example/1', ''),
        plain.replaceAll(' https://cve.example/1', ''),
        medium,
      );
    }
    assert.doesNotMatch((await renderer.messages([one], wish('line'))).body, /\n/);
  });
});

describe('several messages', () => {
  test('like ones are folded, each with its number', async () => {
    const batch = [
      await message(),
      await message({ severity: 'low', classification: 'Scan' }),
      await message(),
      await message(),
    ];
    const { subject, body } = await renderer.messages(batch, wish());
    assert.equal(subject, '4 alerts - alert-dispatcher @ soc.example');
    const lines = body.split('\n');
    assert.equal(lines[0], '4 alerts: 3 HIGH, 1 LOW');
    assert.ok(lines.includes('[HIGH] Brute force attack — 198.51.100.7 → 10.0.0.5:22 ×3'));
    assert.ok(lines.includes('[LOW] Scan — 198.51.100.7 → 10.0.0.5:22'));
    assert.equal(lines.at(-1), '#k3f9');
  });

  test('all alike: one title, also as subject', async () => {
    const batch = [await message(), await message()];
    const { subject } = await renderer.messages(batch, wish());
    assert.equal(subject, '[HIGH] Brute force attack — 198.51.100.7 → 10.0.0.5:22 ×2');
  });

  test('the first in full, more by title, the rest counted', async () => {
    const batch = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        message({ classification: `Attack ${index}`, severity: index < 90 ? 'medium' : 'info' }),
      ),
    );
    const { body } = await renderer.messages(batch, wish('plain', { body: 100_000 }));
    assert.equal(body.match(/^When:/gm)?.length, 5);
    assert.equal(body.match(/^\[/gm)?.length, 30);
    assert.match(body, /\n… and 70 more alerts: 60 MEDIUM, 10 INFO\n#k3f9$/);
  });

  test('whatever the limit, every message is told or counted', async () => {
    const batch = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        message({ classification: `Attack ${String.fromCharCode(65 + index)}` }),
      ),
    );
    for (const body of [300, 500, 800, 1_300, 2_000, 3_000, 10_000]) {
      const text = (await renderer.messages(batch, wish('telegram-html', { body }))).body;
      assert.ok(lengthOf(text) <= body);
      const seen = readBack('telegram-html', text).text;
      const told = new Set(seen.match(/Attack [A-L]/g)).size;
      const more = Number(/and (\d+|one) more alert/.exec(seen)?.[1]?.replace('one', '1') ?? 0);
      assert.equal(told + more, 12, seen);
      assert.match(seen, /#k3f9$/);
    }
  });
});

describe('a post by key', () => {
  const posted = '  Disk *full* on <db1>:\r\n\t- 99 %\u0007\r\n\r\nhttps://wiki.example/disk_full\r\n';

  test('is delivered as it was posted, nothing added', async () => {
    const one = await message({}, { verbatim: posted });
    for (const medium of media.filter((each) => each !== 'line')) {
      const { body, plain } = await renderer.messages(
        [one],
        wish(medium, { verbatim: true, repeated: true }),
      );
      assert.equal(plain, '  Disk *full* on <db1>:\n - 99 %\n\nhttps://wiki.example/disk_full', medium);
      assert.equal(alike(readBack(medium, body).text), plain, medium);
    }
  });

  test('several are joined by new lines; the subject of one is its first line', async () => {
    const batch = [await message({}, { verbatim: 'one\nx' }), await message({}, { verbatim: 'two' })];
    const { subject, body } = await renderer.messages(batch, wish('plain', { verbatim: true }));
    assert.equal(body, 'one\nx\ntwo');
    assert.equal(subject, '2 alerts - alert-dispatcher @ soc.example');
    const single = await renderer.messages(batch.slice(0, 1), wish('plain', { verbatim: true }));
    assert.equal(single.subject, 'one');
  });

  test('what does not fit is counted', async () => {
    const batch = await Promise.all(
      Array.from({ length: 30 }, (_, index) => message({}, { verbatim: `post ${index}` })),
    );
    const { body } = await renderer.messages(batch, wish('plain', { verbatim: true, body: 100 }));
    assert.ok(lengthOf(body) <= 100);
    const told = body.match(/^post \d+$/gm)?.length ?? 0;
    assert.equal(told + Number(/and (\d+) more$/.exec(body)?.[1]), 30);
  });

  test('a recipient that does not want it so gets the usual text; so does an empty post', async () => {
    const usual = /^\[HIGH\] Brute force/;
    assert.match((await renderer.messages([await message({}, { verbatim: posted })], wish())).body, usual);
    const empty = await message({}, { verbatim: '\u0000\r\n ' });
    assert.match((await renderer.messages([empty], wish('plain', { verbatim: true }))).body, usual);
  });

  test('no template touches it', async () => {
    const one = await message({}, { verbatim: 'hello' });
    const { body } = await renderer.messages([one], wish('plain', { verbatim: true, template: 'x' }));
    assert.equal(body, 'hello');
  });
});

const storm: DigestFacts = {
  count: 50_000,
  firstAt: at,
  lastAt: at + 600_000,
  severities: { 4: 1, 3: 49_000, 0: 999 },
  classifications: [
    { value: 'Portscan', count: 40_000 },
    { value: '', count: 9_000 },
    { value: `<!channel> ${'long '.repeat(100)}`, count: 1 },
  ],
  sources: [{ value: '198.51.100.7', count: 3 }],
  targets: [],
  distinct: { classifications: 7, sources: 40_001, targets: 0 },
};

describe('a storm', () => {
  test('is short and says how to ask', async () => {
    const { subject, body } = await renderer.digest(storm, wish());
    assert.equal(subject, 'Storm: 50,000 alerts - alert-dispatcher @ soc.example');
    const lines = body.split('\n');
    assert.deepEqual(lines.slice(0, 3), [
      'Storm: 50,000 alerts, summed up',
      '1 HIGH, 49,000 MEDIUM, 999 UNRATED',
      'From 14 Mar 2026, 08:26:53 UTC to 14 Mar 2026, 08:36:53 UTC',
    ]);
    assert.match(
      lines[3] ?? '',
      /^What: Portscan ×40,000, unnamed alert ×9,000, <!channel> .{0,60}… ×1, and 4 more$/,
    );
    assert.equal(lines[4], 'Sources: 198.51.100.7 ×3, and 40,000 more');
    assert.deepEqual(lines.slice(5), ['Each of them: alert-dispatcher why k3f9', '#k3f9']);
    assert.ok(lengthOf(body) < 500);
  });

  test('in every medium, also repeated, in Spanish', async () => {
    for (const medium of media) {
      const { body } = await renderer.digest(storm, wish(medium, { locale: 'es', repeated: true }));
      const { text } = readBack(medium, body);
      assert.match(text, /Avalancha: 50\.000 alertas/);
      assert.match(text, /repetida/);
    }
  });
});

describe('a test', () => {
  for (const locale of ['en', 'es', 'fr', '']) {
    test(`is marked TEST in ${locale || 'no language'}, and says by whom`, async () => {
      for (const medium of media) {
        const { subject, body, plain } = await renderer.test(wish(medium, { locale }), 'cli:<root>');
        assert.match(subject, /^TEST - /);
        assert.match(readBack(medium, body).text, /^TEST .*cli:<root>/);
        assert.match(plain, /^TEST .*cli:<root>/);
        assert.match(plain, /#k3f9$/);
      }
    });
  }
});

describe('whatever stands in the messages', () => {
  const junk = fc.oneof(
    anyText(60),
    fc.constantFrom(
      '<!channel>',
      '@everyone',
      '*_`[x](http://evil.example)',
      '\u202e\u001b[2J',
      '<b>&amp;</b>',
      '\r\nBcc: x',
      '🚨'.repeat(200),
    ),
  );

  test('subject and body keep to their limits and to the medium', async () => {
    const bodies = await Promise.all(
      fc.sample(fc.tuple(junk, junk, junk, junk), 30).map(async ([classification, impact, value, name]) =>
        sendMessage(
          await composeAlert({
            ...bruteForce,
            classification,
            impact,
            analyzer: { analyzerid: 's', name },
            sources: [{ nodeName: name, user: value }],
            references: [
              {
                name,
                url: `https://x.example/${encodeURIComponent(classification.replaceAll(/\p{Surrogate}/gu, ''))}`,
              },
            ],
            data: [{ meaning: name, type: 'string', value }],
          }),
        ),
      ),
    );
    for (const [index, one] of bodies.entries()) {
      const limit = [30, 200, 2_000][index % 3] ?? 0;
      for (const medium of media) {
        const { subject, body, plain } = await renderer.messages([one], wish(medium, { body: limit }));
        assert.ok(lengthOf(body) <= limit && lengthOf(plain) <= limit && lengthOf(subject) <= 150);
        assert.doesNotMatch(subject, /[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
        readBack(medium, body);
      }
    }
  });

  test('messages as sensors write them', async () => {
    const batch = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => sendMessage(sampleMessage(n))),
    );
    for (const medium of media)
      readBack(medium, (await renderer.messages(batch, wish(medium, { body: 2_000 }))).body);
  });
});

test('the renderer is the one of the contract', async () => {
  const one: Renderer = renderer;
  await one.close();
});
