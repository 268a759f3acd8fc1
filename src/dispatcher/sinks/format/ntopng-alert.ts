/**
 * A message as one of ntopng's alerts, as its webhook endpoint sends them (version 0.2): what receivers written for ntopng expect.
 *
 * Keys and types are ntopng's; what is not IDMEF's to know (interface, entity) is told by neutral values: `ifid` −1, entity
 * `host` (1) with the first target's address, else the first source's. A message that came from ntopng has its own fields as additional
 * data named `ntopng.*`, and gets all of them back, of whichever generation they are.
 */

import type { Severity } from '../../../core/severity.ts';
import type { DigestFacts } from '../../model/delivery.ts';
import type { SendMessage } from '../../model/sink.ts';
import { jsonDigest, jsonMessage } from './json.ts';

/** ntopng's ids: 1 debug, 2 info, 3 notice, 4 warning, 5 error, 6 critical. */
const severities = [4, 2, 3, 4, 5] as const;
const HOST_ENTITY = 1;
const MINUTE_GRANULARITY = 60;
/** As ntopng names them; not `__proto__`. */
const OWN_FIELD = /^ntopng\.([a-z][a-z0-9_.]{0,63})$/;

export function ntopngAlert(message: SendMessage, id: string): Record<string, unknown> {
  const { facts, view } = message;
  const seconds = Math.floor((view.when ?? message.at) / 1000);
  const state = message.incident?.state;
  const alert: Record<string, unknown> = {
    ifid: -1,
    action: state === 'closed' ? 'release' : 'store',
    alert_tstamp: seconds,
    alert_tstamp_end: seconds,
    alert_type: view.title,
    alert_subtype: view.message.impactType,
    alert_severity: severities[facts.severity],
    alert_entity: HOST_ENTITY,
    alert_entity_val: facts.target === '' ? facts.source : facts.target,
    alert_granularity: MINUTE_GRANULARITY,
    alert_json: JSON.stringify(jsonMessage(message, id)),
  };
  for (const { meaning, value } of view.message.additionalData) {
    const name = OWN_FIELD.exec(meaning)?.[1];
    if (name !== undefined) alert[name] = value;
  }
  return alert;
}

/** Counts instead of alerts, where somebody made such a receiver `people`: one alert, whose `alert_json` is the digest. */
export function ntopngDigest(
  digest: DigestFacts,
  { title, severity, at }: { readonly title: string; readonly severity: Severity; readonly at: number },
): Record<string, unknown> {
  return {
    ifid: -1,
    action: 'store',
    alert_tstamp: Math.floor(digest.firstAt / 1000),
    alert_tstamp_end: Math.floor(at / 1000),
    alert_type: title,
    alert_subtype: '',
    alert_severity: severities[severity],
    alert_entity: HOST_ENTITY,
    alert_entity_val: digest.targets[0]?.value ?? digest.sources[0]?.value ?? '',
    alert_granularity: MINUTE_GRANULARITY,
    alert_json: JSON.stringify(jsonDigest(digest)),
  };
}
