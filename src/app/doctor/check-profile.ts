/**
 * One profile of http-proxy: its files, its sensor, each of its destinations, its state. Called by
 * src/app/doctor.ts. What depends on another thing waits for it; what does not is looked at all the same.
 */

import { doctorLimits } from '../../core/limits.ts';
import type { TlsSettings } from '../../core/settings.ts';
import { clientTlsOf } from '../../destinations/client-tls.ts';
import { destinationLabel } from '../../destinations/destination.ts';
import { destinationCodes, labelOf, sensorCodes, type Peer } from '../../http/peer.ts';
import { openTunnel } from '../../http/proxy-tunnel.ts';
import type { ProfileConfig } from '../../poller/profile.ts';
import { checkCertificates } from './check-certificates.ts';
import { checkDirectory } from './check-directory.ts';
import { checkGateway } from './check-gateway.ts';
import { checkHandshake } from './check-handshake.ts';
import { checkNetwork, type Resolve } from './check-network.ts';
import { checkPrelude } from './check-prelude.ts';
import { type PreludeDirs } from './prelude-readers.ts';
import { checkSandbox } from './sandbox.ts';
import { checkSensor } from './check-sensor.ts';
import { checkState, type StateDeps } from './check-state.ts';
import type { Examination } from './examination.ts';
import type { FarSide } from './far-side.ts';
import { RelayError } from '../../core/errors.ts';

export interface ProfileDeps extends StateDeps {
  readonly resolve: Resolve;
  readonly unitDirs: readonly string[];
  readonly preludeDirs: PreludeDirs;
}

/** Runs one examination: prints its subject, the steps, and its end. */
export type Examine = (subject: string, work: (exam: Examination) => Promise<void>) => Promise<void>;

export async function checkProfile(
  profile: ProfileConfig,
  examine: Examine,
  deps: ProfileDeps,
): Promise<void> {
  const label = labelOf('sensor', profile.sensor);
  await examine(label, async (exam) => {
    const { sensor: url, sensorName: name, tls } = profile;
    const peer: Peer = { url, label, codes: sensorCodes, ...(name === undefined ? {} : { name }) };
    const side = await nearSide(exam, profile, peer, tls, '', deps);
    if (side === undefined || !(await reachable(exam, side, url, deps))) return;
    if (await checkHandshake(exam, side)) await checkSensor(exam, side);
  });
  for (const url of profile.managers) await checkDestination(url, profile, examine, deps);
  await examine(`state ${profile.stateDir}`, (exam) => checkState(exam, profile, deps));
}

async function checkDestination(
  url: URL,
  profile: ProfileConfig,
  examine: Examine,
  deps: ProfileDeps,
): Promise<void> {
  const label = destinationLabel(url);
  await examine(label, async (exam) => {
    if (url.protocol === 'file:') {
      await checkDirectory(exam, url, label);
      const unit = `http-proxy@${profile.name}.service`;
      await checkSandbox(exam, { unitDirs: deps.unitDirs, unit, dir: url.pathname });
      return;
    }
    if (url.protocol === 'prelude:') {
      await checkPrelude(exam, url, { ...deps, stepMs: stepOf(profile) });
      return;
    }
    const { managerTls, proxy } = profile;
    const peer: Peer = { url, label, codes: destinationCodes };
    const prefix = managerTls === profile.tls ? '' : 'manager-';
    const side = await nearSide(exam, profile, peer, managerTls, prefix, deps);
    if (side === undefined || !(await reachable(exam, side, proxy ?? url, deps))) return;
    const tunnelled = proxy === undefined ? side : await throughProxy(exam, side, proxy);
    if (tunnelled === undefined) return;
    if (await checkHandshake(exam, tunnelled)) await checkGateway(exam, tunnelled, proxy);
  });
}

/** Our own files, and with them all that is needed to dial; undefined when they are the fault. */
async function nearSide(
  exam: Examination,
  profile: ProfileConfig,
  peer: Peer,
  settings: TlsSettings,
  prefix: string,
  { clock }: ProfileDeps,
): Promise<FarSide | undefined> {
  const now = clock.now();
  const credentials = await checkCertificates(exam, settings, { prefix, purpose: 'client', now });
  if (credentials === undefined) return undefined;
  return {
    peer,
    settings,
    credentials,
    tls: clientTlsOf(settings, credentials, clock),
    stepMs: stepOf(profile),
    now: () => clock.now(),
  };
}

function stepOf({ timeoutSeconds }: ProfileConfig): number {
  return Math.min(timeoutSeconds * 1000, doctorLimits.stepMs);
}

async function reachable(exam: Examination, side: FarSide, url: URL, deps: ProfileDeps): Promise<boolean> {
  const { peer, tls, stepMs } = side;
  return await checkNetwork(exam, { peer, url, certFile: tls.certFile, stepMs, resolve: deps.resolve });
}

/** The same side, dialled through the proxy; undefined when that does not let us through. */
async function throughProxy(exam: Examination, side: FarSide, proxy: URL): Promise<FarSide | undefined> {
  const tunnel = () => openTunnel(proxy, side.peer, side.stepMs);
  try {
    (await tunnel()).destroy();
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    await exam.error('proxy', error, 'proxy');
    return undefined;
  }
  await exam.ok('proxy', `${proxy.host} opens a tunnel`);
  return { ...side, tunnel };
}
