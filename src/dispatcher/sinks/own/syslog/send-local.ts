/**
 * Syslog records to this host's own syslog (`/dev/log`), by way of logger(1): Node cannot open datagram sockets of the filesystem.
 *
 * The records come as lines `<PRI>text`; time, host and tag logger adds. Its argument list holds nothing of an alert, its
 * environment nothing but PATH. logger belongs to util-linux (Debian: bsdutils) and is everywhere.
 */

import { spawn } from 'node:child_process';

import { ownSinkLimits } from '../../../../core/limits.ts';
import { OK, type Outcome } from '../../../../core/outcome.ts';
import { systemCode } from '../../../../core/errors.ts';
import { untilAbort } from '../../../../core/until-abort.ts';
import type { Timers } from '../../../model/timers.ts';
import { said } from '../say.ts';
import type { SendRecords } from './syslog.ts';

const LOGGER = '/usr/bin/logger';

interface LocalOptions {
  readonly socket: string;
  readonly appname: string;
  readonly timers: Pick<Timers, 'after'>;
}

export function sendLocal({ socket, appname, timers }: LocalOptions): SendRecords {
  const args = ['--socket', socket, '--socket-errors=on', '--prio-prefix', '--tag', appname];
  return async (records, signal) => {
    const longest = Math.max(...records.map(({ length }) => length));
    const child = spawn(LOGGER, [...args, '--size', String(Math.max(longest, 1024))], {
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let words = '';
    child.stderr.on('data', (part: Buffer) => {
      if (words.length < ownSinkLimits.reasonChars) words += part.toString('utf8');
    });
    // It may end before it has read everything; its exit says so.
    child.stdin.on('error', () => undefined);
    child.stdin.end(Buffer.concat(records.flatMap((record) => [record, Buffer.from('\n')])));
    const ended = new Promise<Outcome>((resolve) => {
      child.once('error', (error) => {
        const missing = systemCode(error) === 'ENOENT';
        const reason = missing ? `${LOGGER} is missing` : said(error.message);
        resolve(
          missing
            ? { kind: 'broken', reason, hint: 'install util-linux (Debian: bsdutils)' }
            : { kind: 'again', reason },
        );
      });
      child.once('close', (code, by) => {
        if (code === 0 && words === '') resolve(OK);
        else
          resolve({ kind: 'again', reason: said(words === '' ? `logger ended with ${code ?? by}` : words) });
      });
    });
    const cancel = timers.after(ownSinkLimits.machineMs, () => child.kill('SIGKILL'));
    try {
      const outcome = await untilAbort(ended, signal);
      return records.map(() => outcome);
    } finally {
      cancel();
      if (child.exitCode === null) child.kill('SIGKILL');
    }
  };
}
