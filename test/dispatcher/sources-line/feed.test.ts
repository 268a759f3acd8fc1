/** Feeds as sources: what is read of each format, what is new, what is remembered, what a server may ask for, and hostile documents. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { createSecureContext } from 'node:tls';

import * as fc from 'fast-check';

import { RelayError } from '../../../src/core/errors.ts';
import { feedLimits } from '../../../src/core/limits.ts';
import { createFeedFetch, type FeedAnswer } from '../../../src/dispatcher/sources/line/feed/feed-fetch.ts';
import { remember } from '../../../src/dispatcher/sources/line/feed/feed-memory.ts';
import { createFeedSource, type FeedSource } from '../../../src/dispatcher/sources/line/feed/feed-source.ts';
import { readFeed } from '../../../src/dispatcher/sources/line/feed/read-feed.ts';
import { viewMessage } from '../../../src/idmef/view.ts';
import { type LineWorld, lineWorld } from './line-world.ts';

const FEED_URL = 'https://feeds.example/advisories.xml';

interface Item {
  readonly id: string;
  readonly title?: string;
}

function rss(items: readonly Item[]): string {
  const each = items.map(
    ({ id, title = `Advisory ${id}` }) =>
      `<item><title>${title}</title><link>https://feeds.example/${id}</link><guid>${id}</guid><description>&lt;p&gt;About ${id}&lt;/p&gt;</description><pubDate>Sun, 29 Nov 2026 08:00:00 GMT</pubDate></item>`,
  );
  return `<?xml version="1.0"?><rss version="2.0"><channel><title>Advisories</title><link>https://feeds.example</link>${each.join('')}</channel></rss>`;
}

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly truncated?: boolean;
  readonly error?: Error;
}

interface Running {
  readonly world: LineWorld;
  readonly source: FeedSource;
  readonly asked: readonly Readonly<Record<string, string>>[];
  readonly state: Map<string, string>;
  /** What is answered from now on. */
  answer: Reply;
  /** The next poll, to its end. */
  readonly poll: (afterMs?: number) => Promise<void>;
}

function start(t: TestContext, state = new Map<string, string>(), everyMs = 300_000): Running {
  const world = lineWorld();
  const asked: Readonly<Record<string, string>>[] = [];
  const fetch = {
    get: (_url: string, headers: Readonly<Record<string, string>>): Promise<FeedAnswer> => {
      asked.push(headers);
      const { status = 200, headers: said = {}, body = '', truncated = false, error } = running.answer;
      if (error !== undefined) return Promise.reject(error);
      return Promise.resolve({
        status,
        header: (name) => said[name] ?? '',
        bytes: Buffer.from(body),
        truncated,
      });
    },
  };
  const store = {
    state: (key: string) => Promise.resolve(state.get(key)),
    setState: (key: string, value: string) => {
      state.set(key, value);
      return Promise.resolve();
    },
  };
  const source = createFeedSource(
    { name: 'advisories', url: FEED_URL, everyMs },
    { ...world, fetch, state: store },
  );
  const running: Running = {
    world,
    source,
    asked,
    state,
    answer: { body: rss([]) },
    async poll(afterMs = everyMs) {
      world.timers.advance(afterMs);
      await settled();
    },
  };
  /** The next poll waits, or none will come. */
  const settled = async (): Promise<void> => {
    while (world.timers.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  t.after(async () => source.close());
  return running;
}

async function titles(world: LineWorld): Promise<readonly string[]> {
  return Promise.all(world.door.stored.map(async ({ body }) => (await viewMessage(body)).classification));
}

describe('readFeed', () => {
  const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">A &lt;b&gt;feed&lt;/b&gt;</title>
    <entry><id>urn:1</id><title>CVE &lt; 2.0</title><link rel="self" href="https://x/self"/><link href="https://x/1"/><published>2026-11-29T08:00:00Z</published><updated>2026-11-30T08:00:00Z</updated><summary type="html">&lt;p&gt;s&lt;/p&gt;</summary></entry>
    <entry><id>urn:2</id><title type="xhtml"><div>x <b>y</b></div></title><updated>2026-11-30T08:00:00Z</updated><content>c</content></entry></feed>`;
  const rdf = `<rdf:RDF xmlns:rdf="r"><channel><title>R</title></channel><item rdf:about="https://x/1"><title>one</title><link>https://x/1</link><dc:date>2026-11-29T08:00:00Z</dc:date></item></rdf:RDF>`;

  for (const [what, document, title, entries] of [
    [
      'RSS 2.0',
      rss([{ id: 'a' }]),
      'Advisories',
      [['Advisory a', 'About a', 'https://feeds.example/a', '2026-11-29T08:00:00.000Z']],
    ],
    ['RSS 1.0', rdf, 'R', [['one', '', 'https://x/1', '2026-11-29T08:00:00.000Z']]],
    [
      'Atom',
      atom,
      'A feed',
      [
        ['CVE < 2.0', 's', 'https://x/1', '2026-11-29T08:00:00.000Z'],
        ['x y', 'c', '', '2026-11-30T08:00:00.000Z'],
      ],
    ],
    [
      'prefixed elements and dangerous links',
      '<rss><channel><title>t</title><item><media:title>wrong</media:title><title>right</title><link>javascript:alert(1)</link></item></channel></rss>',
      't',
      [['right', '', '', undefined]],
    ],
  ] as const) {
    test(what, async () => {
      const feed = await readFeed(Buffer.from(document), '');
      assert.equal(feed?.title, title);
      assert.deepEqual(
        feed.entries.map((entry) => [
          entry.title,
          entry.text,
          entry.link,
          entry.when === undefined ? undefined : new Date(entry.when).toISOString(),
        ]),
        entries,
      );
    });
  }

  for (const [what, bytes, type] of [
    [
      'the header says Latin-1',
      Buffer.from('<rss><channel><title>caf\xe9</title></channel></rss>', 'latin1'),
      'text/xml; charset=ISO-8859-1',
    ],
    [
      'the document says Latin-1',
      Buffer.from(
        '<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><title>caf\xe9</title></channel></rss>',
        'latin1',
      ),
      '',
    ],
    [
      'a mark says UTF-16',
      Buffer.from('\ufeff<rss><channel><title>café</title></channel></rss>', 'utf16le'),
      '',
    ],
    ['a mark says UTF-8', Buffer.from('\ufeff<rss><channel><title>café</title></channel></rss>'), ''],
  ] as const) {
    test(`encoding: ${what}`, async () => assert.equal((await readFeed(bytes, type))?.title, 'café'));
  }

  for (const [what, text] of [
    ['HTML', '<!DOCTYPE html><html><body>404</body></html>'],
    ['JSON', '{"items":[]}'],
    ['nothing', ''],
    ['an unknown encoding', '<?xml version="1.0" encoding="ebcdic-x"?><rss/>'],
    ['a bomb', `<rss>${'<a>'.repeat(500)}`],
  ] as const) {
    test(`${what} is no feed`, async () => assert.equal(await readFeed(Buffer.from(text), ''), undefined));
  }

  test('an entry without an id has an identity of what it says', async () => {
    const identity = async (title: string): Promise<string | undefined> =>
      (await readFeed(Buffer.from(`<rss><channel><item><title>${title}</title></item></channel></rss>`), ''))
        ?.entries[0]?.identity;
    assert.equal(await identity('a'), await identity('a'));
    assert.notEqual(await identity('a'), await identity('b'));
  });

  test('any bytes are a feed or none', async () => {
    const piece = fc.constantFrom(
      '<rss>',
      '<channel>',
      '<item>',
      '<title>',
      '</title>',
      '</item>',
      '<feed>',
      '<entry>',
      '<link/>',
      '&',
      'x',
      '\xff',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece), async (pieces) => {
        const feed = await readFeed(Buffer.from(pieces.join(''), 'latin1'), '');
        for (const { identity } of feed?.entries ?? []) assert.match(identity, /^[0-9a-f]{32}$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('feed', () => {
  test('the first poll remembers and stores nothing; what comes later is stored once, the oldest first', async (t) => {
    const running = start(t);
    running.answer = { body: rss([{ id: '2' }, { id: '1' }]) };
    await running.source.listen();
    assert.equal(running.world.door.stored.length, 0);
    assert.match(running.world.log.events('feed-first')[0]?.text ?? '', /2 entries/);
    running.answer = { body: rss([{ id: '4' }, { id: '3' }, { id: '2' }, { id: '1' }]) };
    await running.poll();
    await running.poll();
    running.answer = { body: rss([{ id: '4', title: 'changed' }]) };
    await running.poll();
    running.answer = { body: rss([{ id: '4' }, { id: '1' }]) };
    await running.poll();
    assert.deepEqual(await titles(running.world), ['Advisory 3', 'Advisory 4']);
  });

  test('an alert of an entry: low, with title, text and reference; the same bytes whenever it is made', async (t) => {
    const bodies: string[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const running = start(t);
      await running.source.listen();
      running.answer = { body: rss([{ id: '7' }]) };
      await running.poll(300_000 + turn * 60_000);
      const [stored] = running.world.door.stored;
      assert.ok(stored);
      assert.deepEqual(stored.origin, { source: 'advisories' });
      bodies.push(stored.body.toString());
    }
    assert.equal(bodies[0], bodies[1]);
    const view = await viewMessage(Buffer.from(bodies[0] ?? ''));
    assert.deepEqual(
      [view.classification, view.severity, view.analyzers[0]?.name, view.createTime.iso],
      ['Advisory 7', 'low', 'Advisories', '2026-11-29T08:00:00Z'],
    );
    assert.equal(view.references[0]?.url, 'https://feeds.example/7');
    assert.equal(
      view.additionalData.find(({ meaning }) => meaning === 'body')?.value,
      'Advisory 7\n\nAbout 7\n\nhttps://feeds.example/7',
    );
  });

  test('what is known survives a restart; another address is another feed', async (t) => {
    const state = new Map<string, string>();
    const first = start(t, state);
    first.answer = { body: rss([{ id: '1' }]) };
    await first.source.listen();
    await first.source.close();
    const second = start(t, state);
    second.answer = { body: rss([{ id: '2' }, { id: '1' }]) };
    await second.source.listen();
    assert.deepEqual(await titles(second.world), ['Advisory 2']);
    for (const text of ['', '{', '[]', 'null', '{"url":1}', `{"url":"https://other"}`]) {
      const again = start(t, new Map([['feed.advisories', text]]));
      again.answer = { body: rss([{ id: '1' }]) };
      await again.source.listen();
      assert.equal(again.world.door.stored.length, 0);
      assert.equal(again.world.log.events('feed-first').length, 1);
    }
  });

  test('asks with what the server said; 304 changes nothing', async (t) => {
    const running = start(t);
    const headers = { etag: '"v1"', 'last-modified': 'Sun, 29 Nov 2026 08:00:00 GMT' };
    running.answer = { body: rss([]), headers };
    await running.source.listen();
    running.answer = { status: 304 };
    await running.poll();
    await running.poll();
    assert.equal(running.asked[0]?.['if-none-match'], undefined);
    for (const asked of running.asked.slice(1)) {
      assert.equal(asked['if-none-match'], '"v1"');
      assert.equal(asked['if-modified-since'], headers['last-modified']);
    }
    assert.equal(running.asked.length, 3);
  });

  test('a store that fails: the entry comes again', async (t) => {
    const running = start(t);
    await running.source.listen();
    running.answer = { body: rss([{ id: '1' }]), headers: { etag: '"v2"' } };
    running.world.door.fail = new RelayError('JOURNAL_FULL', 'no room');
    await running.poll();
    running.world.door.fail = undefined;
    await running.poll();
    assert.deepEqual(await titles(running.world), ['Advisory 1']);
    assert.equal(running.asked[2]?.['if-none-match'], undefined);
  });

  test('many new entries come in portions, and none is left behind by a 304', async (t) => {
    const running = start(t);
    await running.source.listen();
    const many = Array.from({ length: feedLimits.itemsPerPoll + 5 }, (_, n) => ({ id: String(1000 - n) }));
    running.answer = { body: rss(many), headers: { etag: '"v3"' } };
    await running.poll();
    assert.equal(running.world.door.stored.length, feedLimits.itemsPerPoll);
    await running.poll();
    assert.equal(running.asked[2]?.['if-none-match'], undefined);
    assert.equal(running.world.door.stored.length, feedLimits.itemsPerPoll + 5);
    assert.equal(new Set(await titles(running.world)).size, feedLimits.itemsPerPoll + 5);
  });

  for (const [what, answer, words, refused] of [
    [
      'no connection',
      { error: new RelayError('DESTINATION_UNREACHABLE', 'connection refused') },
      /connection refused/,
      [],
    ],
    ['an error page', { status: 500 }, /answers 500/, []],
    [
      'a redirect',
      { status: 301, headers: { location: 'http://evil.example/\u001b[2J' } },
      /moved it \(301\) to http:\/\/evil\.example\/ \[2J:/,
      [],
    ],
    ['too much', { truncated: true, body: rss([]) }, /larger than/, [['too-large', 3]]],
    ['no feed', { body: '<html/>' }, /neither RSS nor Atom/, [['malformed', 3]]],
  ] as const) {
    test(`${what}: said once, polled on, and said when it works again`, async (t) => {
      const running = start(t);
      await running.source.listen();
      running.answer = answer;
      await running.poll();
      await running.poll();
      await running.poll();
      assert.match(
        running.world.log
          .events('feed-failed')
          .map(({ text }) => text)
          .join('|'),
        words,
      );
      assert.equal(running.world.log.events('feed-failed').length, 1);
      assert.deepEqual([...running.world.door.refusals], refused);
      running.answer = { body: rss([{ id: '1' }]) };
      await running.poll();
      assert.equal(running.world.log.events('feed-works').length, 1);
      assert.deepEqual(await titles(running.world), ['Advisory 1']);
    });
  }

  test('another reason is said, and the same one again after a day', async (t) => {
    const running = start(t);
    await running.source.listen();
    for (const [status, afterMs, said] of [
      [500, 300_000, 1],
      [500, 300_000, 1],
      [404, 300_000, 2],
      [404, 300_000, 2],
      [404, feedLimits.repeatMs, 3],
    ] as const) {
      running.answer = { status };
      await running.poll(afterMs);
      assert.equal(running.world.log.events('feed-failed').length, said);
    }
  });

  test('never more often than once a minute, and later when the server asks for it', async (t) => {
    const running = start(t, new Map(), 1_000);
    await running.source.listen();
    running.world.timers.advance(59_000);
    assert.equal(running.asked.length, 1);
    running.answer = { status: 429, headers: { 'retry-after': '600' } };
    await running.poll(1_000);
    assert.equal(running.asked.length, 2);
    running.world.timers.advance(599_000);
    assert.equal(running.asked.length, 2);
    running.answer = { status: 503, headers: { 'retry-after': '99999999' } };
    await running.poll(1_000);
    assert.equal(running.asked.length, 3);
    await running.poll(feedLimits.retryAfterMaxMs);
    assert.equal(running.asked.length, 4);
  });

  test('all entries of a document are remembered, of the others the latest', () => {
    const old = Array.from({ length: feedLimits.remembered }, (_, n) => `old${n}`);
    assert.deepEqual(remember(old, ['new', 'old0', 'new']).slice(-3), [
      `old${feedLimits.remembered - 1}`,
      'new',
      'old0',
    ]);
    assert.equal(remember(old, ['new']).length, feedLimits.remembered);
    const seen = Array.from({ length: feedLimits.remembered + 7 }, (_, n) => `seen${n}`);
    assert.deepEqual(remember(old, seen), seen);
  });

  test('over a socket: headers, conditional answers, bounded bodies', async (t) => {
    const server = createServer((request, response) => {
      if (request.headers['if-none-match'] === '"x"') {
        response.writeHead(304).end();
      } else {
        response.writeHead(200, { ETag: '"x"', 'Content-Type': 'text/xml' });
        response.end(request.url === '/large' ? 'x'.repeat(feedLimits.bytes + 1) : rss([{ id: '1' }]));
      }
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const bound = server.address();
    assert.ok(typeof bound === 'object' && bound !== null);
    const fetch = createFeedFetch({
      tls: { certFile: '', caFile: '', secureContext: createSecureContext() },
      refusal: () => undefined,
      resolveForProxy: false,
      timers: lineWorld().timers,
    });
    t.after(async () => {
      await fetch.close();
      server.close();
    });
    const get = async (path: string, headers = {}): Promise<FeedAnswer> =>
      fetch.get(`http://127.0.0.1:${bound.port}${path}`, headers, new AbortController().signal);
    const first = await get('/');
    assert.deepEqual([first.status, first.header('etag'), first.truncated], [200, '"x"', false]);
    assert.equal((await readFeed(first.bytes, first.header('content-type')))?.entries.length, 1);
    assert.equal((await get('/', { 'if-none-match': '"x"' })).status, 304);
    const large = await get('/large');
    assert.deepEqual([large.truncated, large.bytes.length], [true, feedLimits.bytes]);
    await assert.rejects(fetch.get('http://127.0.0.1:1/', {}, new AbortController().signal));
  });
});
