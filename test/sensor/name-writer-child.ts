/**
 * A producer that uses four names again and again, as fast as it can, until it has put the given number of
 * alerts (`w0` …); the process's parent hears when it has. It never replaces a file: link(2) succeeds only where the
 * name is free, so each success is an obligation, and comes in the instant the intake lets go of the name.
 */

import { linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { alertDocument } from '../support/spool-writer.ts';

const [spoolDir = '', alerts = '0'] = process.argv.slice(2);
const temporary = join(spoolDir, '.w.tmp');
for (let count = 0; count < Number(alerts); count += 1) {
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
}
process.send?.('done', () => process.disconnect());
