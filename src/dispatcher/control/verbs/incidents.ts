/** `incidents list|show|ack|close|note`. */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { dispatcherLimits } from '../../../core/limits.ts';
import type { Incident, IncidentState } from '../../model/incident.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { noteOf } from './audited.ts';
import { plainMessage } from './plain.ts';

const id = z.strictObject({ id: z.number().int().min(1), note: z.string().min(1).max(2_000).optional() });

async function set(
  context: ControlContext,
  number: number,
  wish: { readonly state?: IncidentState; readonly note?: string | undefined },
  by: string,
  what: string,
): Promise<Incident> {
  const { store } = context;
  const { state, note } = wish;
  const { title = '' } = (await store.incident(number)) ?? {};
  const entry = noteOf(context, by, what, `incident ${number} (${title})`);
  const change = { ...(state === undefined ? {} : { state }), ...(note === undefined ? {} : { note }) };
  return await store.audited(entry, 'setIncident', number, change, by, entry.at);
}

export const incidentVerbs = {
  'incidents.list': verb(
    z.strictObject({
      state: z.enum(['open', 'acked', 'closed']).optional(),
      limit: z.number().int().min(1).max(dispatcherLimits.searchRows).default(50),
      before: z.number().optional(),
    }),
    async ({ store }, { state, limit, before }) =>
      await store.incidents({
        limit,
        ...(state === undefined ? {} : { state }),
        ...(before === undefined ? {} : { before }),
      }),
  ),
  'incidents.show': verb(z.strictObject({ id: z.number().int() }), async ({ store }, { id: number }) => {
    const incident = await store.incident(number);
    if (incident === undefined) throw new RelayError('NOT_FOUND', `there is no incident ${number}`);
    const messages = await store.messagesOf(number, dispatcherLimits.whyMessages);
    return { incident, messages: messages.map((one) => plainMessage(one)) };
  }),
  'incidents.ack': verb(id, async (context, { id: number, note }, by) =>
    set(context, number, { state: 'acked', note }, by, 'incident.ack'),
  ),
  'incidents.close': verb(id, async (context, { id: number, note }, by) =>
    set(context, number, { state: 'closed', note }, by, 'incident.close'),
  ),
  'incidents.note': verb(
    z.strictObject({ id: z.number().int().min(1), note: z.string().min(1).max(2_000) }),
    async (context, { id: number, note }, by) => set(context, number, { note }, by, 'incident.note'),
  ),
} as const;
