/**
 * A feed (RSS, Atom) as a source: each entry that is new becomes one alert of low severity.
 *
 * Made by src/app for each entry of `sources.feeds`. The first poll of a feed stores nothing but remembers what is there: a new
 * subscription must not page anybody with last year's advisories. Later ones store what is not known, the oldest first, and remember it
 * after the commit; a crash between the two repeats entries with the same messageid, and the same bytes where the feed dates them.
 * Asks with ETag and Last-Modified, at most once a minute, and later when the server says so (429, 503 with Retry-After).
 */

import { createHash } from 'node:crypto';

import { messageOf } from '../../../../core/errors.ts';
import { feedLimits } from '../../../../core/limits.ts';
import type { SourcesConfig } from '../../../model/config.ts';
import type { Inbound } from '../../../model/message.ts';
import type { Store } from '../../../model/store.ts';
import { oneLine, wrapText } from '../../wrap-text.ts';
import type { LineDeps } from '../deps.ts';
import { plausibleTime } from '../plausible-time.ts';
import type { FeedAnswer, FeedFetch } from './feed-fetch.ts';
import { type FeedMemory, memoryKey, readMemory, remember } from './feed-memory.ts';
import { type Feed, type FeedEntry, readFeed } from './read-feed.ts';

export type FeedConfig = SourcesConfig['feeds'][number];

export interface FeedDeps extends Pick<
  LineDeps,
  'door' | 'clock' | 'random' | 'timers' | 'log' | 'hostname'
> {
  readonly fetch: Pick<FeedFetch, 'get'>;
  readonly state: Pick<Store, 'state' | 'setState'>;
}

export interface FeedSource {
  /** Polls now, and then at its interval. Resolves after the first poll, however it ended. */
  listen(): Promise<void>;
  /** Aborts a fetch; waits for what is being stored. */
  close(): Promise<void>;
}

const ACCEPT =
  'application/atom+xml, application/rss+xml, application/rdf+xml, application/xml, text/xml;q=0.9, */*;q=0.1';

const NOTHING = { words: '', at: 0 };

/** A poll that came to nothing, in words for the log. */
class PollFault extends Error {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 0) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

export function createFeedSource(config: FeedConfig, deps: FeedDeps): FeedSource {
  const { name, url } = config;
  const { door, clock, timers, log, fetch, state } = deps;
  const everyMs = Math.max(config.everyMs, feedLimits.minEveryMs);
  const closing = new AbortController();
  let cancel: () => void = () => undefined;
  let polling: Promise<void> = Promise.resolve();
  let failures = 0;
  /** What was said last of a feed that fails: another reason is news, the same one after a day. */
  let said = NOTHING;

  const poll = async (): Promise<void> => {
    const before = readMemory(await state.state(memoryKey(name)), url);
    const answer = await fetch.get(url, conditions(before), closing.signal);
    if (answer.status === 304) return;
    const feed = await feedOf(answer);
    const { entries } = feed;
    const known = new Set(before?.known);
    // Documents begin with the newest.
    const fresh = entries.filter(({ identity }) => !known.has(identity)).toReversed();
    const taken = before === undefined ? [] : unique(fresh).slice(0, feedLimits.itemsPerPoll);
    if (taken.length > 0) {
      await door.accept(await Promise.all(taken.map(async (entry) => alertOf(entry, feed))));
    }
    const left = before !== undefined && taken.length < unique(fresh).length;
    const seen = left ? [...entries.filter(({ identity }) => known.has(identity)), ...taken] : entries;
    const memory: FeedMemory = {
      url,
      // What was left over would not come again with a 304.
      etag: left ? '' : answer.header('etag'),
      lastModified: left ? '' : answer.header('last-modified'),
      known: remember(
        before?.known ?? [],
        seen.map(({ identity }) => identity),
      ),
    };
    await state.setState(memoryKey(name), JSON.stringify(memory));
    if (before === undefined) {
      log.notice(`${name}: ${entries.length} entries of the feed are there already and make no alerts`, {
        event: 'feed-first',
      });
    }
  };

  const feedOf = async (answer: FeedAnswer): Promise<Feed> => {
    const { status } = answer;
    if (status >= 300 && status < 400) {
      const to = oneLine(answer.header('location'));
      throw new PollFault(`its server has moved it (${status}) to ${to}: give that address if you trust it`);
    }
    if (status !== 200) throw new PollFault(`its server answers ${status}`, retryAfter(answer, clock.now()));
    if (answer.truncated) {
      door.refused('too-large');
      throw new PollFault(`it is larger than ${feedLimits.bytes} bytes`);
    }
    const feed = await readFeed(answer.bytes, answer.header('content-type'));
    if (feed !== undefined) return feed;
    door.refused('malformed');
    throw new PollFault('what its server sends is neither RSS nor Atom');
  };

  const alertOf = async (entry: FeedEntry, feed: Feed): Promise<Inbound> => {
    const now = clock.now();
    const when = entry.when === undefined ? undefined : plausibleTime(entry.when, now);
    const id = createHash('sha256').update(`${name}\0${url}\0${entry.identity}`).digest('hex').slice(0, 32);
    return wrapText(
      {
        title: entry.title,
        text: [entry.title, entry.text, entry.link].filter((part) => part !== '').join('\n\n'),
        severity: 'low',
        analyzer: { name: feed.title, class: 'Feed' },
        origin: { source: name },
        messageid: id,
        ...(when === undefined ? {} : { createTime: when }),
        ...(entry.link === ''
          ? {}
          : { references: [{ name: oneLine(entry.title) || name, url: entry.link }] }),
      },
      deps,
    );
  };

  const turn = async (): Promise<void> => {
    let waitMs = everyMs;
    try {
      await poll();
      if (failures > 0)
        log.notice(`${name}: the feed works again after ${failures} polls`, { event: 'feed-works' });
      failures = 0;
      said = NOTHING;
    } catch (error) {
      if (closing.signal.aborted) return;
      failures += 1;
      const words = messageOf(error);
      if (words !== said.words || clock.monotonic() - said.at >= feedLimits.repeatMs) {
        said = { words, at: clock.monotonic() };
        log.warning(`${name}: the feed cannot be polled: ${words}`, { event: 'feed-failed' });
      }
      if (error instanceof PollFault) waitMs = Math.max(waitMs, error.retryAfterMs);
    }
    if (closing.signal.aborted) return;
    cancel = timers.after(waitMs, () => {
      polling = turn();
    });
  };

  return {
    async listen() {
      polling = turn();
      await polling;
    },
    async close() {
      closing.abort();
      cancel();
      await polling;
    },
  };
}

function conditions(memory: FeedMemory | undefined): Readonly<Record<string, string>> {
  return {
    accept: ACCEPT,
    'user-agent': 'alert-dispatcher',
    ...(memory === undefined || memory.etag === '' ? {} : { 'if-none-match': memory.etag }),
    ...(memory === undefined || memory.lastModified === ''
      ? {}
      : { 'if-modified-since': memory.lastModified }),
  };
}

/** Each identity once, its latest. */
function unique(entries: readonly FeedEntry[]): readonly FeedEntry[] {
  return [...new Map(entries.map((entry) => [entry.identity, entry])).values()];
}

/** RFC 9110 §10.2.3: seconds or a date. */
function retryAfter(answer: FeedAnswer, now: number): number {
  const text = answer.header('retry-after').trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), feedLimits.retryAfterMaxMs);
}
