/**
 * A Logger from one function: every place that makes one (text, JSON, the sensor's thread) differs only in what it
 * does with a line. Pure.
 */

import type { LogFields, Logger, LogLevel } from './ports.ts';

export function createLoggerOf(log: (level: LogLevel, text: string, fields?: LogFields) => void): Logger {
  const at =
    (level: LogLevel) =>
    (text: string, fields?: LogFields): void =>
      log(level, text, fields);
  return {
    error: at('error'),
    warning: at('warning'),
    notice: at('notice'),
    info: at('info'),
    debug: at('debug'),
  };
}

/** Says nothing. */
export const silentLogger: Logger = createLoggerOf(() => undefined);
