/** The smtp sink against a mail server on loopback: what goes over the wire, and what each fault means for the mail. */

import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';

import * as fc from 'fast-check';

import { ownSinkLimits } from '../../../src/core/limits.ts';
import type { SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { composeMail } from '../../../src/dispatcher/sinks/own/smtp/compose-mail.ts';
import { readServer } from '../../../src/dispatcher/sinks/own/smtp/server.ts';
import { smtpEndpoint, smtpRecipient, smtpType } from '../../../src/dispatcher/sinks/own/smtp/smtp.ts';
import { anyText } from '../../support/any-text.ts';
import { makePki, type Pki } from '../../support/pki.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { startMailServer, startScript, type MailServer } from './mail-server.ts';
import { endpoint, message, never, notification, recipient, world, type World } from './sink-world.ts';

let pki: Pki;
let other: Pki;
const hooks: (() => void)[] = [];
before(async () => {
  const dir = tempDir({ after: (hook) => hooks.push(hook) });
  pki = await makePki(`${dir}/a`);
  other = await makePki(`${dir}/b`);
});
after(() => {
  for (const hook of hooks) hook();
});

interface Case {
  readonly params?: Record<string, unknown>;
  readonly to?: Record<string, unknown>;
  readonly deps?: World;
}

async function open(
  t: TestContext,
  server: Pick<MailServer, 'port'>,
  { params = {}, deps = world() }: Case = {},
) {
  const sink = await smtpType.create(
    endpoint('smtp', {
      server: '127.0.0.1',
      port: server.port,
      tls: 'none',
      from: 'SOC <soc@example.org>',
      ...params,
    }),
    deps,
  );
  t.after(() => sink.close());
  return {
    sink,
    send: async (
      to: Record<string, unknown>,
      more: Parameters<typeof notification>[2] = {},
    ): Promise<SinkAnswer> =>
      await sink.send(
        notification([message(1), message(2)], recipient(to, { audience: 'people' }), more),
        never,
      ),
  };
}

/** `again: …`; the server's name, which every reason begins with, as SERVER. */
function words({ outcome }: SinkAnswer): string {
  if (!('reason' in outcome)) return outcome.kind;
  return `${outcome.kind}: ${outcome.reason.replace(/^mail server (127\.0\.0\.1|localhost):\d+(?= )/, 'SERVER')}`;
}

const header = (raw: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(raw)?.[1]?.replace(/\r\n[ \t]+/g, ' ');

// The server greets after a tenth of a second; worlds of their own wait for it together.
const together = { concurrency: true };

describe('a mail', together, () => {
  test('goes once to all addresses, with text, HTML and the headers of a program', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server);
    const result = await send({
      to: 'ana@example.org, bob@example.org',
      cc: ['cia@example.org'],
      subject_prefix: '[SOC]',
    });
    assert.equal(words(result), 'ok');
    assert.equal(server.received.length, 1);
    const [mail] = server.received;
    assert.deepEqual(mail?.to, ['ana@example.org', 'bob@example.org', 'cia@example.org']);
    assert.equal(mail?.from, 'soc@example.org');
    const raw = mail?.raw ?? '';
    assert.equal(header(raw, 'From'), 'SOC <soc@example.org>');
    assert.equal(header(raw, 'To'), 'ana@example.org, bob@example.org');
    assert.equal(header(raw, 'Cc'), 'cia@example.org');
    assert.equal(header(raw, 'Subject'), '[SOC] subject');
    assert.equal(header(raw, 'Auto-Submitted'), 'auto-generated');
    assert.equal(header(raw, 'Message-ID'), '<key-0123456789abcdef@soc.example.org>');
    assert.equal(header(raw, 'X-Idmef-Relay'), 'soc.example.org; notification=k3f9; id=key-0123456789abcdef');
    assert.match(raw, /Content-Type: multipart\/alternative/);
    assert.match(raw, /plain text/);
    assert.match(raw, /<p>body<\/p>/);
  });

  test('G-NT: a recipient without cc is no error', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server);
    assert.equal(words(await send({ to: 'ana@example.org' })), 'ok');
    assert.equal(header(server.received[0]?.raw ?? '', 'Cc'), undefined);
  });

  test('in its plain form has no HTML', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server);
    await send({ to: 'ana@example.org' }, { form: 'plain' });
    assert.doesNotMatch(server.received[0]?.raw ?? '', /html/i);
  });

  test('of its own for each address, where it is wanted', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server);
    await send({ to: ['ana@example.org', 'bob@example.org'], one_per_address: 'yes' });
    assert.deepEqual(
      server.received.map(({ to, raw }) => [to, header(raw, 'To')]),
      [
        [['ana@example.org'], 'ana@example.org'],
        [['bob@example.org'], 'bob@example.org'],
      ],
    );
    const ids = server.received.map(({ raw }) => header(raw, 'Message-ID'));
    assert.notEqual(ids[0], ids[1]);
  });

  test('connections are used again', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server);
    for (let n = 0; n < 5; n++) await send({ to: 'ana@example.org' }, { idempotencyKey: `k${n}` });
    assert.equal(server.received.length, 5);
    assert.equal(server.connections, 1);
  });

  test('many at once share the connections of one pool', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server);
    await Promise.all(
      Array.from(
        { length: 10 },
        async (_, n) => await send({ to: 'ana@example.org' }, { idempotencyKey: `k${n}` }),
      ),
    );
    assert.equal(server.received.length, 10);
    assert.ok(server.connections <= ownSinkLimits.mailConnections, `${server.connections} connections`);
  });

  test('has a subject of one line and no other header, whatever the alert says', () => {
    fc.assert(
      fc.property(anyText(400), fc.string({ maxLength: 20 }), (subject, prefix) => {
        const mail = composeMail({
          from: 'soc@example.org',
          to: ['ana@example.org'],
          cc: [],
          prefix,
          hostname: 'soc',
          notification: notification([], recipient(), { rendered: { subject, body: '', plain: '' } }),
        });
        // oxlint-disable-next-line no-control-regex -- they are what it is about
        assert.doesNotMatch(String(mail.subject), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        assert.ok(Array.from(String(mail.subject)).length <= 120);
      }),
    );
  });

  test('G-AG: hostile subjects add no header and no recipient on the wire', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server);
    const subject = 'x\r\nBcc: eve@example.org\r\n\r\n.\r\nMAIL FROM:<a@b>';
    await send({ to: 'ana@example.org' }, { rendered: { subject, body: '.\r\n.', plain: '.\r\n.\r\nQUIT' } });
    assert.equal(server.received.length, 1);
    assert.deepEqual(server.received[0]?.to, ['ana@example.org']);
    assert.equal(header(server.received[0]?.raw ?? '', 'Bcc'), undefined);
    assert.match(server.received[0]?.raw ?? '', /QUIT/);
  });
});

describe('what a server says', together, () => {
  const say = (code: number, text = 'no') => ({ code, text });
  const cases: readonly (readonly [string, Partial<MailServer['faults']>, RegExp])[] = [
    ['421 at the greeting', { connect: () => say(421, 'busy') }, /^again: .*421/],
    ['450 to the sender', { from: () => say(450, 'later') }, /^again: SERVER said 450 later/],
    ['550 to the sender', { from: () => say(550, 'you not') }, /^broken: SERVER said 550 you not/],
    ['552 to the sender (size)', { from: () => say(552, 'too large') }, /^refused: SERVER said 552/],
    [
      '450 to every address (greylisting)',
      { to: () => say(450, '4.2.0 greylisted') },
      /^again: .*greylisted/,
    ],
    ['552 to every address (full)', { to: () => say(552, 'mailbox full') }, /^again: .*mailbox full/],
    [
      '550 to every address',
      { to: () => say(550, 'no such user') },
      /^broken: SERVER did not take it for ana@example\.org \(said 550 no such user\)$/,
    ],
    ['530 to the first command', { from: () => say(530, 'authenticate first') }, /^broken: SERVER said 530/],
    ['451 to the content', { data: () => say(451, 'try later') }, /^again: SERVER said 451/],
    ['554 to the content', { data: () => say(554, 'looks like spam') }, /^refused: SERVER said 554/],
    ['a connection dropped in the middle of DATA', { data: () => 'drop' }, /^again: SERVER /],
    ['a connection dropped after RCPT', { to: () => 'drop' }, /^again: SERVER /],
    [
      'a connection dropped at the greeting',
      { connect: () => 'drop' },
      /^again: SERVER closed the connection/,
    ],
  ];
  for (const [name, faults, expected] of cases) {
    test(name, async (t) => {
      const server = await startMailServer(t);
      server.faults = faults;
      const { send } = await open(t, server);
      assert.match(words(await send({ to: 'ana@example.org' })), expected);
      assert.equal(server.received.length, 0);
      server.faults = {};
      assert.equal(words(await send({ to: 'ana@example.org' })), 'ok');
    });
  }

  test('a refused password is broken and does not appear in the reason', async (t) => {
    const server = await startMailServer(t, { allowInsecureAuth: true, authMethods: ['PLAIN'] });
    server.faults = { auth: () => say(535, 'bad credentials') };
    const { send } = await open(t, server, { params: { user: 'soc', password: 'geheim-4711' } });
    const result = words(await send({ to: 'ana@example.org' }));
    assert.match(result, /^broken: SERVER said 535/);
    assert.doesNotMatch(result, /geheim|Z2VoZWlt/);
  });

  test('a server that fails to authenticate for now is tried again', async (t) => {
    const server = await startMailServer(t, { allowInsecureAuth: true, authMethods: ['PLAIN'] });
    server.faults = { auth: () => say(454, 'directory is away') };
    const { send } = await open(t, server, { params: { user: 'soc', password: 'x' } });
    assert.match(words(await send({ to: 'ana@example.org' })), /^again: SERVER said 454/);
  });

  test('a user is never sent without authentication', async (t) => {
    const server = await startMailServer(t, { disabledCommands: ['AUTH', 'STARTTLS'] });
    const { send } = await open(t, server, { params: { user: 'soc', password: 'x' } });
    assert.match(words(await send({ to: 'ana@example.org' })), /^broken: /);
    assert.equal(server.received.length, 0);
  });

  test('whether a mail may have been taken is said: after DATA, not before', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server);
    server.faults = { data: () => 'drop' };
    assert.equal((await send({ to: 'ana@example.org' })).uncertain, true);
    server.faults = { from: () => say(451) };
    assert.equal((await send({ to: 'ana@example.org' })).uncertain, undefined);
  });

  test('nobody there', async (t) => {
    const server = await startScript(t, []);
    const { send } = await open(t, { port: server.port === 1 ? 2 : 1 });
    assert.match(words(await send({ to: 'ana@example.org' })), /^again: SERVER refused the connection/);
  });

  test('a greeting that refuses for good', async (t) => {
    const { port } = await startScript(t, ['554 no mail from you', '221 bye']);
    const { send } = await open(t, { port });
    assert.match(words(await send({ to: 'ana@example.org' })), /^broken: .*554/);
  });

  test('an abort ends a mail under way and rejects', async (t) => {
    const { port } = await startScript(t, ['220 hello', '250 ok']);
    const sink = await smtpType.create(
      endpoint('smtp', { server: '127.0.0.1', port, tls: 'none', from: 'soc@example.org' }),
      world(),
    );
    t.after(() => sink.close());
    const stop = new AbortController();
    const sending = sink.send(notification([message(1)], recipient({ to: 'ana@example.org' })), stop.signal);
    setTimeout(() => stop.abort(new Error('time is up')), 30);
    await assert.rejects(sending, /time is up/);
  });
});

describe('several addresses', together, () => {
  const leftUs = (address: string) =>
    address.startsWith('bob') ? { code: 550, text: 'left us' } : undefined;
  const both = { to: 'ana@example.org, bob@example.org' };
  const withoutBob =
    /mail server 127\.0\.0\.1:\d+ did not take it for bob@example\.org \(said 550 left us\); took it for ana@example\.org$/;

  test('one that is refused for good takes it from nobody else, and is named in the log and by why', async (t) => {
    const server = await startMailServer(t);
    server.faults = { to: leftUs };
    const deps = world();
    const { send } = await open(t, server, { deps });
    for (let n = 0; n < 3; n++) {
      const result = await send(both, { idempotencyKey: `k${n}` });
      assert.equal(words(result), 'ok');
      assert.match(result.providerRef ?? '', withoutBob);
    }
    assert.equal(server.received.length, 3);
    const warnings = deps.log.lines.filter(({ text }) => withoutBob.test(text));
    assert.equal(warnings.length, 1, 'once, until it changes');
    server.faults = {};
    await send(both);
    server.faults = { to: leftUs };
    await send(both);
    assert.equal(deps.log.lines.filter(({ text }) => withoutBob.test(text)).length, 2);
  });

  test('a test of the recipient says who would get nothing', async (t) => {
    const server = await startMailServer(t);
    server.faults = { to: leftUs };
    const { send } = await open(t, server);
    const result = await send(both, { form: 'test', messages: [] });
    assert.match(words(result), /^refused: SERVER did not take it for bob@example\.org/);
  });

  test('who has had some of the alerts of a mail gets it, who has had them all does not', async (t) => {
    const server = await startMailServer(t);
    let grey = true;
    server.faults = {
      to: (address) => (grey && address.startsWith('bob') ? { code: 450, text: 'greylisted' } : undefined),
    };
    const { send } = await open(t, server);
    assert.match(words(await send(both, { messages: [message(1), message(2), message(3)] })), /^again/);
    grey = false;
    assert.equal(words(await send(both, { messages: [message(1)] })), 'ok');
    assert.equal(words(await send(both, { messages: [message(2), message(3)] })), 'ok');
    assert.equal(words(await send(both, { messages: [message(3), message(4)] })), 'ok');
    assert.deepEqual(
      server.received.map(({ to }) => to.map((address) => address.slice(0, 3)).join(' ')),
      ['ana', 'bob', 'bob', 'ana bob'],
    );
  });

  test('a refusal of the content is one for all, and the plain form goes to all', async (t) => {
    const server = await startMailServer(t);
    server.faults = { data: () => ({ code: 554, text: 'looks like spam' }) };
    const { send } = await open(t, server);
    assert.match(words(await send(both)), /^refused: /);
    server.faults = {};
    assert.equal(words(await send(both, { form: 'plain' })), 'ok');
    assert.deepEqual(server.received[0]?.to, ['ana@example.org', 'bob@example.org']);
  });

  test('one that is put off gets it later, and the others not again', async (t) => {
    const server = await startMailServer(t);
    let grey = true;
    server.faults = {
      to: (address) => (grey && address.startsWith('bob') ? { code: 450, text: 'greylisted' } : undefined),
    };
    const { send } = await open(t, server);
    const to = { to: 'ana@example.org, bob@example.org' };
    assert.equal(
      words(await send(to)),
      'again: SERVER did not take it for bob@example.org (said 450 greylisted); took it for ana@example.org',
    );
    // The same messages, perhaps under another key.
    assert.match(words(await send(to, { idempotencyKey: 'another' })), /^again/);
    grey = false;
    assert.equal(words(await send(to)), 'ok');
    assert.deepEqual(
      server.received.map(({ to: got }) => got),
      [['ana@example.org'], ['bob@example.org']],
    );
    assert.equal(header(server.received[1]?.raw ?? '', 'To'), 'ana@example.org, bob@example.org');
  });

  test('G-NT: email attempts of one recipient say nothing about another', async (t) => {
    const server = await startMailServer(t);
    server.faults = { to: (address) => (address.startsWith('bob') ? { code: 450, text: 'no' } : undefined) };
    const { sink } = await open(t, server);
    const to = (name: string) => recipient({ to: `${name}@example.org` }, { name });
    for (let n = 0; n < 7; n++) {
      assert.equal((await sink.send(notification([message(1)], to('bob')), never)).outcome.kind, 'again');
    }
    assert.equal((await sink.send(notification([message(1)], to('ana')), never)).outcome.kind, 'ok');
  });

  test('a mail that waits for a connection survives the end of the pool it waits in', async (t) => {
    const server = await startMailServer(t);
    let refusing = false;
    server.faults = {
      from: () => (refusing ? { code: 550, text: 'you not' } : undefined),
    };
    const { sink } = await open(t, server);
    const one = async (n: number): Promise<SinkAnswer> =>
      await sink.send(
        notification([message(n)], recipient({ to: `r${n}@example.org` }, { name: `r${n}` })),
        never,
      );
    assert.equal(words(await one(0)), 'ok');
    refusing = true;
    // More than the pool has connections: some of them wait while the first ones are refused for good.
    const outcomes = await Promise.all(Array.from({ length: 12 }, async (_, n) => await one(n)));
    assert.deepEqual(new Set(outcomes.map(words)), new Set(['broken: SERVER said 550 you not']));
    refusing = false;
    assert.equal(words(await one(99)), 'ok');
  });

  test('a mail for each address that runs out of time goes on where it ended', async (t) => {
    const server = await startMailServer(t);
    const stop = new AbortController();
    server.faults = {
      to: (address) => {
        if (address.startsWith('cia')) stop.abort(new Error('time is up'));
        return undefined;
      },
    };
    const { sink, send } = await open(t, server);
    const to = { to: 'ana@x.org, bob@x.org, cia@x.org, dan@x.org', one_per_address: true };
    const first = sink.send(notification([message(1), message(2)], recipient(to)), stop.signal);
    await assert.rejects(first, /time is up/);
    server.faults = {};
    assert.equal(words(await send(to)), 'ok');
    assert.deepEqual(
      server.received.flatMap((mail) => mail.to),
      ['ana@x.org', 'bob@x.org', 'cia@x.org', 'dan@x.org'],
    );
  });

  test('a server that is away is not asked for each address', async (t) => {
    const server = await startMailServer(t);
    server.faults = { from: () => ({ code: 451, text: 'later' }) };
    const { send } = await open(t, server);
    let asked = 0;
    server.faults.from = () => {
      asked += 1;
      return { code: 451, text: 'later' };
    };
    await send({ to: ['a@x.org', 'b@x.org', 'c@x.org'], one_per_address: true });
    assert.equal(asked, 1);
  });
});

describe('TLS', together, () => {
  const tlsParams = (tls: string, ca = pki.caFile) => ({ server: 'localhost', tls, ca_file: ca });

  test('STARTTLS and authentication', async (t) => {
    const server = await startMailServer(t, { leaf: pki.server, authOptional: false });
    const { send } = await open(t, server, {
      params: { ...tlsParams('starttls'), user: 'soc', password: 'geheim' },
    });
    assert.equal(words(await send({ to: 'ana@example.org' })), 'ok');
    assert.deepEqual([server.received[0]?.secure, server.received[0]?.user], [true, 'soc']);
  });

  test('from the first byte', async (t) => {
    const server = await startMailServer(t, { leaf: pki.server, secure: true });
    const { send } = await open(t, server, { params: tlsParams('tls') });
    assert.equal(words(await send({ to: 'ana@example.org' })), 'ok');
    assert.equal(server.received[0]?.secure, true);
  });

  for (const tls of ['starttls', 'tls']) {
    test(`${tls}: a certificate of a foreign authority is broken, and nothing is sent`, async (t) => {
      const server = await startMailServer(t, { leaf: pki.server, secure: tls === 'tls' });
      const { send } = await open(t, server, { params: tlsParams(tls, other.caFile) });
      assert.match(words(await send({ to: 'ana@example.org' })), /^broken: /);
      assert.equal(server.received.length, 0);
    });

    test(`${tls}: a certificate for another name is broken`, async (t) => {
      const leaf = await pki.issue({ name: `wrong-${tls}`, san: ['DNS:elsewhere.example'], eku: ['server'] });
      const server = await startMailServer(t, { leaf, secure: tls === 'tls' });
      const { send } = await open(t, server, { params: tlsParams(tls) });
      assert.match(words(await send({ to: 'ana@example.org' })), /^broken: /);
    });
  }

  test('a server without STARTTLS gets nothing by default, and that is what the reason says', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server, { params: { tls: undefined, user: 'soc', password: 'geheim' } });
    assert.match(
      words(await send({ to: 'ana@example.org' })),
      /^broken: SERVER does not do STARTTLS, it said 5/,
    );
    assert.equal(server.received.length, 0);
  });

  test('a server that has no TLS for now is tried again', async (t) => {
    const lines = ['220 hello', '250-hello\r\n250 STARTTLS', '454 TLS not available due to temporary reason'];
    const { port } = await startScript(t, lines);
    const { send } = await open(t, { port }, { params: { tls: 'starttls' } });
    assert.match(
      words(await send({ to: 'ana@example.org' })),
      /^again: SERVER does not do STARTTLS, it said 454/,
    );
  });

  test('G-AG: STARTTLS is no must: tls: none speaks to a server without it', async (t) => {
    const server = await startMailServer(t);
    const { send } = await open(t, server, { params: { tls: 'none' } });
    assert.equal(words(await send({ to: 'ana@example.org' })), 'ok');
  });
});

describe('settings', () => {
  test('servers', () => {
    const read = (server: string, more = {}): string => {
      const { host, port, tls } = readServer({ server, ...more }, 'endpoint x');
      return `${host} ${port} ${tls}`;
    };
    assert.equal(read('mail.example'), 'mail.example 25 starttls');
    assert.equal(read('mail.example', { user: 'u' }), 'mail.example 587 starttls');
    assert.equal(read('smtp://mail.example:2525'), 'mail.example 2525 starttls');
    assert.equal(read('smtps://mail.example'), 'mail.example 465 tls');
    assert.equal(read('smtps://[2001:db8::1]:4650/'), '2001:db8::1 4650 tls');
    assert.equal(read('2001:db8::1'), '2001:db8::1 25 starttls');
    assert.equal(read('localhost', { tls: 'none' }), 'localhost 25 none');
    assert.equal(readServer({ server: '2001:db8::1' }, 'endpoint x').label, 'mail server [2001:db8::1]:25');
    for (const bad of [
      'http://mail',
      'mail example',
      'mail/x',
      'smtp://user:pw@mail',
      '',
      'a:b',
      '300.1.1.1',
    ]) {
      assert.throws(() => read(bad), /names no host/, bad);
    }
  });

  const refused: readonly (readonly [string, unknown])[] = [
    ['to with a line end', { to: 'a@x.org\r\nRCPT TO:<b@x.org>' }],
    ['to with a control character', { to: 'a\u0007@x.org' }],
    ['to that is no address', { to: 'ana' }],
    ['no to', {}],
    ['a prefix with a line end', { to: 'a@x.org', subject_prefix: 'a\nBcc: b' }],
    ['an unknown parameter', { to: 'a@x.org', bcc: 'b@x.org' }],
  ];
  for (const [name, params] of refused) {
    test(`recipient: ${name}`, () => assert.equal(smtpRecipient.safeParse(params).success, false));
  }

  test('endpoint: a sender with a line end', () => {
    assert.equal(smtpEndpoint.safeParse({ server: 'x', from: 'a@x.org\nBcc: b@x.org' }).success, false);
  });

  test('a password in the clear is said at the start', async (t) => {
    const deps = world();
    await open(t, { port: 25 }, { params: { user: 'u', password: 'p' }, deps });
    assert.match(deps.log.lines[0]?.text ?? '', /travels in the clear/);
  });

  test('an endpoint of the database reaches only what the policy allows', async (t) => {
    const server = await startMailServer(t);
    const deps = world({
      outbound: { refusal: (from, address) => (from === 'database' ? `${address} is private` : undefined) },
    });
    const params = { server: 'localhost', port: server.port, tls: 'none', from: 'soc@example.org' };
    const sink = await smtpType.create(endpoint('smtp', params, { provenance: 'database' }), deps);
    t.after(() => sink.close());
    const result = await sink.send(notification([message(1)], recipient({ to: 'a@x.org' })), never);
    assert.match(words(result), /^broken: SERVER may not be dialled: .* is private/);
    assert.equal(server.connections, 0);
  });

  test('an endpoint of the database names no files', async () => {
    const params = { server: 'localhost', from: 'soc@example.org', ca_file: '/etc/shadow' };
    await assert.rejects(
      smtpType.create(endpoint('smtp', params, { provenance: 'database' }), world()),
      /for the configuration file only/,
    );
  });
});
