/**
 * Whether the clocks of this host and of a peer agree, by the Date of an answer (RFC 9110 §6.6.1). Called by the
 * checks of answers, and by check-handshake.ts when a certificate's dates are the fault: then the peer is asked
 * over a connection it has not proved itself on, for its Date and nothing else.
 */

import { doctorLimits } from '../../core/limits.ts';
import { hostOf } from '../../http/peer.ts';
import type { Examination } from './examination.ts';
import { nameOf, portOf, type FarSide } from './far-side.ts';
import { lookAtTls } from './tls-look.ts';
import { clockText } from './words.ts';

/** Theirs minus ours, ms; undefined when they agree as far as can be told, or nothing is known. */
export function clockDifference(date: string | undefined, now: number): number | undefined {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return undefined;
  const difference = theirs + 500 - now; // the header has whole seconds
  return Math.abs(difference) > doctorLimits.clockMs ? difference : undefined;
}

export async function checkClock(exam: Examination, side: FarSide, date: string | undefined): Promise<void> {
  const difference = clockDifference(date, side.now());
  if (difference !== undefined) {
    const values = { peer: side.peer.label, difference: clockText(difference) };
    await exam.find('clock', 'clock-differs', values);
  } else if (date !== undefined) {
    await exam.ok('clock', 'agrees with ours');
  }
}

/** The Date of a peer whose certificate is not accepted. */
export async function askDate(side: FarSide): Promise<string | undefined> {
  let head = '';
  const { url } = side.peer;
  const target = {
    host: hostOf(url),
    port: portOf(url),
    name: nameOf(side),
    context: side.tls.secureContext,
    timeoutMs: side.stepMs,
    settleMs: 0,
    ...(side.tunnel === undefined ? {} : { tunnel: await side.tunnel() }),
  };
  await lookAtTls(target, async (socket) => {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, side.stepMs).unref();
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      socket
        .setEncoding('latin1')
        .on('data', (piece: string) => {
          head += piece;
          if (head.includes('\r\n\r\n') || head.length > doctorLimits.greetingBytes * 8) done();
        })
        .once('close', done)
        .write(`HEAD / HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
    });
  });
  return /^date:\s*(.+?)\s*$/im.exec(head)?.[1];
}
