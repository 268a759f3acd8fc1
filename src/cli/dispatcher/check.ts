/**
 * `alert-dispatcher check`: every problem of the configuration with file and line, and what is worth knowing about it. As the service
 * will find it: by the service's user, and with what commands have made.
 */

import { existsSync } from 'node:fs';

import { becomeOwner } from '../service-user.ts';
import { escapeText, jsonLine } from './print.ts';
import type { VerbContext } from './verb-context.ts';

export async function runCheck({ settings, place, json, print }: VerbContext): Promise<number> {
  const { checkConfiguration } = await import('../../app/dispatcher/check-configuration.ts');
  const withoutFiles = settings.flag('without-files');
  const user = withoutFiles ? undefined : serviceUser(place.stateDir);
  const checked = await checkConfiguration(place, withoutFiles);
  const notes = user === undefined ? [] : [`checked as user ${user}, as the service runs`];
  const report = { ...checked, notes: [...notes, ...checked.notes] };
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

/** Whose the state is, when it is root who asks: files are to be readable by that user. */
function serviceUser(stateDir: string): string | undefined {
  const isRoot = process.geteuid?.() === 0;
  return isRoot && existsSync(stateDir) ? becomeOwner(stateDir, undefined) : undefined;
}
