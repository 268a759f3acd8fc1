/**
 * A syslog message of any form as its parts: RFC 5424, RFC 3164 with the liberties senders take, or text.
 *
 * Called by syslog-alert.ts. Pure, total, linear: every text is a message, because a collector that refuses what it cannot parse
 * loses what matters most. What a message says of host, program and time is its sender's word.
 */

import { readStructuredData, type SdParam } from './structured-data.ts';

export interface SyslogMessage {
  readonly format: 'rfc5424' | 'rfc3164' | 'text';
  readonly facility: number;
  /** 0 emergency … 7 debug. */
  readonly severity: number;
  /** Wall ms. */
  readonly when: number | undefined;
  /** '' for what is not said, here and below. */
  readonly host: string;
  readonly app: string;
  readonly pid: string;
  readonly msgid: string;
  readonly data: readonly SdParam[];
  /** What the sender has to say. */
  readonly text: string;
}

/** RFC 3164 §4.3.3: user, notice. */
const DEFAULT_PRI = 13;
const MAX_PRI = 191;
const NIL = '-';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const DAY_MS = 24 * 3_600_000;

/** `now` (wall ms) tells the year that RFC 3164 leaves out. */
export function readSyslog(text: string, now: number): SyslogMessage {
  const [all, digits] = /^<(0|[1-9]\d{0,2})>/.exec(text) ?? [];
  const pri = Number(digits ?? DEFAULT_PRI);
  if (all === undefined || pri > MAX_PRI) return { ...plain(DEFAULT_PRI), text };
  const rest = text.slice(all.length);
  return readNew(rest, pri) ?? readOld(rest, pri, now) ?? { ...plain(pri), text: rest };
}

function plain(pri: number): SyslogMessage {
  return {
    format: 'text',
    facility: pri >> 3,
    severity: pri & 7,
    when: undefined,
    host: '',
    app: '',
    pid: '',
    msgid: '',
    data: [],
    text: '',
  };
}

function said(value: string | undefined): string {
  return value === undefined || value === NIL ? '' : value;
}

function isoTime(text: string): number | undefined {
  const ms = ISO.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** RFC 5424 §6: version, time, host, app, pid, msgid, structured data, message. */
function readNew(rest: string, pri: number): SyslogMessage | undefined {
  const head = /^1 (\S{1,64}) (\S{1,255}) (\S{1,255}) (\S{1,255}) (\S{1,255}) (?=[[-])/.exec(rest);
  if (head === null) return undefined;
  const [all, time = '', host, app, pid, msgid] = head;
  if (time !== NIL && isoTime(time) === undefined) return undefined;
  const { params, end } = readStructuredData(rest, all.length);
  return {
    ...plain(pri),
    format: 'rfc5424',
    when: isoTime(time),
    host: said(host),
    app: said(app),
    pid: said(pid),
    msgid: said(msgid),
    data: params,
    text: rest.slice(end).replace(/^ ?\uFEFF?/, ''),
  };
}

/** RFC 3164 §4.1: time, host, tag, message; also with the ISO times that rsyslog forwards, and without a host. */
function readOld(rest: string, pri: number, now: number): SyslogMessage | undefined {
  const space = /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\S{1,64})(?: |$)/.exec(rest)?.[0];
  if (space === undefined) return undefined;
  const stamp = space.trimEnd();
  const when = isoTime(stamp) ?? bsdTime(stamp, now);
  if (when === undefined) return undefined;
  let content = rest.slice(space.length);
  // A word that ends like a tag is one: local senders leave the host out.
  const host =
    /^[^\s:[\]]{1,255}(?= )/.exec(content)?.[0] ?? /^[\da-fA-F:.]{2,45}(?<!:)(?= )/.exec(content)?.[0];
  if (host !== undefined) content = content.slice(host.length + 1);
  // The word before CEF's and LEEF's colon belongs to their text.
  const tag = /^(?!(?:CEF|LEEF):\d)([^\s:[\]]{1,64})(?:\[([^\s[\]]{1,64})\])?: ?/.exec(content);
  return {
    ...plain(pri),
    format: 'rfc3164',
    when,
    host: host ?? '',
    app: tag?.[1] ?? '',
    pid: tag?.[2] ?? '',
    text: tag === null ? content : content.slice(tag[0].length),
  };
}

/** `Nov 30 10:00:00` in this host's zone, in the year that puts it nearest before tomorrow. */
function bsdTime(stamp: string, now: number): number | undefined {
  const [, name = '', day, hour, minute, second] =
    /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)$/.exec(stamp) ?? [];
  const month = name === '' ? -1 : MONTHS.indexOf(name);
  if (month < 0 || month % 3 !== 0) return undefined;
  const year = new Date(now).getFullYear();
  const at = (y: number): number =>
    new Date(y, month / 3, Number(day), Number(hour), Number(minute), Number(second)).getTime();
  const thisYear = at(year);
  return thisYear > now + DAY_MS ? at(year - 1) : thisYear;
}
