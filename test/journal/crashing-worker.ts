/**
 * A thread that owns a journal, as the sensor's does, and can be told to die: workerData {path, port}; the message
 * `crash` throws, `exit` ends the thread, `append` puts a message in from this side.
 */

import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { JournalCore } from '../../src/journal/core.ts';
import { serveJournal } from '../../src/journal/remote.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as worker.test.ts gives it
const { path, port } = workerData as { readonly path: string; readonly port: MessagePort };
const core = new JournalCore({ path, clock: systemClock, random: systemRandom });
serveJournal(core, port);

parentPort?.on('message', (order: unknown) => {
  if (order === 'crash') throw new Error('told to crash');
  if (order === 'exit') process.exit(3);
  core.append({ messages: [{ body: Buffer.from(String(order)), severity: 0 }] });
});
