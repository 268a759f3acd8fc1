/**
 * What reverse-server does about its certificates while it runs: takes up changed files, notices that a revocation list has passed its end,
 * and says in log and journal what ends soon. Made by reverse-server.ts once it listens.
 *
 * A report is an alert in the sensor's own journal, so it reaches the manager as every other alert does. What was said is in
 * the journal's state: a restart says nothing twice. A journal that is full only puts a report off.
 */

import { hostname } from 'node:os';
import { messageOf } from '../core/errors.ts';
import { tlsLimits } from '../core/limits.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import { severityRank } from '../core/severity.ts';
import type { TlsSettings } from '../core/settings.ts';
import type { Journal, NewMessage } from '../journal/journal.ts';
import type { SensorServer } from '../sensor/server.ts';
import { loadCredentials } from '../tls/credentials.ts';
import type { Credentials } from '../tls/credentials.ts';
import { certificateDates } from '../tls/end-dates.ts';
import { expiryNews, staleLists } from '../tls/expiry.ts';
import { watchTls } from '../tls/tls-watch.ts';

interface TlsCareDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** What it cares for, once that is there. */
interface Running {
  readonly server: Pick<SensorServer, 'adopt' | 'refresh' | 'credentials'>;
  readonly journal: Pick<Journal, 'append' | 'state'>;
}

export interface TlsCare {
  /** In force. */
  readonly credentials: Credentials;
  /** From now on files, lists and dates are looked after. */
  attach(running: Running): void;
  /** Read the files now and say how it went (SIGHUP). */
  reload(): void;
  /** Resolves when nothing of it is under way. */
  close(): Promise<void>;
}

const SAID_KEY = 'expiry';

/** Loads the files; throws RelayError TLS_FILE. */
export function createTlsCare(settings: TlsSettings, deps: TlsCareDeps): TlsCare {
  const { logger, clock } = deps;
  let running: Running | undefined;
  let busy: Promise<void> = Promise.resolve();
  let timers: readonly NodeJS.Timeout[] = [];

  const lookAtDates = (): void => {
    const before = busy;
    busy = (async () => {
      await before;
      try {
        if (running !== undefined) await reportDates(running, deps);
      } catch (error) {
        logger.warning(`the end of certificates could not be reported now: ${messageOf(error)}`);
      }
    })();
  };
  const watch = watchTls({
    settings,
    load: () => loadCredentials(settings, { now: clock.now(), purpose: 'server' }),
    adopt: (credentials) => {
      running?.server.adopt(credentials);
      lookAtDates();
    },
    prefix: '',
    logger,
    clock,
  });

  return {
    get credentials() {
      return watch.credentials;
    },
    attach(found) {
      running = found;
      // Exchanged between the server's making and now.
      if (found.server.credentials() !== watch.credentials) found.server.adopt(watch.credentials);
      timers = [
        setInterval(() => found.server.refresh(), tlsLimits.watchMs).unref(),
        setInterval(lookAtDates, tlsLimits.datesMs).unref(),
      ];
      lookAtDates();
    },
    reload: () => watch.look(true),
    async close() {
      watch.close();
      for (const timer of timers) clearInterval(timer);
      await busy;
    },
  };
}

async function reportDates(
  { server, journal }: Running,
  { logger, clock, random }: TlsCareDeps,
): Promise<void> {
  const now = clock.now();
  const credentials = server.credentials();
  for (const sentence of staleLists(credentials, now)) {
    logger.warning(sentence, { event: 'crl-stale' });
  }
  const { news, remembered } = expiryNews(
    certificateDates(credentials),
    await journal.state.get(SAID_KEY),
    now,
  );
  if (news.length > 0) {
    const { buildReport } = await import('../idmef/build.ts');
    const messages: NewMessage[] = [];
    for (const { title, severity, sentence } of news) {
      logger.warning(sentence, { event: 'certificate-ends' });
      const about = { text: title, severity, detail: sentence };
      const { message } = await buildReport({ now, hostname: hostname(), random, ...about });
      messages.push({ body: message, severity: severityRank(severity) });
    }
    await journal.append(messages);
  }
  if (remembered !== undefined) {
    await journal.state.set(SAID_KEY, remembered);
  }
}
