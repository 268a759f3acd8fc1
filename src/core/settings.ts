/**
 * Value types of settings shared by several programs' configurations. Parsed and frozen by src/cli; nothing
 * below src/cli sees an option string.
 */

/** PEM files and policy of one TLS side. Paths are as the operator wrote them, for messages that name them. */
export interface TlsSettings {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly crlFile?: string;
  /** Refuse everybody once a revocation list is past its end; else it stays in force, with an alarm. */
  readonly crlStrict?: boolean;
  /** OpenSSL cipher list for TLS 1.2 and below; overrides the policy's. */
  readonly ciphers?: string;
  readonly policy: TlsPolicy;
}

export type TlsPolicy = 'anssi' | 'intermediate' | 'modern';

/** `--min-free 512M`, `5%`, or both by default: the larger counts. */
export interface MinFree {
  readonly bytes?: number;
  readonly percent?: number;
}

export interface LogSettings {
  readonly format: 'text' | 'json';
  /** 0 notice and above, 1 info, 2 debug. */
  readonly verbosity: number;
}
