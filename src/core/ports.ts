/**
 * What the pure parts ask of the outside: time, randomness, a place to log.
 *
 * Passed in by src/app so that tests can hold the clock and read the log. src/os/clock.ts and src/log make
 * the real ones.
 */

export interface Clock {
  /** Wall time, milliseconds since 1970-01-01T00:00:00Z. May jump; for stamps, never for durations. */
  now(): number;
  /** Milliseconds on a clock that never goes back. For leases, deadlines, ages. */
  monotonic(): number;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

/** syslog's names; `notice` is what an operator sees by default of a poller. */
export type LogLevel = 'error' | 'warning' | 'notice' | 'info' | 'debug';

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * One line an event. The text stands alone (it names profile, peer, file and reason); the fields repeat its
 * facts for machines and show only with `--log-format json`.
 */
export type Logger = Readonly<Record<LogLevel, (text: string, fields?: LogFields) => void>>;
