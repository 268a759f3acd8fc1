/**
 * `prelude://HOST:4690?profile=NAME`: a prelude-manager over its native protocol.
 *
 * Called through destination.ts. How a delivery is known to have succeeded depends on what the profile was registered
 * for: `idmef:rw` in a long-running program, by the manager's echo (echoed-delivery.ts); `idmef:w`, by the write alone
 * (written-delivery.ts), and the operator is told so. A run that ends must not be a reader.
 */

import { release, type } from 'node:os';

import { RelayError } from '../../core/errors.ts';
import { preludeSessionLimits } from '../../core/limits.ts';
import type { Clock, Random } from '../../core/ports.ts';
import { untilAbort } from '../../core/until-abort.ts';
import { destinationId, reportAll, type Destination, type Parcel, type Report } from '../destination.ts';
import { faultOutcome } from '../exchange.ts';
import type { Memory } from '../receiver-verdict.ts';
import { deliverEchoed } from './echoed-delivery.ts';
import { Link, type Line } from './link.ts';
import { createPreludeLinks, type PreludeLinks, type Taken } from './links.ts';
import { capabilities } from './messages.ts';
import { readPreludeUrl, type PreludeAddress } from './prelude-url.ts';
import { readProfile } from './profile.ts';
import { deliverWritten } from './written-delivery.ts';

export interface PreludeOptions {
  /** The program stays: it may be a reader. */
  readonly longRunning: boolean;
  readonly hostname: string;
  /** Of the program, for our Analyzer. */
  readonly version?: string;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly random: Random;
  /** Silence on the connection. */
  readonly idleMs: number;
  /** The connections of this program; without it the destination has one of its own. */
  readonly links?: PreludeLinks;
}

export function createPreludeDestination(url: URL, options: PreludeOptions): Destination {
  const address = readPreludeUrl(url);
  const id = destinationId(url);
  const { label } = address;
  const { clock, hostname, version, longRunning, memory, links = createPreludeLinks() } = options;
  let taken: Taken | undefined;

  const link = (): Link => {
    taken ??= links.take(`${address.host} ${address.port} ${address.dir}`, () => {
      const self = {
        hostname,
        ...(version === undefined ? {} : { version }),
        ostype: type(),
        osversion: release(),
        pid: process.pid,
        ...(process.argv[1] === undefined ? {} : { path: process.argv[1] }),
      };
      return new Link({ ...options, address, id, self });
    });
    taken.link.adopt(memory);
    return taken.link;
  };

  const deliver = async (parcel: Parcel, report: Report, signal: AbortSignal): Promise<void> => {
    const work = async (line: Line): Promise<void> => {
      const { inFlight } = line;
      if (inFlight === undefined) await deliverWritten(parcel, report, line, label, signal);
      else await deliverEchoed({ parcel, report, line, inFlight, label, clock, signal });
    };
    try {
      await untilAbort(link().use(work), signal);
    } catch (error) {
      // Of opening the session; once it is up, each message has an outcome.
      reportAll(parcel, report, faultOutcome(error, signal, label));
    }
  };

  return {
    id,
    label,
    want: { messages: preludeSessionLimits.leaseMessages, bytes: preludeSessionLimits.leaseBytes },
    notices: () => (isAcknowledged(address, longRunning) ? [] : [unacknowledged(longRunning)]),
    attend: async (signal) => {
      await untilAbort(link().attend(), signal).catch(() => undefined);
    },
    deliver,
    close: async () => {
      taken?.link.forget(memory);
      await taken?.release();
      taken = undefined;
    },
  };
}

function unacknowledged(longRunning: boolean): string {
  const remedy = longRunning
    ? 'a profile registered with "idmef:rw" makes it acknowledged'
    : 'acknowledged it is with --follow and a profile registered with "idmef:rw"';
  return `confirms nothing: delivery is unacknowledged, and what is under way when it or the network fails is lost; ${remedy}`;
}

/** A profile that cannot be read is said when something is to be delivered. */
function isAcknowledged(address: PreludeAddress, longRunning: boolean): boolean {
  try {
    const { certificates } = readProfile(address);
    return longRunning && certificates.every(({ rights }) => (rights & capabilities.readIdmef) !== 0);
  } catch (error) {
    if (error instanceof RelayError) return true;
    throw error;
  }
}
