/**
 * The only place that reads the process environment, and all that is taken from it.
 *
 * The environment is not configuration (ARCHITECTURE.md: Poller): no proxy, CA, timeout or setting comes from it. What
 * systemd itself says to a service does: where its state and credentials live, and whether stderr is the
 * journal. NODE_* variables act on Node before we run and are not looked at. Called by src/bin.
 */

export interface ProcessEnvironment {
  /** `StateDirectory=` of the unit; the first one when there are several. */
  readonly stateDirectory?: string;
  /** `LoadCredential=` of the unit. */
  readonly credentialsDirectory?: string;
  /** Device and inode of the journal's stream. */
  readonly journalStream?: string;
}

export function readProcessEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ProcessEnvironment {
  const stateDirectory = env['STATE_DIRECTORY']?.split(':')[0];
  const credentialsDirectory = env['CREDENTIALS_DIRECTORY'];
  const journalStream = env['JOURNAL_STREAM'];
  return Object.freeze({
    ...(stateDirectory ? { stateDirectory } : {}),
    ...(credentialsDirectory ? { credentialsDirectory } : {}),
    ...(journalStream ? { journalStream } : {}),
  });
}
