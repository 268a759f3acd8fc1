/**
 * One syslog message into an alert, or the reason why not.
 *
 * Called by intake.ts. A post by key (keyed-post.ts) goes to the channels of its key, verbatim, the rest is routed like any alert. Host,
 * program and times are what the sender says: for display. Bytes that are no UTF-8 are read as Latin-1, which loses none.
 */

import { isUtf8 } from 'node:buffer';

import { lineLimits } from '../../../../core/limits.ts';
import type { DatumParts } from '../../../../idmef/compose.ts';
import type { Pace } from '../../../keys/pace.ts';
import { DELIVERY_MARK } from '../../../model/delivery-mark.ts';
import type { Inbound, MessageOrigin } from '../../../model/message.ts';
import type { RefusalReason } from '../../../model/ports.ts';
import { addressChannels } from '../../channel-post.ts';
import { type TextParts, wrapText } from '../../wrap-text.ts';
import type { LineDeps } from '../deps.ts';
import { plausibleTime } from '../plausible-time.ts';
import { redact } from '../redact.ts';
import { readKeyedPost } from './keyed-post.ts';
import { readSyslog, type SyslogMessage } from './syslog-message.ts';

export interface SyslogFrame {
  readonly bytes: Uint8Array;
  readonly origin: Pick<MessageOrigin, 'source' | 'address' | 'peer'>;
}

export interface SyslogAlertDeps extends Pick<
  LineDeps,
  'keyRing' | 'channels' | 'clock' | 'random' | 'hostname' | 'mark'
> {
  readonly keyedOnly: boolean;
  readonly pace: Pace;
}

const SEVERITIES = ['high', 'high', 'high', 'medium', 'medium', 'low', 'info', 'info'] as const;

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

const FACILITIES =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );

/** Never rejects for what a message holds; with the key ring's errors only. */
export async function syslogAlert(
  frame: SyslogFrame,
  deps: SyslogAlertDeps,
): Promise<Inbound | RefusalReason> {
  const whole = decode(frame.bytes);
  const post = readKeyedPost(whole);
  if (post.kind === 'malformed') return 'malformed';
  if (post.kind === 'none') return deps.keyedOnly ? 'no-key' : ordinary(whole, frame, deps);
  const key = await deps.keyRing.check(post.token, 'ingest');
  if (key === undefined) return 'unknown-key';
  const to = addressChannels(post.channel, key, deps.channels);
  if (!to.ok) return to.reason;
  if (deps.pace.take(String(key.id), lineLimits.keyRatePerMinute) !== undefined) return 'rate';
  const text = redact(post.text, post.token);
  const now = deps.clock.now();
  const message = readSyslog(text, now);
  if (isOurs(message, deps)) return 'loop';
  const origin = { ...frame.origin, key: key.id, owner: key.owner };
  return wrapText({ ...partsOf(message, now), origin, forced: to.channels, verbatim: text }, deps);
}

async function ordinary(
  whole: string,
  { origin }: SyslogFrame,
  deps: SyslogAlertDeps,
): Promise<Inbound | RefusalReason> {
  const now = deps.clock.now();
  const message = readSyslog(whole, now);
  if (message.text.trim() === '' && message.data.length === 0) return 'malformed';
  if (isOurs(message, deps)) return 'loop';
  return wrapText({ ...partsOf(message, now), origin }, deps);
}

/** A delivery of this dispatcher's own syslog sink, whose structured data nobody but a syslog program writes. */
function isOurs({ data }: SyslogMessage, { mark }: SyslogAlertDeps): boolean {
  return data.some(({ name, value }) => name === DELIVERY_MARK && value === mark());
}

/** Without the line ends and zeros that senders put behind a message. */
function decode(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString(isUtf8(buffer) ? 'utf8' : 'latin1').replace(/[\n\r\0]{1,8}$/, '');
}

function partsOf(message: SyslogMessage, now: number): Omit<TextParts, 'origin'> {
  const { text, host, app, pid, msgid, severity, facility } = message;
  const when = message.when === undefined ? undefined : plausibleTime(message.when, now);
  const datum = (meaning: string, value: string): DatumParts => ({ meaning, type: 'string', value });
  return {
    text,
    ...(text.trim() === '' ? { title: msgid || app || 'syslog message' } : {}),
    severity: SEVERITIES[severity] ?? 'medium',
    analyzer: { name: app, class: 'Log', node: host },
    data: [
      datum('syslog facility', FACILITIES[facility] ?? ''),
      datum('syslog severity', LEVELS[severity] ?? ''),
      datum('syslog pid', pid),
      datum('syslog msgid', msgid),
      ...message.data.map(({ element, name, value }) =>
        name === '' ? datum('structured data', element) : datum(`${element} ${name}`, value),
      ),
    ],
    ...(when === undefined ? {} : { detectTime: when }),
  };
}
