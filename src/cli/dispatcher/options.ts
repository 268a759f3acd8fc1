/** Options and exit codes that several verbs of alert-dispatcher share. Used by tables.ts. */

import { dispatcherLimits } from '../../core/limits.ts';
import type { ExitCode, Option } from '../option.ts';
import { done, usageExit } from '../shared-options.ts';

export const place: readonly Option[] = [
  {
    name: 'config',
    short: 'c',
    kind: 'file',
    value: 'FILE',
    default: '/etc/idmef-relay/dispatcher.yml',
    help: 'the configuration; dispatcher.d beside it too',
    brief: true,
  },
  {
    name: 'state',
    kind: 'dir',
    value: 'DIR',
    default: '/var/lib/idmef-relay/dispatcher',
    help: 'where the store is',
  },
  {
    name: 'socket',
    kind: 'file',
    value: 'FILE',
    defaultText: 'control.sock in the state directory',
    help: 'control socket of the service',
    more: 'Without a running service the command opens the store itself.',
  },
];

export const limit: Option = {
  name: 'limit',
  kind: 'integer',
  value: 'N',
  default: '50',
  min: 1,
  max: dispatcherLimits.searchRows,
  help: 'at most so many rows',
};

export const recipient: Option = {
  name: 'recipient',
  kind: 'text',
  value: 'NAME',
  help: 'only this recipient',
  brief: true,
};

export const sensor: Option = {
  name: 'sensor',
  kind: 'text',
  value: 'NAME',
  help: "as if from this sensor (certificate's name)",
};

export const apply: Option = {
  name: 'apply',
  kind: 'flag',
  help: 'do it: it only plans otherwise',
  brief: true,
};

export const badConfig: ExitCode = { code: 78, meaning: 'CONFIG: the configuration, or whose the state is' };
export const storeFault: ExitCode = { code: 74, meaning: 'IOERR: the store, or its disk' };

export const usual: readonly ExitCode[] = [
  done,
  usageExit,
  { code: 65, meaning: 'DATAERR: what was given is not valid' },
  { code: 66, meaning: 'NOINPUT: a file, or the state directory, is not there' },
  storeFault,
  { code: 75, meaning: 'TEMPFAIL: the service is needed and does not answer' },
  { code: 76, meaning: 'PROTOCOL: no such thing, or not allowed' },
  badConfig,
];
