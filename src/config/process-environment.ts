/**
 * The only place that reads the process environment, and all that is taken from it.
 *
 * The environment is not configuration (ARCHITECTURE.md: Poller): no proxy, CA, timeout or setting comes from it. What
 * systemd itself says to a service does: where its state and credentials live, whether stderr is the journal, and
 * where it wants to hear from us (sd_notify(3), sd_watchdog_enabled(3)); and NO_COLOR is the terminal's affair. NODE_*
 * variables act on Node before we run and are not looked at. Called by src/bin.
 */

export interface ProcessEnvironment {
  /** `StateDirectory=` of the unit; the first one when there are several. */
  readonly stateDirectory?: string;
  /** `LoadCredential=` of the unit. */
  readonly credentialsDirectory?: string;
  /** Device and inode of the journal's stream. */
  readonly journalStream?: string;
  /** Socket of the service manager, where it listens for READY and the watchdog. */
  readonly notifySocket?: string;
  /** Silence after which the manager ends this process; undefined when it watches nobody, or another process. */
  readonly watchdogMs?: number;
  /** Whoever runs a command wants no colours (no-color.org), or has a terminal without them. */
  readonly noColor?: true;
}

export function readProcessEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
  pid: number = process.pid,
): ProcessEnvironment {
  const stateDirectory = env['STATE_DIRECTORY']?.split(':')[0];
  const credentialsDirectory = env['CREDENTIALS_DIRECTORY'];
  const journalStream = env['JOURNAL_STREAM'];
  const notifySocket = env['NOTIFY_SOCKET'];
  const watched = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid);
  const watchdogMs = watched ? Number(env['WATCHDOG_USEC'] ?? 0) / 1000 : 0;
  return Object.freeze({
    ...(stateDirectory ? { stateDirectory } : {}),
    ...(credentialsDirectory ? { credentialsDirectory } : {}),
    ...(journalStream ? { journalStream } : {}),
    ...(notifySocket ? { notifySocket } : {}),
    ...(watchdogMs > 0 ? { watchdogMs } : {}),
    ...(env['NO_COLOR'] || env['TERM'] === 'dumb' ? { noColor: true } : {}),
  });
}
