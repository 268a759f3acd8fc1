/**
 * The merged settings of one profile → its frozen configuration. Called by http-proxy.ts for each profile.
 *
 * What depends on another option is decided here: TLS towards destinations defaults to that towards the
 * sensor, the state directory hangs below the common one, a name is derived when none was given.
 */

import { join } from 'node:path';

import type { ProfileConfig } from '../poller/profile.ts';
import type { TlsSettings } from '../core/settings.ts';
import { destinationId } from '../destinations/destination.ts';
import type { Settings } from './settings.ts';
import { tlsPolicies } from './shared-options.ts';
import { parseManagerUrl, parseProxyUrl, parseSensorUrl } from './urls.ts';

/** `name` undefined: polled by flags alone. `stateBase` holds `profiles/NAME`. */
export function profileConfig(
  name: string | undefined,
  settings: Settings,
  stateBase: string,
): ProfileConfig {
  const sensor = settings.url('sensor', parseSensorUrl) ?? new URL('https://localhost/');
  const managers = settings.urls('manager', parseManagerUrl);
  const ids = managers.map(destinationId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw settings.refusal('manager', `names ${twice} twice`);
  const timeoutSeconds = settings.seconds('timeout');
  const deadlineSeconds = settings.seconds('deadline');
  if (deadlineSeconds < timeoutSeconds) {
    throw settings.refusal('deadline', `must not be shorter than --timeout (${timeoutSeconds} s)`);
  }
  const profile = name ?? derivedName(sensor);
  const sensorName = settings.text('sensor-name');
  const proxy = settings.url('proxy', parseProxyUrl);
  const maxJournalBytes = settings.size('max-journal-bytes');
  const metricsFile = settings.path('metrics-file');
  const retention = settings.bounds('retention-age', 'retention-bytes');
  const tls = sensorTls(settings);
  return Object.freeze({
    name: profile,
    stateDir: join(stateBase, 'profiles', profile),
    sensor,
    ...(sensorName === undefined ? {} : { sensorName }),
    tls,
    managers: Object.freeze(managers),
    managerTls: managerTls(settings, tls),
    ...(proxy === undefined ? {} : { proxy }),
    timeoutSeconds,
    deadlineSeconds,
    batch: settings.integer('batch'),
    leaseSeconds: settings.seconds('lease'),
    validate: settings.choice('validate', ['strict', 'lenient', 'off']),
    onInvalid: settings.choice('on-invalid', ['quarantine', 'forward']),
    dialect: settings.choice('dialect', ['auto', 'secef', 'rfc']),
    highFirst: settings.flag('high-first'),
    gzip: settings.flag('gzip'),
    reportAfterMs: settings.duration('report-after'),
    ...(maxJournalBytes === undefined ? {} : { maxJournalBytes }),
    ...(retention === undefined ? {} : { retention }),
    minFree: settings.minFree('min-free'),
    ...(metricsFile === undefined ? {} : { metricsFile: metricsFile.replaceAll('%i', profile) }),
    dryRun: settings.flag('dry-run'),
    drain: settings.flag('drain'),
  });
}

/** `sensor1.example-3128`: stable, and a file name. */
function derivedName(sensor: URL): string {
  const host = sensor.hostname.replaceAll(/[[\]]/g, '').replaceAll(/[^A-Za-z0-9.-]/g, '_');
  return `${/^[A-Za-z0-9]/.test(host) ? '' : 'ip'}${host}-${sensor.port || '443'}`;
}

function sensorTls(settings: Settings): TlsSettings {
  const crlFile = settings.path('crl');
  return Object.freeze({
    certFile: settings.path('cert') ?? '',
    keyFile: settings.path('key') ?? '',
    caFile: settings.path('cacert') ?? '',
    ...(crlFile === undefined ? {} : { crlFile }),
    ...common(settings),
  });
}

function managerTls(settings: Settings, tls: TlsSettings): TlsSettings {
  const certFile = settings.path('manager-cert');
  const keyFile = settings.path('manager-key');
  const caFile = settings.path('manager-cacert');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const given = certFile === undefined ? 'manager-key' : 'manager-cert';
    const missing = certFile === undefined ? '--manager-cert' : '--manager-key';
    throw settings.refusal(given, `needs ${missing} beside it`, 'a certificate and its key go together');
  }
  if (certFile === undefined && caFile === undefined) return tls;
  return Object.freeze({
    certFile: certFile ?? tls.certFile,
    keyFile: keyFile ?? tls.keyFile,
    caFile: caFile ?? tls.caFile,
    // The revocation list is the sensors' CA's; it says nothing about another CA.
    ...(caFile === undefined && tls.crlFile !== undefined ? { crlFile: tls.crlFile } : {}),
    ...common(settings),
  });
}

function common(settings: Settings): Pick<TlsSettings, 'policy' | 'ciphers' | 'crlStrict'> {
  const ciphers = settings.text('ciphers');
  return {
    policy: settings.choice('tls-policy', tlsPolicies),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(settings.flag('crl-strict') ? { crlStrict: true } : {}),
  };
}
