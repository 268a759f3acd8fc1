/**
 * Option table of `idmef doctor`: its own options, and those flags of http-proxy that say whom to dial and how, so
 * that a set of flags can be tried before it becomes a profile. Parsed by doctor.ts beside it.
 */

import { httpProxyTable } from './http-proxy-options.ts';
import type { CommandTable, Option } from './option.ts';

const own: readonly Option[] = [
  {
    name: 'reverse-server',
    kind: 'flag',
    help: "examine this host's reverse-server",
    more: 'By its settings file. Without this, a profile or a sensor, everything that has settings here is examined.',
    brief: true,
  },
  { name: 'json', kind: 'flag', help: 'one JSON object for each thing examined', brief: true },
  { name: 'list', kind: 'flag', help: 'print every diagnosis with its remedy', brief: true },
];

const essential = new Set(['profile', 'config-dir', 'sensor', 'manager', 'cert', 'key', 'cacert']);

/** Settings of a profile; not how a run goes, nor how it logs. None is mandatory: a profile may have them. */
const dialling: readonly Option[] = httpProxyTable.options
  .filter((option) => option.processWide !== true)
  .filter(({ name, momentary }) => momentary !== true || essential.has(name))
  .map((option) => {
    const copy: { -readonly [Key in keyof Option]: Option[Key] } = { ...option };
    delete copy.brief;
    delete copy.required;
    if (essential.has(copy.name)) copy.brief = true;
    return copy;
  });

export const doctorTable: CommandTable = {
  command: 'idmef doctor',
  usage: '[--profile NAME… | --sensor URL --cert … | --reverse-server]',
  summary: 'Names what is wrong with sensors, destinations, this host.',
  options: [...own, ...dialling],
  exits: [
    { code: 0, meaning: 'no fault; warnings do not count' },
    { code: 1, meaning: 'a fault was found' },
    { code: 64, meaning: 'USAGE: unknown flag, missing option, bad value' },
    { code: 66, meaning: 'NOINPUT: no such profile, no settings file' },
    { code: 78, meaning: 'CONFIG: a settings file cannot be used' },
  ],
};
