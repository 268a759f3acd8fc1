/**
 * Entry of the journals' worker thread: opens each journal it is told of and serves it on its own port.
 *
 * Started by journal-worker.ts. One thread for all journals of a process (a poller of many sensors): their
 * disk work queues up here and not on the thread that answers sockets.
 */

import { parentPort, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../os/clock.ts';
import { systemRandom } from '../os/random.ts';
import { JournalCore } from './core.ts';
import type { JournalSettings } from './options.ts';
import { toPlain, type Notice } from './protocol.ts';
import { serveJournal } from './serve.ts';

export interface OpenRequest {
  readonly settings: JournalSettings;
  readonly port: MessagePort;
}

function open({ settings, port }: OpenRequest): void {
  const post = (notice: Notice): void => port.postMessage(notice);
  try {
    const core = new JournalCore({
      ...settings,
      clock: systemClock,
      random: systemRandom,
      onSetAside: (event) => post({ kind: 'set-aside', event }),
      onDamage: (event) => post({ kind: 'damage', event }),
      onLoss: (event) => post({ kind: 'loss', event }),
    });
    port.on('close', () => core.close());
    serveJournal(core, port);
  } catch (error) {
    post({ kind: 'failed', error: toPlain(error) });
    port.close();
  }
}

parentPort?.on('message', open);
