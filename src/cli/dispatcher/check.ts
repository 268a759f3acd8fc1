/** `alert-dispatcher check`: every problem of the configuration with file and line, and what is worth knowing about it. */

import { escapeText, jsonLine } from './print.ts';
import type { VerbContext } from './verb-context.ts';

export async function runCheck({ settings, place, json, print }: VerbContext): Promise<number> {
  const { checkConfiguration } = await import('../../app/dispatcher/check-configuration.ts');
  const report = await checkConfiguration(place, settings.flag('without-files'));
  const sound = report.problems.length === 0;
  if (json) {
    await print(jsonLine(report));
  } else {
    const lines = [
      ...report.problems.map((one) => `error: ${one}`),
      ...report.notes.map((one) => `note: ${one}`),
      ...(sound ? [`${place.configFile}: sound`] : []),
    ];
    await print(lines.map((line) => `${escapeText(line)}\n`).join(''));
  }
  return sound ? 0 : 78;
}
