/**
 * A prelude-manager as a destination: our profile, the way to the manager, its certificate, whether it takes us, what
 * the profile allows, and readers that have gone. Called by check-profile.ts.
 *
 * Goes as far as the greeting and says that it will write; nothing is sent, and it is no reader even where it might be:
 * a manager keeps events for every reader it has seen.
 */

import { RelayError } from '../../core/errors.ts';
import { doctorLimits } from '../../core/limits.ts';
import type { Clock } from '../../core/ports.ts';
import { capabilities } from '../../destinations/prelude/messages.ts';
import { readPreludeUrl, type PreludeAddress } from '../../destinations/prelude/prelude-url.ts';
import {
  certificateFor,
  readProfile,
  rightsText,
  type AgentCertificate,
  type PreludeProfile,
} from '../../destinations/prelude/profile.ts';
import { openSession } from '../../destinations/prelude/session.ts';
import { destinationCodes } from '../../http/peer.ts';
import { checkNetwork, type Resolve } from './check-network.ts';
import type { Examination } from './examination.ts';
import { findReaders, type PreludeDirs } from './prelude-readers.ts';
import { countText, dayText } from './words.ts';

interface PreludeQuestion {
  readonly clock: Clock;
  readonly resolve: Resolve;
  readonly stepMs: number;
  readonly preludeDirs: PreludeDirs;
}

export async function checkPrelude(exam: Examination, url: URL, question: PreludeQuestion): Promise<void> {
  const address = readPreludeUrl(url);
  const profile = await readable(exam, address, question);
  if (profile !== undefined && (await reachable(exam, address, question))) {
    await checkSession(exam, address, profile, question);
  }
  await checkReaders(exam, question);
}

/** Undefined when the profile is the fault. */
async function readable(
  exam: Examination,
  address: PreludeAddress,
  { clock }: PreludeQuestion,
): Promise<PreludeProfile | undefined> {
  return await attempt(exam, 'profile', async () => {
    const profile = readProfile(address);
    const [only, ...more] = profile.managers;
    // With several the manager says which certificate is its own.
    if (only !== undefined && more.length === 0) certificateFor(only.id, profile, address, clock.now());
    const managers = countText(profile.managers.length, 'manager');
    await exam.ok('profile', `${address.dir}: analyzer ${profile.analyzerid}, trusts ${managers}`);
    return profile;
  });
}

async function reachable(
  exam: Examination,
  { host, port, label, dir }: PreludeAddress,
  { resolve, stepMs }: PreludeQuestion,
): Promise<boolean> {
  const url = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}/`);
  const peer = { url, label, codes: destinationCodes };
  return await checkNetwork(exam, { peer, url, certFile: `${dir}/client.keycrt`, stepMs, resolve });
}

async function checkSession(
  exam: Examination,
  address: PreludeAddress,
  profile: PreludeProfile,
  { clock, stepMs }: PreludeQuestion,
): Promise<void> {
  const nothing = (): void => undefined;
  const options = { address, profile, clock, timeoutMs: stepMs, onMessage: nothing, onEnd: nothing };
  const certificate = await attempt(exam, 'session', async () => {
    const session = await openSession({ ...options, mode: 'look' });
    await session.close();
    await exam.ok('session', `manager ${session.manager}, ${session.protocol}, takes us`);
    return session.certificate;
  });
  if (certificate !== undefined) await checkRights(exam, address, certificate, clock.now());
}

async function checkRights(
  exam: Examination,
  { label, dir }: PreludeAddress,
  { rights, x509 }: AgentCertificate,
  now: number,
): Promise<void> {
  const reader = (rights & capabilities.readIdmef) !== 0;
  const means = reader
    ? 'delivery is acknowledged with --follow, and refused in runs that end'
    : 'delivery is unacknowledged';
  await exam.ok('rights', `${rightsText(rights)}: ${means}`);
  const end = Date.parse(x509.validTo);
  const days = Math.floor((end - now) / DAY);
  if (days > doctorLimits.expirySoonDays) return;
  const values = {
    peer: label,
    until: dayText(end),
    days: countText(days, 'day'),
    path: `${dir}/client.keycrt`,
  };
  await exam.find('rights', 'prelude-certificate-ends', values);
}

const DAY = 86_400_000;

async function checkReaders(exam: Examination, { preludeDirs, clock }: PreludeQuestion): Promise<void> {
  const found = findReaders(preludeDirs, clock.now());
  if (found === undefined) {
    const { spool } = preludeDirs;
    await exam.ok('readers', `who reads and is away is seen on the manager's host only, in ${spool}`);
    return;
  }
  for (const reader of found) await exam.find('readers', 'prelude-reader-away', reader);
  if (found.length === 0)
    await exam.ok('readers', 'nobody is away for whom a manager of this host keeps events');
}

async function attempt<Result>(
  exam: Examination,
  step: string,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    await exam.error(step, error, 'prelude-session-ended');
    return undefined;
  }
}
