/** A notification as own modules see it (module-interface.ts). Everything is a copy: nothing a module does to it reaches others. */

import { severityNames } from '../../../../core/severity.ts';
import type { Notification, SendMessage } from '../../../model/sink.ts';
import { lineOf } from '../../format/line.ts';
import type { OwnAlert, OwnBatch } from './module-interface.ts';

export function ownBatch(notification: Notification): OwnBatch {
  const { tag, idempotencyKey, repeated, form, rendered, messages, digest } = notification;
  return {
    tag,
    idempotencyKey,
    repeated,
    form,
    subject: rendered.subject,
    text: form === 'plain' ? rendered.plain : rendered.body,
    alerts: messages.map(ownAlert),
    ...(digest === undefined ? {} : { digest: structuredClone(digest) }),
  };
}

function ownAlert(message: SendMessage): OwnAlert {
  const { seq, at, facts, view, origin, incident, verbatim, body } = message;
  const ntopng = ntopngFields(message);
  return {
    seq,
    received: new Date(at).toISOString(),
    kind: facts.kind,
    severity: severityNames[view.severity] || 'unrated',
    text: lineOf(message),
    messageid: facts.messageid,
    title: view.title,
    origin: structuredClone(origin),
    ...(incident === undefined ? {} : { incident: { ...incident } }),
    ...(verbatim === undefined ? {} : { verbatim }),
    ...(ntopng === undefined ? {} : { ntopng }),
    view: structuredClone(view),
    idmef: body.toString('utf8'),
  };
}

/** Our source keeps every field of ntopng as AdditionalData `ntopng.<field>`. */
function ntopngFields({ view }: SendMessage): OwnAlert['ntopng'] {
  const prefix = 'ntopng.';
  const fields = view.message.additionalData
    .filter(({ meaning }) => meaning.startsWith(prefix))
    .map(({ meaning, value }) => [meaning.slice(prefix.length), value] as const);
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}
