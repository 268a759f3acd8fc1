/**
 * The default log: one line an event on stderr, readable and greppable. Made by src/cli/logging.ts.
 *
 * Under journald a line starts with its `<N>` priority (sd-daemon(3)) and has neither time nor name, which
 * journald adds itself. On a terminal: `name: text`. In a file or pipe: the time in front, as other daemons
 * do. Errors, warnings and debug say so, because without journald nothing else would.
 */

import { createLoggerOf } from '../core/logger.ts';
import type { LogLevel, Logger } from '../core/ports.ts';
import { escapeText } from './escape.ts';

/** syslog's numbers. */
export const priorities: Readonly<Record<LogLevel, number>> = {
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

export interface TextLoggerOptions {
  readonly name: string;
  readonly style: 'journald' | 'terminal' | 'file';
  /** 0 notice and above, 1 info, 2 debug. */
  readonly verbosity: number;
  readonly write: (line: string) => void;
  /** Wall time (ms), for style `file`. */
  readonly now: () => number;
}

export function createTextLogger(options: TextLoggerOptions): Logger {
  return createLoggerOf((level, text) => {
    if (shown(level, options.verbosity)) options.write(`${prefix(level, options)}${escapeText(text)}\n`);
  });
}

/** Whether a level is shown at a verbosity: 0 notice and above, 1 info, 2 debug. */
export function shown(level: LogLevel, verbosity: number): boolean {
  return priorities[level] <= priorities.notice + verbosity;
}

function prefix(level: LogLevel, { name, style, now }: TextLoggerOptions): string {
  if (style === 'journald') return `<${priorities[level]}>`;
  const label = level === 'notice' || level === 'info' ? '' : `${level}: `;
  const time = style === 'file' ? `${new Date(now()).toISOString()} ` : '';
  return `${time}${name}: ${label}`;
}
