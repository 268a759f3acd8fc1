/**
 * `idmef test-alert`: a valid alert that says everywhere that it is a test, to stdout or into the spool.
 *
 * For checking the whole way from sensor to console. Called by src/bin/idmef.ts and the demonstration.
 */

import { buildTestAlert } from '../idmef/build.ts';
import type { CommandIo } from './command-io.ts';
import { putIntoSpool } from './submit.ts';

export interface TestAlertRun {
  /** Into this spool instead of stdout. */
  readonly spoolDir?: string;
  /** Said in the alert. */
  readonly text?: string;
}

/** Makes one test alert; resolves with the exit status. */
export async function runTestAlert(options: TestAlertRun, io: CommandIo): Promise<number> {
  const { document } = await buildTestAlert({
    now: io.now(),
    hostname: io.hostname,
    random: io.random,
    by: io.user,
    ...(options.text === undefined ? {} : { text: options.text }),
  });
  if (options.spoolDir === undefined) {
    await io.stdout(Buffer.from(document).toString('utf8'));
  } else {
    await io.stdout(`${putIntoSpool(document, options.spoolDir, 0, io)}\n`);
  }
  return 0;
}
