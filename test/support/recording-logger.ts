/** A logger that keeps its lines, for tests that look at what an operator would be told. */

import type { LogFields, Logger, LogLevel } from '../../src/core/ports.ts';

export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
  readonly fields: LogFields;
}

export interface RecordingLogger extends Logger {
  readonly lines: readonly LogLine[];
  /** Lines whose `event` field is this. */
  events(event: string): readonly LogLine[];
}

export function recordingLogger(): RecordingLogger {
  const lines: LogLine[] = [];
  const at =
    (level: LogLevel) =>
    (text: string, fields: LogFields = {}) => {
      lines.push({ level, text, fields });
    };
  return {
    lines,
    events: (event) => lines.filter(({ fields }) => fields['event'] === event),
    error: at('error'),
    warning: at('warning'),
    notice: at('notice'),
    info: at('info'),
    debug: at('debug'),
  };
}
