/**
 * The one error class and the registry of its codes.
 *
 * Every failure that somebody outside the code must act on is a RelayError with a code from this table. The
 * code decides who must act (kind), what an HTTP peer is told (http) and how the process ends (exit, after
 * sysexits.h, because systemd prints those names). Translated into words once, at the edge: src/bin for
 * processes, src/http/problem.ts for HTTP. Expected results are values, not errors (core/outcome.ts).
 */

/** Who must act: the operator of this host, the other side of a connection, nobody (it passes), or us. */
export type ErrorKind = 'operator' | 'peer' | 'transient' | 'bug';

interface CodeSpec {
  readonly kind: ErrorKind;
  /** Status an HTTP peer gets when the error ends its request. */
  readonly http: number;
  /** Exit status of a process that ends because of it (sysexits.h). */
  readonly exit: number;
}

export const errorCodes = {
  USAGE: { kind: 'operator', http: 500, exit: 64 },
  CONFIG: { kind: 'operator', http: 500, exit: 78 },
  TLS_FILE: { kind: 'operator', http: 500, exit: 78 },
  STATE_OWNER: { kind: 'operator', http: 500, exit: 78 },
  LISTEN: { kind: 'operator', http: 500, exit: 78 },
  UNSUPPORTED: { kind: 'operator', http: 500, exit: 78 },

  SENSOR_UNREACHABLE: { kind: 'transient', http: 502, exit: 69 },
  SENSOR_TLS: { kind: 'peer', http: 502, exit: 76 },
  SENSOR_PROTOCOL: { kind: 'peer', http: 502, exit: 76 },
  DESTINATION_UNREACHABLE: { kind: 'transient', http: 502, exit: 75 },
  DESTINATION_BROKEN: { kind: 'operator', http: 502, exit: 75 },
  DEADLINE: { kind: 'transient', http: 504, exit: 75 },
  QUARANTINED: { kind: 'peer', http: 422, exit: 65 },
  INVALID_INPUT: { kind: 'peer', http: 422, exit: 65 },
  NO_INPUT: { kind: 'operator', http: 404, exit: 66 },

  JOURNAL_IO: { kind: 'operator', http: 500, exit: 74 },
  JOURNAL_BUSY: { kind: 'operator', http: 503, exit: 74 },
  JOURNAL_NEWER: { kind: 'operator', http: 500, exit: 74 },
  JOURNAL_CORRUPT: { kind: 'operator', http: 500, exit: 74 },
  JOURNAL_FULL: { kind: 'transient', http: 507, exit: 74 },
  DISK_RESERVE: { kind: 'operator', http: 507, exit: 74 },
  SPOOL_IO: { kind: 'operator', http: 500, exit: 74 },

  BAD_REQUEST: { kind: 'peer', http: 400, exit: 76 },
  UNAUTHORIZED: { kind: 'peer', http: 401, exit: 76 },
  FORBIDDEN: { kind: 'peer', http: 403, exit: 76 },
  NOT_FOUND: { kind: 'peer', http: 404, exit: 76 },
  METHOD_NOT_ALLOWED: { kind: 'peer', http: 405, exit: 76 },
  NOT_ACCEPTABLE: { kind: 'peer', http: 406, exit: 76 },
  LEASE_EXPIRED: { kind: 'peer', http: 410, exit: 76 },
  TOO_LARGE: { kind: 'peer', http: 413, exit: 76 },
  UNSUPPORTED_MEDIA_TYPE: { kind: 'peer', http: 415, exit: 76 },
  EXPECTATION_FAILED: { kind: 'peer', http: 417, exit: 76 },
  INVALID_IDMEF: { kind: 'peer', http: 422, exit: 65 },
  TOO_MANY_ANSWERS: { kind: 'peer', http: 429, exit: 76 },
  TOO_MANY_LEASES: { kind: 'peer', http: 429, exit: 76 },
  TOO_MANY_REQUESTS: { kind: 'peer', http: 429, exit: 76 },
  UNAVAILABLE: { kind: 'transient', http: 503, exit: 75 },

  BUG: { kind: 'bug', http: 500, exit: 70 },
} as const satisfies Record<string, CodeSpec>;

export type ErrorCode = keyof typeof errorCodes;

interface RelayErrorOptions {
  /** What to do about it: one sentence, lower case, no full stop. */
  readonly hint?: string;
  /** Stable name of the very fault, finer than the code: `idmef doctor --list` has them all. */
  readonly fault?: string;
  readonly cause?: unknown;
}

/** A failure somebody must act on. The message is lower case, has no full stop, and names what and where. */
export class RelayError extends Error {
  override readonly name = 'RelayError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly fault: string | undefined;

  constructor(code: ErrorCode, message: string, options: RelayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.fault = options.fault;
  }

  get kind(): ErrorKind {
    return errorCodes[this.code].kind;
  }

  get http(): number {
    return errorCodes[this.code].http;
  }

  get exit(): number {
    return errorCodes[this.code].exit;
  }
}

/** The system's error code (`ENOENT`, `ECONNREFUSED`, `CERT_HAS_EXPIRED`, …) of anything thrown, or ''. */
export function systemCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return isQuota(error) ? 'EDQUOT' : error.code;
  }
  return '';
}

/** The words of anything thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isQuota(error)
    ? error.message.replace('UNKNOWN: unknown error', 'EDQUOT: disk quota exceeded')
    : error.message;
}

/** Node has no name for it (122 on Linux). */
function isQuota(error: object): boolean {
  return 'code' in error && error.code === 'UNKNOWN' && 'errno' in error && error.errno === -122;
}
