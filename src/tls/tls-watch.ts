/**
 * Keeps credentials up to date with their files while a program runs: each tlsLimits.watchMs and when asked (SIGHUP).
 *
 * Made by src/app for reverse-server and by src/poller for followers. All or nothing: what cannot be read, or does not fit together, changes
 * nothing, is said, and is tried again at each look. Files that change while they are read are read again.
 */

import { messageOf, RelayError } from '../core/errors.ts';
import { tlsLimits } from '../core/limits.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { TlsSettings } from '../core/settings.ts';
import { describeChange } from './credential-change.ts';
import type { Credentials } from './credentials.ts';
import { FileChange } from './file-change.ts';
import { fileStamp } from './file-stamp.ts';

export interface TlsWatchOptions {
  readonly settings: TlsSettings;
  /** Throws RelayError TLS_FILE. */
  readonly load: () => Credentials;
  /** Takes the new ones into use; an error keeps the old ones. */
  readonly adopt: (credentials: Credentials) => void;
  /** Before each line: `dmz1: `. */
  readonly prefix: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface TlsWatch {
  /** In force. */
  readonly credentials: Credentials;
  /** Compare the files, as the timer does; `asked`: read them in any case and say how it went. */
  look(asked?: boolean): void;
  close(): void;
}

/** Loads for the first time; a fault then is thrown. The timer does not keep a process alive. */
export function watchTls(options: TlsWatchOptions): TlsWatch {
  const { settings, prefix, logger, clock } = options;
  const paths = tlsFiles(settings);
  let stamp = fileStamp(paths);
  let credentials = options.load();
  const change = new FileChange(stamp);
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const read = (asked: boolean): boolean => {
    const before = stamp;
    let fresh: Credentials;
    try {
      fresh = options.load();
      stamp = fileStamp(paths);
      if (stamp !== before) {
        return false;
      }
      const words = describeChange(credentials, fresh);
      if (words !== '') {
        options.adopt(fresh);
        const news = fresh.warnings.filter((warning) => !credentials.warnings.includes(warning));
        credentials = fresh;
        logger.notice(`${prefix}TLS files read again: ${words}`, { event: 'tls-reloaded' });
        for (const warning of news) logger.warning(`${prefix}${warning}`, { event: 'tls-warning' });
      } else if (asked) {
        logger.notice(`${prefix}TLS files read again: nothing has changed`, { event: 'tls-unchanged' });
      }
      change.adopted(stamp);
    } catch (error) {
      if (fileStamp(paths) !== before) {
        return false;
      }
      const reason = messageOf(error);
      if (change.failed(reason, clock.monotonic()) || asked) {
        const hint = error instanceof RelayError && error.hint !== undefined ? `; ${error.hint}` : '';
        logger.error(
          `${prefix}changed TLS files cannot be used, the old ones stay in force: ${reason}${hint}`,
          {
            event: 'tls-reload-failed',
          },
        );
      }
    }
    return true;
  };

  const look = (asked = false): void => {
    clearTimeout(timer);
    stamp = fileStamp(paths);
    const step = change.look(stamp, clock.monotonic(), asked);
    const settled = step !== 'read' || read(asked);
    if (step === 'same' && change.restored()) {
      logger.notice(`${prefix}the TLS files are again those in force`, { event: 'tls-restored' });
    }
    const soon = step === 'settle' || !settled;
    if (!closed) {
      timer = setTimeout(look, soon ? tlsLimits.settleMs : tlsLimits.watchMs).unref();
    }
  };
  timer = setTimeout(look, tlsLimits.watchMs).unref();

  return {
    get credentials() {
      return credentials;
    },
    look,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function tlsFiles({ certFile, keyFile, caFile, crlFile }: TlsSettings): readonly string[] {
  return [certFile, keyFile, caFile, ...(crlFile === undefined ? [] : [crlFile])];
}
