/**
 * The pull loop of one profile: lease, check, journal, acknowledge, until the sensor has nothing more.
 *
 * Called by profile-run.ts (until empty) and follow.ts (with `wait`). While one batch is validated and
 * stored the next is already on its way (two leases at most). Nothing is acknowledged before it is durable;
 * a batch that cannot be read is given back and asked for again message by message, so that one bad message
 * cannot hold up the others. An old server is handed to old-server.ts.
 */

import type { RelayError } from '../core/errors.ts';
import type { Logger } from '../core/ports.ts';
import type { IntakeOptions } from './intake.ts';
import type { OldServerOptions } from './old-server.ts';
import type { SensorClient, SensorReply } from './sensor-client.ts';

export interface PullOptions extends IntakeOptions {
  readonly sensor: SensorClient;
  readonly batch: number;
  /** While more is waiting there, ask for messages of severity high before each further question. */
  readonly highFirst: boolean;
  readonly leaseSeconds: number;
  /** Undefined when there is room to take more; else why not. */
  readonly noRoom: () => Promise<RelayError | undefined>;
  /** Told the id of the journal each batch comes from. */
  readonly seenJournal: (id: string) => Promise<void>;
  readonly oldServer: () => OldServerOptions;
  /** The sensor has said that it has nothing. */
  readonly emptied: () => Promise<void>;
  /** For log lines: `dmz1: `. */
  readonly prefix: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Pulls until there is nothing more; `waitSeconds` lets the first question wait for a message. Throws the
 * RelayError of the sensor's fault, or JOURNAL_FULL / DISK_RESERVE when there is no room for more.
 */
export async function pull(options: PullOptions, waitSeconds = 0): Promise<void> {
  const state: PullState = { careful: 0, backlog: false };
  let ahead: Promise<SensorReply> | undefined;
  try {
    let reply = await ask(options, state, waitSeconds);
    while (reply.kind === 'batch') {
      // Held so that a failure while the batch is being stored is not an unhandled one.
      ahead = (await canAskAhead(options, state)) ? ask(options, state, 0) : undefined;
      ahead?.catch(() => undefined);
      const { takeBatch } = await import('./take-batch.ts');
      await takeBatch(reply.batch, options, state);
      if (state.careful > 0) {
        // What was asked for ahead is a batch again, or nothing because that one was still leased.
        await giveBack(ahead, options.sensor);
        ahead = undefined;
      }
      reply = await (ahead ?? ask(options, state, 0));
      ahead = undefined;
    }
    if (reply.kind === 'old') {
      const { pullOldServer } = await import('./old-server.ts');
      await pullOldServer(reply.answer, { ...options, ...options.oldServer() });
    } else {
      await options.emptied();
    }
  } finally {
    await giveBack(ahead, options.sensor);
  }
}

export interface PullState {
  /** So many messages are still to be asked for one by one. */
  careful: number;
  /** The last answer said that more is waiting. */
  backlog: boolean;
}

async function canAskAhead({ noRoom, signal }: PullOptions, { careful }: PullState): Promise<boolean> {
  return careful === 0 && !signal.aborted && (await noRoom()) === undefined;
}

async function ask(options: PullOptions, state: PullState, waitSeconds: number): Promise<SensorReply> {
  const full = await options.noRoom();
  if (full !== undefined) throw full;
  const { sensor, batch, leaseSeconds } = options;
  const wanted = { messages: state.careful > 0 ? 1 : batch, leaseSeconds };
  if (options.highFirst && state.backlog && sensor.hasLanes()) {
    const first = await sensor.lease({ ...wanted, minSeverity: 'high' });
    if (first.kind !== 'empty') return noteBacklog(first, sensor, state);
  }
  return noteBacklog(await sensor.lease({ ...wanted, waitSeconds }), sensor, state);
}

function noteBacklog(reply: SensorReply, sensor: SensorClient, state: PullState): SensorReply {
  state.backlog = /(?:^|[\s,])pending=0*[1-9]/.test(sensor.facts()?.status ?? '');
  return reply;
}

/** The batch asked for ahead will not be taken in this run. */
async function giveBack(ahead: Promise<SensorReply> | undefined, sensor: SensorClient): Promise<void> {
  if (ahead === undefined) return;
  try {
    const reply = await ahead;
    if (reply.kind === 'batch') await sensor.release(reply.batch.token);
    else if (reply.kind === 'old') reply.answer.hangUp();
  } catch {
    // The first failure is the one to report.
  }
}
