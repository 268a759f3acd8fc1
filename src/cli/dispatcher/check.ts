/** `alert-dispatcher check`: every problem of the configuration with file and line, and what is worth knowing about it. */

import { escapeText, jsonLine } from './print.ts';
import type { VerbContext } from './verb-context.ts';

export async function runCheck({
  settings,
  place,
  json,
  operands,
  print,
  misuse,
}: VerbContext): Promise<number> {
  if (operands.length > 0)
    throw misuse(`unexpected argument '${operands[0]}': --config FILE names another file`);
  const { checkConfiguration } = await import('../../app/dispatcher/check-configuration.ts');
  const report = await checkConfiguration(place, settings.flag('without-files'));
  if (json) {
    await print(jsonLine(report));
  } else {
    const lines = [
      ...report.problems.map((one) => `error: ${one}`),
      ...report.notes.map((one) => `note: ${one}`),
    ];
    await print(lines.map((line) => `${escapeText(line)}\n`).join(''));
    await print(report.problems.length === 0 ? `${place.configFile}: sound\n` : '');
  }
  return report.problems.length === 0 ? 0 : 78;
}
