/**
 * A producer as a process, so that it can be killed between any two of its calls: `node producer-child.js SPOOL PREFIX`.
 * Says `claim ID…` before it writes a file and `owe ID…` once the file is durable; goes on until it is killed.
 */

import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { faultDocument } from './fault-alert.ts';
import { writeFileDurably } from './producer.ts';

const [spool = '', prefix = ''] = process.argv.slice(2);
for (let n = 0; ; n += 1) {
  const ids = [0, 1, 2, 3].map((index) => `${prefix}-${n}-${index}`);
  writeSync(1, `claim ${ids.join(' ')}\n`);
  writeFileDurably(spool, `${prefix}-${n}`, faultDocument(ids));
  writeSync(1, `owe ${ids.join(' ')}\n`);
  await delay(10);
}
