/**
 * `idmef status`: how the profiles of this host are, from what their runs left behind.
 *
 * Called by src/cli/status.ts with the profiles, or the sensor, it found. Looks only, beside running pollers. Exit 0 when at least
 * one profile could be read; trouble that is shown is no failure of looking. 78 when none may be read by this user.
 */

import { statusLimits } from '../core/limits.ts';
import type { Random } from '../core/ports.ts';
import { reportProfiles, type ProfileReport, type ProfileSource } from './profile-report.ts';
import { reportSensor, type SensorSource } from './sensor-report.ts';
import { sensorDetail, sensorJson } from './sensor-status.ts';
import { statusDetail } from './status-detail.ts';
import { statusJson } from './status-json.ts';
import { statusTable } from './status-table.ts';

export interface StatusOptions {
  readonly sources: readonly ProfileSource[];
  /** One profile was asked for by name: say all of it. */
  readonly detail: boolean;
  readonly json: boolean;
  /** Of the screen; undefined when there is none. */
  readonly columns: number | undefined;
  readonly colours: boolean;
}

/** command-io.ts's CommandIo fits. */
export interface StatusIo {
  stdout(text: string): void | Promise<void>;
  stderr(text: string): void | Promise<void>;
  /** Wall time, milliseconds. */
  now(): number;
  readonly random: Random;
}

export async function runStatus(options: StatusOptions, io: StatusIo): Promise<number> {
  const reports = await reportProfiles(options.sources, { clock: clockOf(io), random: io.random });
  await io.stdout(textOf(reports, options));
  const unreadable = reports.find(({ look }) => look.kind === 'unreadable');
  if (unreadable?.look.kind === 'unreadable' && !options.detail && !options.json) {
    await io.stderr(`idmef: hint: ${unreadable.look.hint}\n`);
  }
  return reports.some(({ look }) => look.kind !== 'unreadable') ? 0 : 78;
}

interface SensorOptions extends Pick<StatusOptions, 'json' | 'colours'> {
  readonly source: SensorSource;
}

/** `--sensor`. Exit 0 when the journal could be read or there is none, else 78. */
export async function runSensorStatus(
  { source, json, colours }: SensorOptions,
  io: StatusIo,
): Promise<number> {
  const report = await reportSensor(source, { clock: clockOf(io), random: io.random });
  await io.stdout(json ? sensorJson(report) : sensorDetail(report, colours));
  return report.look.kind === 'unreadable' ? 78 : 0;
}

function textOf(reports: readonly ProfileReport[], options: StatusOptions): string {
  const { json, detail, colours, columns = statusLimits.minColumns } = options;
  if (json) return reports.map(statusJson).join('');
  if (detail) return reports.map((report) => statusDetail(report, colours)).join('');
  const width = Math.min(Math.max(columns, statusLimits.minColumns), statusLimits.maxColumns);
  return statusTable(reports, { columns: width, colours });
}

export function clockOf(io: Pick<StatusIo, 'now'>) {
  return { now: () => io.now(), monotonic: () => performance.now() };
}
