/**
 * Whether a receiver had everything when it ended a connection: TCP's own answer, read from the kernel's table.
 *
 * The receiver's end alone proves nothing: it may have ended of itself (a restart) while our last bytes were on their way. TIME_WAIT does: its kernel had
 * acknowledged our end before it sent its own, and a program that closes with bytes unread sends a reset instead. Where the table is
 * not shown (another network namespace's /proc) an orderly end has to do. Called by send-stream.ts.
 */

import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { createTcpTable, type PortPair, type TcpTable } from '../../../../os/proc-net.ts';

export interface CloseReceipt {
  /** After the connection has closed without an error. */
  isProof(): Promise<boolean>;
}

/** The receiver's end comes a moment after a TLS session's: it is waited for in steps. */
const STEPS_MS = [0, 1, 5, 20, 100, 400, 1_000] as const;

/** While the connection is open: a socket that ended has forgotten its addresses. */
export function closeReceipt(
  { localAddress, localPort, remoteAddress, remotePort }: Pick<Socket, keyof PortPair>,
  table: Pick<TcpTable, 'look'> = createTcpTable(),
): CloseReceipt {
  if (localAddress === undefined || localPort === undefined) return unseen;
  if (remoteAddress === undefined || remotePort === undefined) return unseen;
  const pair: PortPair = { localAddress, localPort, remoteAddress, remotePort };
  if (table.look(pair) === undefined) return unseen;
  return {
    isProof: async () => {
      for (const ms of STEPS_MS) {
        if (ms > 0) await delay(ms);
        const state = table.look(pair);
        if (state === undefined) return false;
        if (state.endedByUs === true) return true;
      }
      return false;
    },
  };
}

const unseen: CloseReceipt = { isProof: () => Promise.resolve(true) };
