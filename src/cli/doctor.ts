/**
 * `idmef doctor`: finds what is to be examined – the profiles named, the flags given, this host's reverse-server, or
 * all that has settings here – and calls src/app/doctor.ts. Called by idmef.ts.
 *
 * Started by root it first becomes the user the service runs as: what that one may not read is a fault which root
 * would not see. Settings are read once more after that.
 */

import { readdirSync } from 'node:fs';

import type { Patient } from '../app/doctor.ts';
import { RelayError } from '../core/errors.ts';
import type { ProfileConfig } from '../poller/profile.ts';
import type { ReverseServerConfig } from '../app/reverse-server-config.ts';
import { systemClock } from '../os/clock.ts';
import { processIo } from './command-io.ts';
import { doctorTable as table } from './doctor-options.ts';
import { readHttpProxyConfig } from './http-proxy.ts';
import { commonOptions } from './option.ts';
import type { Arguments, Given } from './parse.ts';
import { readReverseServerConfig } from './reverse-server.ts';
import { becomeOwner } from './service-user.ts';
import { Settings } from './settings.ts';

export async function runDoctorVerb(args: Arguments): Promise<number> {
  const settings = new Settings([...table.options, ...commonOptions], args.given, undefined);
  const io = processIo();
  const json = settings.flag('json');
  if (settings.flag('list')) {
    const { listDiagnoses } = await import('../app/doctor/diagnoses.ts');
    await io.stdout(listDiagnoses(json));
    return 0;
  }
  const patients = patientsOf(settings, args);
  const { runDoctor } = await import('../app/doctor.ts');
  const changed = await becomeService(patients);
  if (changed !== undefined && !json) await io.stdout(`examined as user ${changed}, as the service runs\n`);
  return await runDoctor({ patients, json }, io, { clock: systemClock, random: io.random });
}

function patientsOf(settings: Settings, args: Arguments): readonly Patient[] {
  const directories = settings.text('config-dir') ?? '';
  const named = settings.texts('profile') ?? [];
  const server = settings.flag('reverse-server');
  const profiles = named.map((name) => profilePatient(name, directories, args));
  if (named.length > 0) return server ? [...profiles, serverPatient(directories)] : profiles;
  if (settings.has('sensor')) {
    const dialled: Patient = {
      kind: 'profile',
      name: 'flags',
      source: 'the flags of the command line',
      read: () => readProfile(args, undefined),
    };
    return server ? [dialled, serverPatient(directories)] : [dialled];
  }
  if (server) return [serverPatient(directories)];
  return everythingIn(directories, args);
}

/** All that has settings on this host. */
function everythingIn(directories: string, args: Arguments): readonly Patient[] {
  const names = directories.split(':').flatMap(namesIn);
  // Editors and package managers leave copies beside the files.
  const profiles = names
    .map((name) => /^http-proxy@([A-Za-z0-9][A-Za-z0-9_.-]*)$/.exec(name)?.[1] ?? '')
    .filter((name) => name !== '' && !/\.(?:bak|old|orig|rpm\w+|dpkg-\w+|ucf-\w+|swp)$/.test(name));
  const patients = [...new Set(profiles)].toSorted().map((name) => profilePatient(name, directories, args));
  const all = names.includes('reverse-server') ? [...patients, serverPatient(directories)] : patients;
  if (all.length > 0) return all;
  throw new RelayError('NO_INPUT', `neither http-proxy@… nor reverse-server has settings in ${directories}`, {
    hint: 'name a profile, or whom to dial: --sensor URL --manager URL --cert … --key … --cacert …',
  });
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function profilePatient(name: string, directories: string, args: Arguments): Patient {
  return {
    kind: 'profile',
    name,
    source: `http-proxy and http-proxy@${name} in ${directories} are valid`,
    read: () => readProfile(args, name),
  };
}

function serverPatient(directories: string): Patient {
  return {
    kind: 'reverse-server',
    source: `reverse-server in ${directories} is valid`,
    read: async () => {
      const given = new Map<string, Given>([
        ['config-dir', { values: [directories], where: '--config-dir', from: 'flags' }],
      ]);
      // What the unit would say: StateDirectory=, LoadCredential=.
      return readReverseServerConfig(
        { given, operands: [] },
        {
          stateDirectory: '/var/lib/idmef-relay/sensor',
          credentialsDirectory: '/run/credentials/reverse-server.service',
        },
      );
    },
  };
}

async function readProfile(args: Arguments, name: string | undefined): Promise<ProfileConfig> {
  const given = new Map(args.given);
  if (name !== undefined) given.set('profile', { values: [name], where: '--profile', from: 'flags' });
  const credentialsDirectory = `/run/credentials/http-proxy@${name ?? ''}.service`;
  const env = name === undefined ? {} : { credentialsDirectory };
  const { profiles } = await readHttpProxyConfig({ given, operands: [] }, env);
  const [profile] = profiles;
  if (profile === undefined) throw new RelayError('BUG', 'a profile without a configuration');
  return profile;
}

/** The name of the user, when we became another. */
async function becomeService(patients: readonly Patient[]): Promise<string | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  for (const patient of patients) {
    try {
      const config: ProfileConfig | ReverseServerConfig = await patient.read();
      const installed = config.stateDir.startsWith('/var/lib/idmef-relay');
      const name = becomeOwner(config.stateDir, installed ? 'idmef-relay' : undefined);
      if (name !== undefined) return name;
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
    }
  }
  return undefined;
}
