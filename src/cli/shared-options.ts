/**
 * Options that reverse-server and http-proxy share, word for word: the tables of both commands take them from
 * here. Also the kinds of exit codes every program has (sysexits.h; systemd prints their names).
 */

import { diskLimits } from '../core/limits.ts';
import type { ExitCode, Option } from './option.ts';

/** As core/settings.ts's TlsPolicy. */
export const tlsPolicies = ['anssi', 'intermediate', 'modern'] as const;

const mib = 1024 * 1024;

/** `--cert --key --cacert`: mandatory in both programs, as in the Python relay. */
export const certOptions: readonly Option[] = [
  {
    name: 'cert',
    kind: 'file',
    value: 'FILE',
    required: true,
    help: 'our certificate, PEM, intermediates after it',
    example: '/etc/pki/idmef-relay/HOST.crt',
    brief: true,
    seed: true,
  },
  {
    name: 'key',
    kind: 'file',
    value: 'FILE',
    required: true,
    help: 'its private key, PEM, not encrypted',
    more: 'Readable by the user idmef-relay and nobody else but root. $CREDENTIALS_DIRECTORY/NAME is understood.',
    example: '/etc/pki/idmef-relay/HOST.key',
    brief: true,
    seed: true,
  },
  {
    name: 'cacert',
    kind: 'file',
    value: 'FILE',
    required: true,
    help: 'CA certificates the other side must come from',
    example: '/etc/pki/idmef-relay/CA.crt',
    brief: true,
    seed: true,
  },
];

export const tlsOptions: readonly Option[] = [
  {
    name: 'crl',
    kind: 'file',
    value: 'FILE',
    help: 'revocation list of the CA, PEM or DER',
    more: 'A changed file is taken up by itself. A list past its end stays in force, with a warning and an alert.',
    example: '/etc/pki/idmef-relay/CA.crl',
  },
  {
    name: 'crl-strict',
    kind: 'flag',
    help: 'a list past its end refuses everybody',
  },
  {
    name: 'tls-policy',
    kind: 'choice',
    choices: tlsPolicies,
    value: 'NAME',
    default: 'anssi',
    help: 'TLS versions and suites: anssi, intermediate, modern',
    more: 'anssi: ECDHE and AEAD only, TLS 1.2 and 1.3. intermediate: also finite-field DHE. modern: TLS 1.3 only.',
  },
  {
    name: 'ciphers',
    kind: 'text',
    value: 'LIST',
    help: 'OpenSSL cipher list for TLS 1.2',
    more: "Overrides the policy's list.",
    seed: true,
  },
];

export const diskOptions: readonly Option[] = [
  {
    name: 'max-journal-bytes',
    kind: 'size',
    value: 'SIZE',
    min: 16 * mib,
    help: 'the journal grows no further than this',
    more: 'Taking in stops there, says so, and goes on by itself when there is room. Nothing is dropped, unless --retention-bytes is smaller.',
    defaultText: 'unlimited',
    example: '20G',
  },
  {
    name: 'min-free',
    kind: 'free',
    value: 'SIZE',
    help: 'disk space left to others: SIZE, N% or SIZE,N%',
    more: 'Of two values the larger counts. Taking in stops there and goes on by itself.',
    default: `${diskLimits.minFreeBytes / mib}M,${diskLimits.minFreePercent}%`,
  },
];

/** What may be dropped. Without them: nothing, ever. */
export const retentionOptions: readonly Option[] = [
  {
    name: 'retention-age',
    kind: 'duration',
    value: 'DURATION',
    min: 1000,
    help: 'drop what could not be delivered for so long',
    more: 'Since it was accepted; 12h, 30d. Oldest first, each drop counted and logged as an error. Quarantine too.',
    defaultText: 'never',
    example: '30d',
  },
  {
    name: 'retention-bytes',
    kind: 'size',
    value: 'SIZE',
    min: mib,
    help: 'drop the oldest beyond this much undelivered',
    more: 'What one consumer or destination is owed and quarantine together. Counted and logged. Smaller than --max-journal-bytes it makes room instead of stopping.',
    defaultText: 'never',
    example: '10G',
  },
];

export const logOptions: readonly Option[] = [
  {
    name: 'log-format',
    kind: 'choice',
    choices: ['text', 'json'],
    value: 'FORMAT',
    default: 'text',
    help: 'log as text or json, on stderr',
    processWide: true,
  },
  {
    name: 'verbose',
    short: 'v',
    kind: 'count',
    help: 'log more; twice: everything',
    processWide: true,
    brief: true,
    seed: true,
  },
];

export const done: ExitCode = { code: 0, meaning: 'done' };

export const startFailures: readonly ExitCode[] = [
  { code: 64, meaning: 'USAGE: unknown flag, missing option, bad value' },
  { code: 70, meaning: 'SOFTWARE: a bug; the lines above say where' },
  { code: 74, meaning: 'IOERR: journal, spool or disk' },
  { code: 78, meaning: 'CONFIG: settings file, certificate file, owner, port' },
];

/** Of commands used by hand. */
export const usageExit: ExitCode = { code: 64, meaning: 'USAGE: unknown flag, missing argument, bad value' };

export const json: Option = { name: 'json', kind: 'flag', help: 'one JSON object a line', brief: true };
