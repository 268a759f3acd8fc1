/**
 * `idmef doctor`: dials the sensor and the destinations of profiles with their own settings, looks at what they
 * keep, and at reverse-server where it runs, and says of each thing in one sentence what is wrong and how to mend
 * it. Consumes nothing, changes nothing but probe files it removes, comes to an end (doctorLimits).
 *
 * Called by src/cli/doctor.ts, which knows where settings are. The checks are in src/app/doctor/, one a file. Exit:
 * 0 no fault (warnings do not count), 1 a fault was found, else 66 or 78 when settings cannot be used.
 */

import { messageOf, RelayError } from '../core/errors.ts';
import type { Clock, Random } from '../core/ports.ts';
import type { ProfileConfig } from '../poller/profile.ts';
import { checkProfile } from './doctor/check-profile.ts';
import { checkServer } from './doctor/check-server.ts';
import { systemResolve, type Resolve } from './doctor/check-network.ts';
import { beginExamination, type Examination } from './doctor/examination.ts';
import { systemPreludeDirs, type PreludeDirs } from './doctor/prelude-readers.ts';
import { systemUnitDirs } from './doctor/sandbox.ts';
import type { ReverseServerConfig } from './reverse-server-config.ts';

export type Patient =
  | {
      readonly kind: 'profile';
      readonly name: string;
      /** Where its settings are, for people. */
      readonly source: string;
      readonly read: () => Promise<ProfileConfig>;
    }
  | {
      readonly kind: 'reverse-server';
      readonly source: string;
      readonly read: () => Promise<ReverseServerConfig>;
    };

export interface DoctorOptions {
  readonly patients: readonly Patient[];
  readonly json: boolean;
}

export interface DoctorIo {
  stdout(text: string): void | Promise<void>;
  stderr(text: string): void | Promise<void>;
}

export interface DoctorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly resolve?: Resolve;
  /** Where systemd looks for units. */
  readonly unitDirs?: readonly string[];
  /** Where Prelude keeps its things. */
  readonly preludeDirs?: PreludeDirs;
  readonly tcpVisible?: () => boolean;
}

/** Resolves with the exit code. Throws RelayError USAGE for flags that cannot be. */
export async function runDoctor(options: DoctorOptions, io: DoctorIo, deps: DoctorDeps): Promise<number> {
  const tally = { things: 0, ill: 0, exit: 0 };
  for (const patient of options.patients) {
    const profile = patient.kind === 'profile' ? patient.name : undefined;
    const examine = async (subject: string, work: (exam: Examination) => Promise<void>): Promise<void> => {
      const exam = await beginExamination({
        subject: profile === undefined || options.json ? subject : `${profile}: ${subject}`,
        ...(profile === undefined ? {} : { profile }),
        json: options.json,
        print: (text) => io.stdout(text),
      });
      await attempt(exam, work);
      await exam.end();
      tally.things += 1;
      if (exam.faults() > 0) tally.ill += 1;
    };
    const before = tally.ill;
    const unread = await treat(patient, examine, deps);
    if (unread !== 0 && tally.exit !== 1) tally.exit = unread;
    if (unread === 0 && tally.ill > before) tally.exit = 1;
  }
  const { things, ill, exit } = tally;
  await io.stderr(`idmef: ${things} examined, ${things - ill} healthy, ${ill} with a fault\n`);
  return exit;
}

/** What a check did not expect is a finding too: the others are still made. */
async function attempt(exam: Examination, work: (exam: Examination) => Promise<void>): Promise<void> {
  try {
    await work(exam);
  } catch (error) {
    if (error instanceof RelayError) await exam.error('check', error, 'unexaminable');
    else await exam.find('check', 'unexaminable', { said: messageOf(error) });
  }
}

type ExamineThing = Parameters<typeof checkProfile>[1];

/** The exit code of settings that cannot be used, else 0. */
async function treat(patient: Patient, examine: ExamineThing, deps: DoctorDeps): Promise<number> {
  const all = {
    ...deps,
    resolve: deps.resolve ?? systemResolve,
    unitDirs: deps.unitDirs ?? systemUnitDirs,
    preludeDirs: deps.preludeDirs ?? systemPreludeDirs,
  };
  try {
    if (patient.kind === 'profile') {
      const config = await patient.read();
      await examine('settings', (exam) => exam.ok('settings', patient.source));
      await checkProfile(config, examine, all);
    } else {
      const config = await patient.read();
      await examine('settings', (exam) => exam.ok('settings', patient.source));
      await checkServer(config, examine, all);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== 'CONFIG') throw error;
    await examine('settings', (exam) => exam.error('settings', error, 'settings-invalid'));
    return error.fault === 'settings-missing' ? 66 : error.exit;
  }
}
