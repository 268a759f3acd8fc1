/**
 * A producer that uses four names again and again, as fast as it can, for the given milliseconds; the process's
 * parent hears how many alerts it has put (`w0` …). It never replaces a file: link(2) succeeds only where the
 * name is free, so each success is an obligation, and comes in the instant the intake lets go of the name.
 */

import { linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { alertDocument } from '../support/spool-writer.ts';

const [spoolDir = '', milliseconds = '0'] = process.argv.slice(2);
const end = Date.now() + Number(milliseconds);
const temporary = join(spoolDir, '.w.tmp');
let count = 0;
while (Date.now() < end) {
  writeFileSync(temporary, alertDocument(`w${count}`));
  for (let tries = 0; ; tries += 1) {
    try {
      linkSync(temporary, join(spoolDir, `name${tries % 4}.xml`));
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
  unlinkSync(temporary);
  count += 1;
}
process.send?.(count, () => process.disconnect());
