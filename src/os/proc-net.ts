/**
 * The kernel's table of TCP connections, /proc/self/net/tcp and tcp6 (proc(5)): whether everything written to
 * a connection was acknowledged by the peer's kernel. Called by src/sensor/receipt.ts around the end of an answer, and once at
 * start to see that the table can be read at all; by src/dispatcher/sinks/own/syslog after the end of a connection. Never on
 * a timer of an idle connection.
 *
 * Columns: `sl local_address rem_address st tx_queue:rx_queue …`; addresses are 32 bit words in the host's byte
 * order. tx_queue counts bytes not yet acknowledged, rx_queue bytes not yet read. Read synchronously, or the
 * instant is over.
 */

import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { endianness } from 'node:os';

/** The four values that name a connection, saved while it is young: a socket that ended has forgotten them. */
export interface PortPair {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

export interface TcpState {
  /** Bytes given to the kernel which the peer's kernel has not acknowledged. */
  readonly unacknowledged: number;
  /** Bytes (an end counts as one) which this process has not read. */
  readonly unread: number;
  /** The peer sent its end, or the connection is no longer established for another reason. */
  readonly peerClosed: boolean;
  /** Both have ended, we first, and each end was acknowledged (TIME_WAIT): the peer's end came after it had ours. */
  readonly endedByUs?: true;
}

export interface TcpTable {
  /** A connection as it is at this instant; undefined when it is not listed. */
  look(pair: PortPair): TcpState | undefined;
  /** Whether a socket of this host listens on the port: proof that the table shows our sockets. */
  showsListener(port: number): boolean;
}

const ESTABLISHED = '01';
const TIME_WAIT = '06';
const LISTEN = '0A';

/** `read` returns the text of a table or throws. */
export function createTcpTable(read: (file: string) => Buffer = readTable): TcpTable {
  function tables(first: 'tcp' | 'tcp6'): readonly (() => Buffer | undefined)[] {
    const names = first === 'tcp' ? ['tcp', 'tcp6'] : ['tcp6', 'tcp'];
    return names.map((name) => () => {
      try {
        return read(`/proc/self/net/${name}`);
      } catch {
        return undefined;
      }
    });
  }

  return {
    look(pair) {
      const v6 = isIPv6(stripZone(pair.localAddress));
      for (const table of tables(v6 ? 'tcp6' : 'tcp')) {
        const found = stateIn(table(), pair);
        if (found !== undefined) {
          return found;
        }
      }
      return undefined;
    },
    showsListener(port) {
      const wanted = new RegExp(`:${hexPort(port)} [0-9A-F]+:0000 ${LISTEN} `);
      return tables('tcp6').some((table) => wanted.test(table()?.toString('latin1') ?? ''));
    },
  };
}

function readTable(file: string): Buffer {
  return readFileSync(file);
}

/** Looks for the pair as both tables would print it: an IPv4 peer of a dual-stack socket is in tcp6, mapped. */
function stateIn(table: Buffer | undefined, pair: PortPair): TcpState | undefined {
  if (table === undefined) {
    return undefined;
  }
  for (const form of [hexAddress, hexMappedAddress]) {
    const local = form(pair.localAddress);
    const remote = form(pair.remoteAddress);
    if (local === undefined || remote === undefined) {
      continue;
    }
    const needle = ` ${local}:${hexPort(pair.localPort)} ${remote}:${hexPort(pair.remotePort)} `;
    const at = table.indexOf(needle, 0, 'latin1');
    if (at >= 0) {
      const rest = table.toString('latin1', at + needle.length, at + needle.length + 20);
      const match = /^([0-9A-F]{2}) ([0-9A-F]{8}):([0-9A-F]{8})/.exec(rest);
      if (match === null) {
        return undefined;
      }
      const [, state, sending = '', receiving = ''] = match;
      return {
        unacknowledged: Number.parseInt(sending, 16),
        unread: Number.parseInt(receiving, 16),
        peerClosed: state !== ESTABLISHED,
        ...(state === TIME_WAIT ? { endedByUs: true as const } : {}),
      };
    }
  }
  return undefined;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

function hexWord(bytes: readonly number[]): string {
  const ordered = endianness() === 'LE' ? bytes.toReversed() : bytes;
  return ordered.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
}

function hexAddress(address: string): string | undefined {
  const bare = stripZone(address);
  if (isIPv4(bare)) {
    return hexWord(bare.split('.').map(Number));
  }
  const bytes = isIPv6(bare) ? ipv6Bytes(bare) : undefined;
  if (bytes === undefined) {
    return undefined;
  }
  return [0, 4, 8, 12].map((at) => hexWord(bytes.slice(at, at + 4))).join('');
}

function hexMappedAddress(address: string): string | undefined {
  return isIPv4(address) ? hexAddress(`::ffff:${address}`) : undefined;
}

function stripZone(address: string): string {
  return address.split('%')[0] ?? address;
}

function ipv6Bytes(address: string): readonly number[] {
  let text = address;
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (dotted !== null) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(1).map(Number);
    text = `${text.slice(0, dotted.index)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', tail] = text.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...gap, ...back].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
