/**
 * `alert-dispatcher check`: every problem of the configuration with file and line, and what is worth knowing about it. As the service
 * will find it: by the service's user, and with what commands have made.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { messageOf, RelayError } from '../../core/errors.ts';
import { noStoredSettings, type StoredSettings } from '../../dispatcher/config/stored-settings.ts';
import type { NamedSetting } from '../../dispatcher/model/records.ts';
import { becomeOwner } from '../service-user.ts';
import { escapeText, jsonLine } from './print.ts';
import type { VerbContext } from './verb-context.ts';

export async function runCheck(verb: VerbContext): Promise<number> {
  const { settings, place, json, print } = verb;
  const { checkConfiguration } = await import('../../app/dispatcher/check-configuration.ts');
  const withoutFiles = settings.flag('without-files');
  const user = withoutFiles ? undefined : becomeService(place.stateDir);
  const as = user === undefined ? [] : [`checked as user ${user}, as the service runs`];
  const host = withoutFiles ? { stored: noStoredSettings, notes: as } : await ofThisHost(verb, as);
  const checked = await checkConfiguration(place, withoutFiles, host.stored).catch((error: unknown) => {
    if (user === undefined || !(error instanceof RelayError)) throw error;
    const hint = [...as, '--without-files checks as you are'].join('; ');
    throw new RelayError(error.code, error.message, { hint, cause: error });
  });
  const report = { ...checked, notes: [...host.notes, ...checked.notes] };
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

/** From root to whom the state belongs; his name. */
function becomeService(stateDir: string): string | undefined {
  if (process.geteuid?.() !== 0 || !existsSync(stateDir)) return undefined;
  return becomeOwner(stateDir, undefined);
}

/** What commands have made. Nothing is made where nothing is. */
async function ofThisHost(
  { place, withControl }: VerbContext,
  notes: readonly string[],
): Promise<{ readonly stored: StoredSettings; readonly notes: readonly string[] }> {
  if (!existsSync(join(place.stateDir, 'dispatcher.db'))) return { stored: noStoredSettings, notes };
  let stored = noStoredSettings;
  try {
    await withControl(async (control) => {
      const { endpoints, recipients, sources } = await control.call('export', {});
      stored = { endpoints: listed(endpoints), recipients: listed(recipients), sources: listed(sources) };
      return 0;
    });
    return { stored, notes };
  } catch (error) {
    if (!(error instanceof RelayError) || error.kind === 'bug') throw error;
    return { stored, notes: [...notes, `what commands have made is not checked: ${messageOf(error)}`] };
  }
}

function listed(settings: Readonly<Record<string, NamedSetting['value']>>): readonly NamedSetting[] {
  return Object.entries(settings)
    .map(([name, value]) => ({ name, value }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
