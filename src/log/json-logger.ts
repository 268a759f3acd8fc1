/**
 * `--log-format json`: one JSON object a line on stderr, for log shippers. Made by src/cli/logging.ts.
 *
 * Fields: time (ISO), level (syslog's names), program, msg, and the event's own. The only importer of pino, which is loaded when this format is asked for and not before (15–18 ms).
 */

import { createLoggerOf } from '../core/logger.ts';
import type { LogFields, Logger } from '../core/ports.ts';
import { shown } from './text-logger.ts';

export interface JsonLoggerOptions {
  readonly name: string;
  /** 0 notice and above, 1 info, 2 debug. */
  readonly verbosity: number;
  readonly write: (line: string) => void;
}

export async function createJsonLogger({ name, verbosity, write }: JsonLoggerOptions): Promise<Logger> {
  const { pino, stdTimeFunctions } = await import('pino');
  const logger = pino(
    {
      base: { program: name },
      customLevels: { error: 50, warning: 40, notice: 35, info: 30, debug: 20 },
      useOnlyCustomLevels: true,
      level: 'debug',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return createLoggerOf((level, text, fields = {}) => {
    if (shown(level, verbosity)) logger[level](withoutClash(fields), text);
  });
}

const ours = new Set(['time', 'level', 'program', 'msg']);

/** An event's field must not appear as a second key of the same name. */
function withoutClash(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [ours.has(key) ? `event_${key}` : key, value]),
  );
}
