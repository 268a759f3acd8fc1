/**
 * AlertGateway's REST input row by row (its documented paths, header, field, codes and bodies, to the byte), and those of its
 * defects that end at this door.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

import { RelayError } from '../../../src/core/errors.ts';
import { httpsLimits, keyLimits } from '../../../src/core/limits.ts';
import { sharedWorld } from './shared-world.ts';
import { form, KEYS, RATE, startSources, viewOf, type Ask } from './sources-world.ts';

const ONE = '/sender/sendMessage/soc';
const ALL = '/sender/sendMessage2all/';

interface Row {
  readonly what: string;
  readonly path: string;
  readonly key?: string;
  readonly status: number;
  readonly message: string;
  /** Channels the message went to; undefined: nothing stored. */
  readonly to?: readonly string[];
  readonly refused?: string;
}

const rows: readonly Row[] = [
  { what: 'one channel', path: ONE, key: KEYS.ana, status: 200, message: 'Success', to: ['soc'] },
  {
    what: 'one channel, trailing slash',
    path: `${ONE}/`,
    key: KEYS.ana,
    status: 200,
    message: 'Success',
    to: ['soc'],
  },
  {
    what: 'an imported key',
    path: '/sender/sendMessage/mail',
    key: KEYS.bob,
    status: 200,
    message: 'Success',
    to: ['mail'],
  },
  { what: 'no key', path: ONE, status: 400, message: 'Please provide an API key', refused: 'no-key' },
  {
    what: 'an empty key',
    path: ONE,
    key: '',
    status: 400,
    message: 'Please provide an API key',
    refused: 'no-key',
  },
  {
    what: 'an unknown key',
    path: ONE,
    key: 'x',
    status: 400,
    message: 'The provided API key is not valid',
    refused: 'unknown-key',
  },
  {
    what: 'a key without the scope',
    path: ONE,
    key: KEYS.reader,
    status: 400,
    message: 'The provided API key is not valid',
    refused: 'unknown-key',
  },
  {
    what: 'no such channel',
    path: '/sender/sendMessage/none',
    key: KEYS.ana,
    status: 400,
    message: 'Not found',
    refused: 'unknown-channel',
  },
  {
    what: 'a channel called *',
    path: '/sender/sendMessage/*',
    key: KEYS.ana,
    status: 400,
    message: 'Not found',
    refused: 'unknown-channel',
  },
  {
    what: 'a channel of another user',
    path: '/sender/sendMessage/mail',
    key: KEYS.ana,
    status: 400,
    message: 'Forbidden.',
    refused: 'forbidden',
  },
  {
    what: 'a channel of nobody',
    path: '/sender/sendMessage/siem',
    key: KEYS.ana,
    status: 400,
    message: 'Forbidden.',
    refused: 'forbidden',
  },
  {
    what: 'a disabled channel',
    path: '/sender/sendMessage/old',
    key: KEYS.ana,
    status: 400,
    message: 'Channel disabled.',
    refused: 'disabled-channel',
  },
  {
    what: 'a channel that is not on the key’s list',
    path: '/sender/sendMessage/chat',
    key: KEYS.limited,
    status: 400,
    message: 'Forbidden.',
    refused: 'forbidden',
  },
  { what: 'to all', path: ALL, key: KEYS.ana, status: 200, message: 'Success', to: ['soc', 'chat'] },
  {
    what: 'to all, without the slash',
    path: ALL.slice(0, -1),
    key: KEYS.ana,
    status: 200,
    message: 'Success',
    to: ['soc', 'chat'],
  },
  {
    what: 'to all of a key’s list',
    path: ALL,
    key: KEYS.limited,
    status: 200,
    message: 'Success',
    to: ['soc'],
  },
  { what: 'to all, no key', path: ALL, status: 400, message: 'Please provide an API key', refused: 'no-key' },
  {
    what: 'to all, an unknown key',
    path: ALL,
    key: 'x',
    status: 400,
    message: 'The provided API key is not valid',
    refused: 'unknown-key',
  },
  {
    what: 'to all of a user without channels',
    path: ALL,
    key: KEYS.nobodysChannels,
    status: 200,
    message: 'Forbidden',
    refused: 'unknown-channel',
  },
  {
    what: 'to all where all are disabled',
    path: ALL,
    key: KEYS.allDisabled,
    status: 200,
    message: 'Message not sended to 0 receivers, 2 channels disabled.',
    refused: 'disabled-channel',
  },
  {
    what: 'to all of a key’s list, one disabled and one that is gone',
    path: ALL,
    key: KEYS.narrow,
    status: 200,
    message: 'Message not sended to 0 receivers, 1 channels disabled.',
    refused: 'disabled-channel',
  },
];

const shared = sharedWorld();

function post(
  path: string,
  key: string | undefined,
  what: Pick<Ask, 'headers' | 'body'> = form('disk full on db1'),
): Ask {
  return { path, ...what, headers: { ...what.headers, ...(key === undefined ? {} : { key }) } };
}

describe('the table', () => {
  for (const { what, path, key, status, message, to, refused } of rows) {
    test(`${what}: ${status} ${message}`, async () => {
      const answer = await shared().ask(post(path, key));
      assert.equal(answer.status, status);
      assert.equal(answer.text, `${JSON.stringify({ message })}\n`);
      assert.equal(answer.headers['content-type'], 'application/json');
      assert.deepEqual(
        shared().door.messages.map(({ forced }) => forced),
        to === undefined ? [] : [to],
      );
      assert.deepEqual(shared().door.refusals, refused === undefined ? [] : [refused]);
    });
  }
});

describe('a post', () => {
  test('is stored as an alert with its text as it was, by whom, and for that channel alone', async () => {
    const text = 'Disk full on db1\nfree: 0 %\n  <b>&amp;</b> ñ 😀';
    await shared().ask(post(ONE, KEYS.ana, form(text)));
    const [message] = shared().door.messages;
    assert.ok(message);
    assert.equal(message.verbatim, text);
    assert.deepEqual(message.forced, ['soc']);
    assert.deepEqual(message.origin, { source: 'alertgateway', address: '127.0.0.1', key: 1, owner: 'ana' });
    const view = await viewOf(message);
    assert.equal(view.classification, 'Disk full on db1');
    assert.equal(view.analyzers[0]?.name, 'alertgateway');
    const data = Object.fromEntries(view.additionalData.map(({ meaning, value }) => [meaning, value]));
    assert.equal(data['body'], text);
    assert.equal(data['owner'], 'ana');
  });

  test('twice the same text is two messages', async () => {
    await shared().ask(post(ONE, KEYS.ana));
    await shared().ask(post(ONE, KEYS.ana));
    assert.equal(shared().door.messages.length, 2);
  });

  test('as multipart/form-data, as requests’ files= sends it', async () => {
    const body =
      '--b0undary\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n' +
      '--b0undary\r\nContent-Disposition: form-data; name="message"\r\n\r\ntwo\r\nlines\r\n--b0undary--\r\n';
    const headers = { 'content-type': 'multipart/form-data; boundary=b0undary' };
    const answer = await shared().ask(post(ONE, KEYS.ana, { headers, body }));
    assert.equal(answer.text, '{"message":"Success"}\n');
    assert.equal(shared().door.messages[0]?.verbatim, 'two\r\nlines');
  });

  test('the key as Authorization: Bearer', async () => {
    const headers = { ...form('x').headers, authorization: `Bearer ${KEYS.ana}` };
    assert.equal((await shared().ask({ path: ONE, ...form('x'), headers })).text, '{"message":"Success"}\n');
  });

  test('an encoded channel name', async () => {
    assert.equal((await shared().ask(post('/sender/sendMessage/s%6fc', KEYS.ana))).status, 200);
  });

  for (const [what, type, body] of [
    ['no message field', 'application/x-www-form-urlencoded', 'text=x'],
    ['an empty message', 'application/x-www-form-urlencoded', 'message='],
    ['JSON instead of a form', 'application/json', '{"message":"x"}'],
    ['multipart without boundary', 'multipart/form-data', 'message=x'],
    [
      'multipart that never ends',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="message"\r\n\r\nx',
    ],
    [
      'a file instead of a field',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="message"; filename="a"\r\n\r\nx\r\n--b--\r\n',
    ],
    [
      'too many fields',
      'application/x-www-form-urlencoded',
      `${'a=1&'.repeat(httpsLimits.formFields)}message=x`,
    ],
  ] as const) {
    test(`${what} is 400 and nothing stored, where "None" was sent`, async () => {
      const answer = await shared().ask(post(ONE, KEYS.ana, { headers: { 'content-type': type }, body }));
      assert.deepEqual([answer.status, answer.text], [400, '{"message":"Please provide a message"}\n']);
      assert.deepEqual(shared().door.accepted, []);
      assert.deepEqual(shared().door.refusals, ['malformed']);
    });
  }

  test('too large is 413', async () => {
    const answer = await shared().ask(post(ONE, KEYS.ana, form('x'.repeat(httpsLimits.postBytes))));
    assert.equal(answer.status, 413);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.deepEqual(shared().door.refusals, ['too-large']);
  });

  test('other methods are 405, other paths 404', async () => {
    const wrong = await shared().ask({ path: ONE, headers: { key: KEYS.ana } });
    assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'POST']);
    assert.equal((await shared().ask(post('/sender/other', KEYS.ana))).status, 404);
    assert.equal((await shared().ask(post('/sender/sendMessage/a/b', KEYS.ana))).status, 404);
  });

  test('switched off, its paths do not exist', async (t) => {
    const off = await startSources(t, { without: 'alertgateway', site: shared() });
    assert.equal((await off.ask(post(ONE, KEYS.ana))).status, 404);
    assert.deepEqual(off.door.accepted, []);
  });
});

describe('pace', () => {
  test('beyond the rate of a key 429 with Retry-After, and other keys go on', async () => {
    for (let n = 0; n < RATE; n += 1) assert.equal((await shared().ask(post(ONE, KEYS.ana))).status, 200);
    const answer = await shared().ask(post(ONE, KEYS.ana));
    assert.deepEqual([answer.status, answer.headers['retry-after']], [429, '3']);
    assert.deepEqual(JSON.parse(answer.text), { message: 'this key may post 20 times a minute' });
    assert.deepEqual(shared().door.refusals, ['rate']);
    assert.equal((await shared().ask(post('/sender/sendMessage/mail', KEYS.bob))).status, 200);
  });

  test('wrong keys of an address are put off, a right one of the same address is not', async () => {
    for (let n = 0; n < keyLimits.wrongPerMinute; n += 1) {
      assert.equal((await shared().ask(post(ONE, `guess-${n}`))).status, 400);
    }
    assert.equal((await shared().ask(post(ONE, 'guess'))).status, 429);
    assert.equal((await shared().ask(post(ONE, KEYS.ana))).status, 200);
  });
});

describe('seed defects', () => {
  test('G-AG: Success is said after the commit, not before', async () => {
    let commit = (): void => undefined;
    const reached = new Promise<void>((arrived) => {
      shared().door.before = async () => {
        arrived();
        await new Promise<void>((resolve) => {
          commit = resolve;
        });
      };
    });
    let answered = false;
    const answer = shared()
      .ask(post(ONE, KEYS.ana))
      .finally(() => {
        answered = true;
      });
    await reached;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answered, false);
    commit();
    assert.equal((await answer).text, '{"message":"Success"}\n');
  });

  test('G-AG: an exception never returns parameters or words of the store to the caller', async () => {
    for (const [error, status] of [
      [new Error("{'bot-key': '123:SECRET'}"), 500],
      [new RelayError('JOURNAL_IO', 'cannot write /var/lib/SECRET'), 503],
      [new RelayError('JOURNAL_FULL', 'SECRET is full'), 507],
    ] as const) {
      shared().door.before = async () => await Promise.reject(error);
      const answer = await shared().ask(post(ONE, KEYS.ana));
      assert.equal(answer.status, status);
      assert.equal(answer.text, '{"message":"The message could not be stored"}\n');
      if (status !== 500) assert.match(answer.headers['retry-after'] ?? '', /^\d+$/);
    }
    assert.deepEqual(shared().door.accepted, []);
  });

  test('while the store cannot be asked for keys the answer is 503 in its words, not a wrong key', async (t) => {
    const check = async (): Promise<undefined> =>
      await Promise.reject(new RelayError('JOURNAL_IO', 'cannot read /var/lib/SECRET'));
    const world = await startSources(t, { deps: { keyRing: { check } }, site: shared() });
    const answer = await world.ask(post(ONE, KEYS.ana));
    assert.deepEqual(
      [answer.status, answer.text, answer.headers['retry-after']],
      [503, '{"message":"alerts cannot be stored at present"}\n', String(httpsLimits.busyRetrySeconds)],
    );
    assert.deepEqual(world.door.refusals, ['busy']);
    assert.equal(
      (await world.ask({ path: '/api/v1/alerts', body: '{}', headers: { key: KEYS.ana } })).status,
      503,
    );
  });

  test('G-AG: a disabled channel does not send', async () => {
    await shared().ask(post('/sender/sendMessage/old', KEYS.ana));
    await shared().ask(post(ALL, KEYS.ana));
    assert.deepEqual(
      shared().door.messages.map(({ forced }) => forced),
      [['soc', 'chat']],
    );
  });

  test('G-AG: keys stand in no log line, right or wrong', async () => {
    await shared().ask(post(ONE, KEYS.ana));
    await shared().ask(post(ONE, 'wrong-SECRET-key'));
    const log = JSON.stringify(shared().logger.lines);
    assert.ok(!log.includes(KEYS.ana) && !log.includes('wrong-SECRET-key'), log);
  });

  test('G-AG: total failure to all is 200, which its clients know: documented, and nothing is called Success', async () => {
    const answer = await shared().ask(post(ALL, KEYS.allDisabled));
    assert.equal(answer.status, 200);
    assert.ok(!answer.text.includes('Success'));
  });
});

test('curl posts as AlertGateway’s documentation says', async (t) => {
  const args = [
    '--silent',
    '--cacert',
    shared().pki.caFile,
    '-H',
    `key: ${KEYS.ana}`,
    '-d',
    'message=hello there',
  ];
  try {
    const { stdout } = await promisify(execFile)('curl', [
      ...args,
      `https://localhost:${shared().port}${ALL}`,
    ]);
    assert.equal(stdout, '{"message":"Success"}\n');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT')
      t.skip('no curl here');
    else throw error;
  }
  assert.equal(shared().door.messages[0]?.verbatim, 'hello there');
});
