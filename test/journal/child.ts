/**
 * A process of its own for lock.test.ts and kill.test.ts: opens a journal, says `open`, and then does as told.
 *
 * child.js PATH hold: keeps it open until killed. child.js PATH append: appends one message after the other (text
 * `PID-N`), a spool file each tenth, and says N on a line as soon as it is durable.
 */

import { writeSync } from 'node:fs';
import { JournalCore } from '../../src/journal/core.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';

const [path = '', job] = process.argv.slice(2);
const STDOUT = 1;

const core = new JournalCore({ path, clock: systemClock, random: systemRandom });
writeSync(STDOUT, 'open\n');
if (job === 'append') appendForever();
else setInterval(() => core.stats(), 1000);

function appendForever(): void {
  for (let count = 1; ; count++) {
    const text = `${process.pid}-${count}`;
    const messages = [{ body: Buffer.from(text.padEnd(500, '.')), severity: 1 as const }];
    if (count % 10 === 0) core.takeFiles([{ name: text, identity: '1', messages }], { found: 1, taken: 1 });
    else core.append({ messages });
    if (count % 3 === 0) {
      const claim = core.lease('default', { messages: 1, bytes: 1 });
      if (claim !== undefined) core.release(claim.id, { failed: true });
    }
    writeSync(STDOUT, `${count}\n`);
  }
}
