/**
 * Mail as a source over real sockets: both forms of a key, the answers to everything that is refused, what is stored of a mail and
 * what is not, 250 only after the commit, and AlertGateway's rows of the compatibility table (reference: A.1.3, G).
 */

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, describe, test, type TestContext } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import { lineLimits, smtpLimits } from '../../../src/core/limits.ts';
import { Pace } from '../../../src/dispatcher/keys/pace.ts';
import { BodyBudget } from '../../../src/dispatcher/sources/body-budget.ts';
import type { TlsLineSource } from '../../../src/dispatcher/sources/line/deps.ts';
import { Sayings } from '../../../src/dispatcher/sources/line/sayings.ts';
import { postMail } from '../../../src/dispatcher/sources/line/smtp/post-mail.ts';
import { createSmtpSource, type SmtpConfig } from '../../../src/dispatcher/sources/line/smtp/smtp-source.ts';
import { viewMessage } from '../../../src/idmef/view.ts';
import { loadCredentials } from '../../../src/tls/credentials.ts';
import type { Credentials } from '../../../src/tls/credentials.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { ANA_KEY, BOB_KEY, everything, type LineWorld, lineWorld, NARROW_KEY } from './line-world.ts';
import { smtpClient, type SmtpClient } from './smtp-client.ts';

const CLEAR: SmtpConfig = {
  address: '127.0.0.1',
  port: 0,
  requireTls: false,
  allowFrom: ['127.0.0.0/8'],
  maxBytes: 64 * 1024,
};

const MAIL =
  'Subject: Disk full\nFrom: cron <cron@db1.example>\nDate: Mon, 30 Nov 2026 09:59:00 +0000\n\n/var is at 99 %\n';

let pki: Pki;

function credentialsOf({ server, caFile }: Pki): Credentials {
  return loadCredentials({ certFile: server.certFile, keyFile: server.keyFile, caFile, policy: 'anssi' });
}

interface Running {
  readonly world: LineWorld;
  readonly source: TlsLineSource;
  connect(): Promise<SmtpClient>;
}

async function start(
  t: TestContext,
  config: Partial<SmtpConfig> = {},
  world = lineWorld(),
): Promise<Running> {
  const whole = { ...CLEAR, ...config };
  const credentials = whole.tls === undefined ? {} : { credentials: credentialsOf(pki) };
  const source = createSmtpSource(whole, { ...world, ...credentials });
  const { port } = await source.listen();
  const clients: SmtpClient[] = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await source.close();
  });
  return {
    world,
    source,
    async connect() {
      const client = await smtpClient(port);
      clients.push(client);
      return client;
    },
  };
}

/** Connected, greeted, and EHLO said. */
async function greet(running: Running): Promise<SmtpClient> {
  const client = await running.connect();
  assert.match(await client.answer(), /^220 manager\.example ESMTP/);
  assert.match(await client.say('EHLO test'), /^250-/);
  return client;
}

function plain(key: string, user = 'anybody'): string {
  return `AUTH PLAIN ${Buffer.from(`\0${user}\0${key}`).toString('base64')}`;
}

const TLS = { tls: { cert: '', key: '', ca: '' } };

// Each dialogue begins with 100 ms in which a client must not talk.
describe('smtp', { concurrency: 8 }, () => {
  const dir = tempDir({ after });
  before(async () => {
    pki = await makePki(dir);
  });

  test('A.1.3: the key as sender, a channel as recipient: stored for that channel', async (t) => {
    const running = await start(t);
    const client = await greet(running);
    assert.match(await client.say(`MAIL FROM:<${ANA_KEY}@alertgw>`), /^250/);
    assert.match(await client.say('RCPT TO:<ops@alertgw>'), /^250/);
    assert.match(await client.data(MAIL), /^250/);
    const [stored] = running.world.door.stored;
    assert.deepEqual(stored?.forced, ['ops']);
    assert.equal(stored.verbatim, 'Disk full\n\n/var is at 99 %');
    assert.deepEqual(stored.origin, { source: 'smtp', address: '127.0.0.1', key: 1, owner: 'ana' });
    const view = await viewMessage(stored.body);
    assert.equal(view.classification, 'Disk full');
    assert.equal(view.analyzers[0]?.name, 'smtp');
    assert.equal(view.detectTime?.iso, '2026-11-30T09:59:00Z');
    assert.deepEqual(
      view.additionalData.map(({ meaning, value }) => [meaning, value]),
      [
        ['from', 'cron <cron@db1.example>'],
        ['body', 'Disk full\n\n/var is at 99 %'],
      ],
    );
  });

  for (const [recipients, forced] of [
    [['*'], ['ops', 'night']],
    [['all'], ['ops', 'night']],
    [['"*"'], ['ops', 'night']],
    [
      ['ops', 'night', 'ops'],
      ['ops', 'night'],
    ],
  ] as const) {
    test(`recipients ${recipients.join(' and ')} are the channels ${forced.join(' and ')}`, async (t) => {
      const running = await start(t);
      const client = await greet(running);
      await client.say(`MAIL FROM:<${ANA_KEY}@alertgw>`);
      for (const name of recipients) assert.match(await client.say(`RCPT TO:<${name}@x>`), /^250/);
      assert.match(await client.data(MAIL), /^250/);
      assert.deepEqual(running.world.door.stored[0]?.forced, forced);
    });
  }

  test('AUTH PLAIN and LOGIN: any user, the key as password; the sender is then anybody', async (t) => {
    const running = await start(t);
    const client = await greet(running);
    assert.match(await client.say(plain(ANA_KEY)), /^235/);
    assert.match(await client.say('MAIL FROM:<monitor@db1.example>'), /^250/);
    assert.match(await client.say('RCPT TO:<night@x>'), /^250/);
    assert.match(await client.data(MAIL), /^250/);

    const other = await greet(running);
    assert.match(await other.say('AUTH LOGIN'), /^334/);
    assert.match(await other.say(Buffer.from('bob').toString('base64')), /^334/);
    assert.match(await other.say(Buffer.from(BOB_KEY).toString('base64')), /^235/);
    await other.say('MAIL FROM:<x@y>');
    assert.match(await other.say('RCPT TO:<bobs@x>'), /^250/);
    assert.match(await other.data(MAIL), /^250/);
    assert.deepEqual(
      running.world.door.stored.map(({ forced, origin }) => [forced, origin.owner]),
      [
        [['night'], 'ana'],
        [['bobs'], 'bob'],
      ],
    );
  });

  for (const [what, lines, answer, reason] of [
    ['an unknown key as sender', [`MAIL FROM:<${'f'.repeat(32)}@x>`], /^550 /, 'unknown-key'],
    ['a sender that is no key', ['MAIL FROM:<root@db1.example>'], /^550 /, 'unknown-key'],
    ['a wrong password', [plain('wrong')], /^535 /, 'unknown-key'],
    ['a bounce', ['MAIL FROM:<>'], /^550 /, 'loop'],
    ['a bounce with AUTH', [plain(ANA_KEY), 'MAIL FROM:<>'], /^550 /, 'loop'],
    ['an unknown channel', [`MAIL FROM:<${ANA_KEY}@x>`, 'RCPT TO:<none@x>'], /^550 /, 'unknown-channel'],
    ['a channel of another', [`MAIL FROM:<${ANA_KEY}@x>`, 'RCPT TO:<bobs@x>'], /^550 /, 'forbidden'],
    ['a disabled channel', [`MAIL FROM:<${ANA_KEY}@x>`, 'RCPT TO:<off@x>'], /^550 /, 'disabled-channel'],
    [
      'a channel the key was not given',
      [`MAIL FROM:<${NARROW_KEY}@x>`, 'RCPT TO:<ops@x>'],
      /^550 /,
      'forbidden',
    ],
    ['commands of a proxy', ['XCLIENT ADDR=192.0.2.1'], /^500 /, undefined],
    ['sendmail of old', ['WIZ x'], /^500 /, undefined],
  ] as const) {
    test(`${what} is refused, nothing stored`, async (t) => {
      const running = await start(t);
      const { door } = running.world;
      const client = await greet(running);
      let last = '';
      for (const line of lines) last = await client.say(line);
      assert.match(last, answer);
      assert.deepEqual([...door.refusals], reason === undefined ? [] : [[reason, 1]]);
      assert.match(await client.say('DATA'), /^503/);
      assert.equal(door.stored.length, 0);
    });
  }

  test('a stranger cannot tell a channel of another from one that does not exist', async (t) => {
    const client = await greet(await start(t));
    await client.say(`MAIL FROM:<${ANA_KEY}@x>`);
    assert.equal(await client.say('RCPT TO:<bobs@x>'), await client.say('RCPT TO:<none@x>'));
  });

  test('a key with a list of channels reaches those, whoever owns them', async (t) => {
    const running = await start(t);
    const client = await greet(running);
    await client.say(`MAIL FROM:<${NARROW_KEY}@x>`);
    assert.match(await client.say('RCPT TO:<shared@x>'), /^250/);
    assert.match(await client.say('RCPT TO:<*@x>'), /^250/);
    await client.data(MAIL);
    assert.deepEqual(running.world.door.stored[0]?.forced, ['shared']);
  });

  test('guessing ends the connection', async (t) => {
    const client = await greet(await start(t));
    let answer = '';
    for (let n = 0; n <= smtpLimits.failures; n += 1) answer = await client.say(`MAIL FROM:<guess${n}@x>`);
    assert.match(answer, /^421 /);
    assert.equal(await client.answer(), '');
  });

  test('G-AG: key in clear on SMTP: without TLS or allow_from the source does not start', () => {
    assert.throws(
      () => createSmtpSource({ ...CLEAR, allowFrom: [] }, lineWorld()),
      (error) => error instanceof RelayError && error.code === 'CONFIG' && /allow_from/.test(error.message),
    );
    assert.throws(
      () => createSmtpSource({ ...CLEAR, allowFrom: ['10.0.0.1/8'] }, lineWorld()),
      (error) => error instanceof RelayError && /10\.0\.0\.1\/8/.test(error.message),
    );
  });

  test('G-AG: SMTP open to anyone who knows a key: only networks of allow_from are spoken to', async (t) => {
    const running = await start(t, { allowFrom: ['192.0.2.0/24'] });
    const client = await running.connect();
    assert.equal(await client.answer(), '');
    await running.world.door.untilRefused('not-allowed');
    assert.equal(running.world.door.stored.length, 0);
  });

  for (const [what, config] of [
    ['TLS is required', { ...TLS, requireTls: true }],
    ['nobody is named in allow_from', { ...TLS, allowFrom: [] }],
  ] as const) {
    test(`G-AG: key in clear on SMTP: STARTTLS comes first where ${what}`, async (t) => {
      const running = await start(t, config);
      const client = await greet(running);
      assert.match(await client.say(`MAIL FROM:<${ANA_KEY}@x>`), /^530 /);
      assert.match(await client.say('AUTH PLAIN'), /^538 /);
      assert.match(await client.say('RCPT TO:<ops@x>'), /^503 /);
      await client.startTls(pki.caPem);
      assert.match(await client.say('EHLO test'), /^250-/);
      assert.match(await client.say(plain(ANA_KEY)), /^235 /);
      assert.match(await client.say('MAIL FROM:<a@b>'), /^250/);
      assert.match(await client.say('RCPT TO:<ops@x>'), /^250/);
      assert.match(await client.data(MAIL), /^250/);
      assert.deepEqual(running.world.door.stored[0]?.forced, ['ops']);
    });
  }

  test('who authenticated in clear is nobody after STARTTLS', async (t) => {
    const running = await start(t, TLS);
    const client = await greet(running);
    assert.match(await client.say(plain(ANA_KEY)), /^235 /);
    await client.startTls(pki.caPem);
    await client.say('EHLO test');
    assert.match(await client.say('MAIL FROM:<a@b>'), /^550 /);
  });

  test('new certificates are used from the next STARTTLS on; what is no certificate changes nothing', async (t) => {
    const running = await start(t, TLS);
    const other = await makePki(tempDir(t));
    running.source.adopt(credentialsOf(other));
    assert.throws(() => running.source.adopt({ ...credentialsOf(pki), cert: 'nonsense' }));
    const client = await greet(running);
    await client.startTls(other.caPem);
    assert.match(await client.say('EHLO test'), /^250-/);
  });

  test('G-AG: raw headers forwarded: neither they nor the key are in what is stored or said', async (t) => {
    const running = await start(t);
    const client = await greet(running);
    await client.say(`MAIL FROM:<${ANA_KEY}@alertgw>`);
    await client.say('RCPT TO:<ops@x>');
    const answer = await client.data(
      [
        `Return-Path: <${ANA_KEY}@alertgw>`,
        'Received: from secret-host.internal (10.1.2.3) by mx',
        `From: ${ANA_KEY} <${ANA_KEY}@alertgw>`,
        `Subject: =?utf-8?Q?alert_${ANA_KEY.toUpperCase()}?=`,
        'Authentication-Results: mx; auth=pass',
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.from(`my key is ${ANA_KEY}, keep it`).toString('base64'),
        '--b',
        `Content-Type: application/pdf; name="${ANA_KEY}.pdf"`,
        '',
        'content',
        '--b--',
      ].join('\n'),
    );
    assert.match(answer, /^250/);
    const all = everything(running.world);
    for (const secret of [ANA_KEY, 'secret-host', 'received', 'authentication-results', 'return-path']) {
      assert.ok(!all.includes(secret), secret);
    }
    const [stored] = running.world.door.stored;
    assert.equal(
      stored?.verbatim,
      'alert [key]\n\nmy key is [key], keep it\n\n[attachment: [key].pdf (application/pdf, 8 bytes)]',
    );
  });

  test('250 is said after the commit, not before', async (t) => {
    const running = await start(t);
    const { door } = running.world;
    let open: () => void = () => undefined;
    door.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = await greet(running);
    await client.say(`MAIL FROM:<${ANA_KEY}@x>`);
    await client.say('RCPT TO:<ops@x>');
    let answered = false;
    const answer = client.data(MAIL).then((line) => {
      answered = true;
      return line;
    });
    const other = await greet(running);
    assert.match(await other.say('NOOP'), /^250/);
    assert.equal(answered, false);
    open();
    assert.match(await answer, /^250/);
    assert.equal(door.stored.length, 1);
  });

  for (const [what, error, code, reason] of [
    ['a full store', new RelayError('JOURNAL_FULL', 'full'), /^452 /, 'full'],
    ['a full disk', new RelayError('DISK_RESERVE', 'no room'), /^452 /, 'full'],
    ['a failing store', new RelayError('JOURNAL_IO', `cannot write ${ANA_KEY.slice(0, 4)}`), /^451 /, 'busy'],
    ['a mistake of ours', new TypeError('oops'), /^451 /, 'busy'],
  ] as const) {
    test(`${what} leaves the mail at its sender, who tries again`, async (t) => {
      const running = await start(t);
      const { door } = running.world;
      door.fail = error;
      const client = await greet(running);
      await client.say(`MAIL FROM:<${ANA_KEY}@x>`);
      await client.say('RCPT TO:<ops@x>');
      assert.match(await client.data(MAIL), code);
      assert.equal(door.stored.length, 0);
      assert.deepEqual([...door.refusals], [[reason, 1]]);
      door.fail = undefined;
      await client.say(`MAIL FROM:<${ANA_KEY}@x>`);
      await client.say('RCPT TO:<ops@x>');
      assert.match(await client.data(MAIL), /^250/);
    });
  }

  test('a mail that is too large is refused, by its announcement and by its length', async (t) => {
    const running = await start(t);
    const client = await greet(running);
    assert.match(await client.say(`MAIL FROM:<${ANA_KEY}@x> SIZE=${CLEAR.maxBytes + 1}`), /^552 /);
    await client.say(`MAIL FROM:<${ANA_KEY}@x>`);
    await client.say('RCPT TO:<ops@x>');
    assert.match(await client.data(`Subject: x\n\n${'line\n'.repeat(CLEAR.maxBytes / 4)}`), /^552 /);
    assert.equal(running.world.door.refusals.get('too-large'), 1);
    assert.equal(running.world.door.stored.length, 0);
  });

  for (const [what, header, answer] of [
    ['one of our own come back', 'X-Idmef-Relay: 17', /^554 /],
    ['a vacation notice', 'Auto-Submitted: auto-replied', /^554 /],
    ['what cron sends', 'Auto-Submitted: auto-generated', /^250 /],
    ['what says no', 'Auto-Submitted: no', /^250 /],
  ] as const) {
    test(`${what}: ${answer.source}`, async (t) => {
      const running = await start(t);
      const client = await greet(running);
      await client.say(`MAIL FROM:<${ANA_KEY}@x>`);
      await client.say('RCPT TO:<ops@x>');
      assert.match(await client.data(`${header}\n${MAIL}`), answer);
      const refused = answer.source.startsWith('^554');
      assert.equal(running.world.door.refusals.get('loop'), refused ? 1 : undefined);
      assert.equal(running.world.door.stored.length, refused ? 0 : 1);
    });
  }

  test('a sender that goes away within its mail leaves nothing', async (t) => {
    const running = await start(t);
    const client = await greet(running);
    await client.say(`MAIL FROM:<${ANA_KEY}@x>`);
    await client.say('RCPT TO:<ops@x>');
    await client.say('DATA');
    client.socket.end('Subject: half a mail\r\n');
    assert.match(await client.answer(), /^$|^4/);
    await running.source.close();
    assert.equal(running.world.door.stored.length, 0);
  });

  /** Posts one mail past the dialogue. */
  async function poster(world: LineWorld, parts: { readonly pace?: Pace; readonly budget?: BodyBudget }) {
    const sayings = new Sayings(world.log, world.clock);
    const { pace = new Pace(world.clock), budget = new BodyBudget(smtpLimits.inFlightBytes) } = parts;
    const deps = { ...world, maxBytes: 1_000, pace, budget, sayings };
    const key = await world.keyRing.check(ANA_KEY, 'ingest');
    assert.ok(key);
    return async (...chunks: readonly string[]): Promise<void> => {
      const stream = Object.assign(new PassThrough(), { byteLength: 0, sizeExceeded: false });
      for (const chunk of chunks) stream.write(chunk);
      stream.end();
      await postMail(
        { stream, poster: { key, text: ANA_KEY }, channels: ['ops'], address: '127.0.0.1' },
        deps,
      );
    };
  }

  test('one key may not post for ever: 450, and again a minute later', async () => {
    const world = lineWorld();
    const pace = new Pace(world.clock);
    for (let n = 1; n < lineLimits.keyRatePerMinute; n += 1) pace.take('1', lineLimits.keyRatePerMinute);
    const post = await poster(world, { pace });
    await post(MAIL);
    await assert.rejects(post(MAIL), { responseCode: 450 });
    assert.deepEqual([...world.door.refusals], [['rate', 1]]);
    world.timers.advance(60_000);
    await post(MAIL);
    assert.equal(world.door.stored.length, 2);
  });

  test('mails together hold no more than their budget: beyond it 451, and room again when one is stored', async () => {
    const world = lineWorld();
    const budget = new BodyBudget(500);
    const post = await poster(world, { budget });
    let open: () => void = () => undefined;
    world.door.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = post(MAIL, 'x'.repeat(300));
    while (budget.taken < 400) await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(post(MAIL), { responseCode: 451 });
    await assert.rejects(post(MAIL.repeat(10)), { responseCode: 552 });
    open();
    await first;
    await post(MAIL);
    assert.equal(budget.taken, 0);
    assert.deepEqual(Object.fromEntries(world.door.refusals), { busy: 1, 'too-large': 1 });
    assert.equal(world.door.stored.length, 2);
  });

  test('connections are bounded for each address, and in time', async (t) => {
    const running = await start(t);
    const clients = await Promise.all(
      Array.from({ length: smtpLimits.perAddress }, async () => greet(running)),
    );
    const one = await running.connect();
    assert.equal(await one.answer(), '');
    assert.equal(running.world.door.refusals.get('busy'), 1);
    running.world.timers.advance(smtpLimits.lifeMs);
    for (const client of clients) assert.equal(await client.answer(), '');
    await greet(running);
  });

  test('closing says so to those who are connected', async (t) => {
    const running = await start(t);
    const client = await greet(running);
    const closed = running.source.close();
    assert.match(await client.answer(), /^421/);
    await closed;
  });
});
