/**
 * Option table of http-proxy: flags of the Python relay with their names and defaults, and ours. Parsed by
 * http-proxy.ts beside it; printed by help.ts; config/http-proxy and config/http-proxy@profile are generated
 * from it. Values of one profile and of the process (`processWide`) share the table.
 */

import { leaseLimits, pollerLimits } from '../core/limits.ts';
import type { CommandTable, Option } from './option.ts';
import {
  certOptions,
  diskOptions,
  logOptions,
  retentionOptions,
  startFailures,
  tlsOptions,
} from './shared-options.ts';

const ends: readonly Option[] = [
  {
    name: 'sensor',
    kind: 'url',
    value: 'URL',
    required: true,
    help: 'where to fetch: https://HOST:3128/',
    example: 'https://sensor1.example:3128/',
    brief: true,
    seed: true,
  },
  {
    name: 'manager',
    kind: 'url',
    value: 'URL',
    list: true,
    required: true,
    help: 'where to deliver: an https, prelude or file URL',
    more: 'https://HOST:PORT/, prelude://HOST:4690?profile=NAME or file:///DIR. NAME is the profile that prelude-admin register made here; &dir=DIR says where it is when not in /etc/prelude/profile. May be given several times: each destination gets everything and has its own queue.',
    example: 'https://gateway.example:3128/',
    brief: true,
    seed: true,
  },
];

const profiles: readonly Option[] = [
  {
    name: 'profile',
    kind: 'text',
    value: 'NAME',
    list: true,
    help: 'read the settings files http-proxy, http-proxy@NAME',
    momentary: true,
    brief: true,
  },
  {
    name: 'config-dir',
    kind: 'text',
    value: 'DIR[:DIR]',
    default: '/etc/sysconfig:/etc/default',
    help: 'where the settings files are',
    momentary: true,
    brief: true,
  },
  {
    name: 'state',
    kind: 'dir',
    value: 'DIR',
    help: 'journals live in DIR/profiles/NAME',
    defaultText: '$STATE_DIRECTORY, else /var/lib/idmef-relay with --profile, else ./state',
    example: '/var/lib/idmef-relay',
    brief: true,
  },
];

const modes: readonly Option[] = [
  {
    name: 'follow',
    kind: 'flag',
    help: 'stay and deliver each alert as it comes',
    more: 'Needed for prelude:// with a profile that may read too (idmef:rw), which makes prelude-manager confirm each message: between the runs of a timer or of --schedule nobody would read, so those refuse such a profile.',
    momentary: true,
    brief: true,
  },
  {
    name: 'schedule',
    kind: 'text',
    value: 'CRON',
    help: 'stay and run at these times',
    more: 'Five fields: minute, hour, day, month, weekday; six with seconds in front. Local time.',
    example: '*/5 * * * *',
    momentary: true,
    brief: true,
  },
  {
    name: 'dry-run',
    kind: 'flag',
    help: 'show what would be fetched; change nothing',
    momentary: true,
    brief: true,
  },
  {
    name: 'drain',
    kind: 'flag',
    help: 'deliver what is kept; fetch nothing',
    momentary: true,
    brief: true,
  },
];

const managerTls: readonly Option[] = [
  {
    name: 'manager-cert',
    kind: 'file',
    value: 'FILE',
    help: 'our certificate towards https destinations',
    defaultText: '--cert',
  },
  {
    name: 'manager-key',
    kind: 'file',
    value: 'FILE',
    help: 'its private key',
    defaultText: '--key',
  },
  {
    name: 'manager-cacert',
    kind: 'file',
    value: 'FILE',
    help: 'CA certificates destinations must come from',
    defaultText: '--cacert',
  },
  {
    name: 'sensor-name',
    kind: 'text',
    value: 'NAME',
    help: "name in the sensor's certificate",
    more: 'For sensors dialled by an address their certificate does not bear.',
    defaultText: "the URL's host",
  },
  {
    name: 'proxy',
    kind: 'url',
    value: 'URL',
    help: 'HTTP proxy for https destinations',
    more: 'Not for prelude://, which is dialled directly. Proxy variables of the environment are not looked at.',
    example: 'http://proxy.example:3128/',
  },
];

const pulling: readonly Option[] = [
  {
    name: 'timeout',
    kind: 'seconds',
    value: 'SECONDS',
    min: 1,
    max: 600,
    default: String(pollerLimits.timeoutSeconds),
    help: 'give up when a peer is silent for so long',
    brief: true,
    seed: true,
  },
  {
    name: 'deadline',
    kind: 'seconds',
    value: 'SECONDS',
    min: 1,
    max: 86_400,
    default: String(pollerLimits.deadlineSeconds),
    help: 'end a run after so long; what is left waits',
  },
  {
    name: 'batch',
    kind: 'integer',
    value: 'N',
    min: 1,
    max: leaseLimits.maxMessages,
    default: String(leaseLimits.defaultMessages),
    help: 'messages fetched at once',
  },
  {
    name: 'lease',
    kind: 'seconds',
    value: 'SECONDS',
    min: leaseLimits.minSeconds,
    max: leaseLimits.maxSeconds,
    default: String(pollerLimits.leaseSeconds),
    help: 'the sensor waits so long for our acknowledgement',
  },
  {
    name: 'high-first',
    kind: 'flag',
    help: 'alerts of severity high overtake a backlog',
    more: 'At the sensor and towards the destinations. The others keep their order.',
  },
  {
    name: 'gzip',
    kind: 'flag',
    help: 'fetch compressed: for slow lines',
    more: 'Sensors that do not compress answer as always.',
  },
];

const reporting: readonly Option[] = [
  {
    name: 'report-after',
    kind: 'duration',
    value: 'DURATION',
    max: 30 * 86_400_000,
    default: '15m',
    help: 'report a silent sensor, waiting alerts; 0 never',
    more: 'As an IDMEF alert to the destinations, once when it begins. What was lost or quarantined is always reported.',
  },
];

const seeing: readonly Option[] = [
  {
    name: 'metrics-file',
    kind: 'file',
    value: 'FILE.prom',
    help: 'write metrics there after each run',
    more: "For node_exporter's textfile collector. %i stands for the profile's name: in the settings file common to all profiles it is needed, because each run writes the whole file. The unit needs ReadWritePaths= for its directory.",
    example: '/var/lib/node_exporter/idmef-%i.prom',
  },
];

const judging: readonly Option[] = [
  {
    name: 'validate',
    kind: 'choice',
    choices: ['strict', 'lenient', 'off'],
    value: 'MODE',
    default: 'lenient',
    help: 'RFC 4765: strict, lenient (repairs), off',
    brief: true,
  },
  {
    name: 'on-invalid',
    kind: 'choice',
    choices: ['quarantine', 'forward'],
    value: 'WHAT',
    default: 'quarantine',
    help: 'invalid alerts: quarantine or forward',
    more: "'forward' is advisable for the first week after the Python relay.",
    brief: true,
  },
  {
    name: 'dialect',
    kind: 'choice',
    choices: ['auto', 'secef', 'rfc'],
    value: 'NAME',
    default: 'auto',
    help: 'form for https destinations: auto, secef, rfc',
    more: 'auto asks each: receivers of ours get RFC 4765 in batches, all others what a SECEF gateway reads without loss (secef). rfc: single documents as RFC 4765 has them.',
  },
];

export const httpProxyTable: CommandTable = {
  command: 'http-proxy',
  settingsFile: true,
  usage: '--profile NAME | --sensor URL --manager URL --cert … [options]',
  summary: 'Fetches IDMEF alerts from sensors, checks them and delivers them.',
  options: [
    ...certOptions,
    ...ends,
    ...profiles,
    ...modes,
    ...judging,
    ...pulling,
    ...reporting,
    ...managerTls,
    ...tlsOptions,
    ...diskOptions,
    ...retentionOptions,
    ...seeing,
    ...logOptions,
  ],
  exits: [
    { code: 0, meaning: 'done, nothing to do, or another run holds the lock' },
    { code: 65, meaning: 'DATAERR: something was quarantined' },
    { code: 69, meaning: 'UNAVAILABLE: the sensor cannot be reached' },
    { code: 75, meaning: 'TEMPFAIL: a destination cannot be reached; alerts are kept' },
    { code: 76, meaning: "PROTOCOL: the sensor's TLS or HTTP" },
    ...startFailures,
  ],
};
