/**
 * Pulls from a server that knows no lease: what it answers may be gone there, so the raw body is on our
 * disk (inbox.ts) before anybody looks at it.
 *
 * Called by pull.ts with the first such answer, and by profile-run.ts for what a killed run left in the
 * inbox. Such a server may also be one that never consumes: what stood in its previous answer is not new
 * (the journal compares hashes, as a multiset, across runs), and the loop ends at 404 or when nothing new
 * came. Each answer closes its connection, because that server serves one at a time.
 */

import { RelayError } from '../core/errors.ts';
import { pollerLimits, xmlLimits } from '../core/limits.ts';
import type { Logger } from '../core/ports.ts';
import type { HttpsAnswer } from '../http/https-client.ts';
import type { Origin } from '../journal/journal.ts';
import { openInbox, type Inbox } from './inbox.ts';
import { readBatch, takeMessages, takeUnreadable, type IntakeOptions } from './intake.ts';
import { salvage } from './salvage.ts';
import type { SensorClient } from './sensor-client.ts';
import { unreadable } from './to-messages.ts';

export interface OldServerOptions extends IntakeOptions {
  readonly sensor: SensorClient;
  /** Of the profile: the inbox is in it. */
  readonly stateDir: string;
  /** Wall time, for names in the inbox. */
  readonly now: () => number;
  readonly noRoom: () => Promise<RelayError | undefined>;
  readonly leaseSeconds: number;
  readonly batch: number;
  readonly prefix: string;
  readonly log: Logger;
  /** The server said that it has nothing: what comes next is new, even if it looks like the last answer. */
  readonly emptied: () => Promise<void>;
  /** Told before an answer is stored, so that `emptied` knows. */
  readonly filled: () => Promise<void>;
  /** Of the pull; when it is aborted nobody hears why an answer broke off. */
  readonly signal?: AbortSignal;
}

const origin: Origin = { kind: 'unsequenced' };

export async function pullOldServer(first: HttpsAnswer, options: OldServerOptions): Promise<void> {
  options.log.info(`${options.prefix}the sensor runs an old server, without leases`);
  const inbox = openInbox(options.stateDir, options.now);
  let answer: HttpsAnswer | undefined = first;
  while (answer !== undefined) {
    const name = await receiveAnswer(answer, inbox, options);
    const fresh = name === undefined ? 0 : await takeAnswer(name, inbox, options);
    if (fresh === 0) return;
    answer = await next(options);
  }
  await options.emptied();
}

/** What a killed run left behind; to be called before anything is pulled. */
export async function recoverInbox(options: OldServerOptions): Promise<void> {
  const inbox = openInbox(options.stateDir, options.now);
  for (const name of inbox.waiting()) await takeAnswer(name, inbox, options);
}

async function next({ sensor, noRoom, batch, leaseSeconds }: OldServerOptions) {
  const full = await noRoom();
  if (full !== undefined) throw full;
  const reply = await sensor.lease({ messages: batch, leaseSeconds });
  if (reply.kind === 'old') return reply.answer;
  // It was replaced by a new one in this second: the next run talks to that.
  if (reply.kind === 'batch') await sensor.release(reply.batch.token);
  return undefined;
}

async function receiveAnswer(
  answer: HttpsAnswer,
  inbox: Inbox,
  options: OldServerOptions,
): Promise<string | undefined> {
  const receiving = inbox.receive();
  try {
    await answer.pieces(pollerLimits.oldServerBytes, (piece) => receiving.write(piece));
    return receiving.finish(false);
  } catch (error) {
    // The rest is lost with the server; what came must not be.
    const name = receiving.finish(true);
    const taken = name === undefined ? 0 : await takeAnswer(name, inbox, options, true);
    throw brokenOff(error, taken, name !== undefined, options);
  } finally {
    answer.hangUp();
  }
}

/** One fault, one line: the sensor's, with what has become of its answer. */
function brokenOff(error: unknown, taken: number, kept: boolean, options: OldServerOptions): unknown {
  const became = kept
    ? `; ${taken === 1 ? '1 message' : `${taken} messages`} of it came whole, what else came is in quarantine`
    : '';
  const hint =
    'an old server forgets what it has sent: look for the alerts in its --movedir, and here with idmef quarantine list';
  if (error instanceof RelayError && error.code.startsWith('SENSOR_') && options.signal?.aborted !== true) {
    return new RelayError(error.code, `${error.message}${became}`, { hint, cause: error });
  }
  options.log.error(`${options.prefix}an old server's answer was cut short${became}; ${hint}`);
  return error;
}

/** Returns how many messages were new, without the rest of one that broke off. */
async function takeAnswer(
  name: string,
  inbox: Inbox,
  options: OldServerOptions,
  partial = false,
): Promise<number> {
  const { validate } = options;
  await options.filled();
  const body = inbox.read(name);
  const verdict = await readBatch(body, validate, pollerLimits.oldServerBytes);
  if (verdict.readable) {
    const { accepted, quarantined } = await takeMessages(verdict, origin, options);
    inbox.remove(name);
    return accepted + quarantined;
  }
  const saved = salvage(body);
  const mended = saved && (await readBatch(saved.document, validate, pollerLimits.oldServerBytes));
  if (saved !== undefined && mended?.readable === true) {
    const note = `the document cannot be read; ${mended.messages.length} messages before byte ${saved.cut} could`;
    const rest = unreadable(body.subarray(saved.cut), verdict.problem.rule, [verdict.problem], note);
    const problems = [verdict.problem];
    const remainder = { message: rest, problems, brokenOff: partial };
    const { accepted, quarantined } = await takeMessages(mended, origin, options, remainder);
    inbox.remove(name);
    return Math.max(0, accepted + quarantined - (partial ? 1 : 0));
  }
  if (body.length <= xmlLimits.documentBytes) {
    const { quarantined } = await takeUnreadable(body, verdict.problem, origin, options, partial);
    inbox.remove(name);
    return partial ? 0 : quarantined;
  }
  const head = body.subarray(0, pollerLimits.answerBytes);
  const { quarantined } = await takeUnreadable(head, verdict.problem, origin, options, partial);
  options.log.error(
    `${options.prefix}a document of ${body.length} bytes cannot be read: ${inbox.setAside(name)}`,
  );
  return partial ? 0 : quarantined;
}
