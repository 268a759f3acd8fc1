/**
 * The sinks with code of their own, for the catalogue (src/dispatcher/sinks/catalogue.ts). `console` is made by
 * src/app, which says where it writes; own modules of the site come from modules/load-modules.ts.
 */

import type { SinkType } from '../../model/sink.ts';
import { createExecType } from './exec/exec.ts';
import { fileType } from './file/file.ts';
import { idmefType, preludeGatewayType } from './idmef/gateway-types.ts';
import { preludeType } from './idmef/prelude-type.ts';
import { smtpType } from './smtp/smtp.ts';
import { syslogType } from './syslog/syslog.ts';
import { watchdogType } from './watchdog/watchdog.ts';

export const ownSinkTypes: readonly SinkType[] = [
  smtpType,
  syslogType,
  fileType,
  createExecType(),
  preludeGatewayType,
  idmefType,
  preludeType,
  watchdogType,
];
