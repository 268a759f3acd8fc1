/**
 * Entry of the store's worker thread: opens the store it is told of and serves it on the port it is given.
 *
 * Started by open-in-worker.ts, with workerData as below. The thread ends when the port is closed.
 */

import { workerData, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../../os/clock.ts';
import { systemRandom } from '../../os/random.ts';
import type { StoreSettings } from './options.ts';
import { serveStore } from './serve.ts';

export interface StoreOrder {
  readonly settings: StoreSettings;
  readonly port: MessagePort;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as open-in-worker.ts gives it
const { settings, port } = workerData as StoreOrder;
void serveStore(port, { ...settings, clock: systemClock, random: systemRandom });
