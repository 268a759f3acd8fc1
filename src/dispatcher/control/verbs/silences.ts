/** `silence add|list|expire`: for people only, with author, reason and end; a preview says what it would have hidden. */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { dispatcherLimits } from '../../../core/limits.ts';
import { DAY_MS } from '../../../core/quantities.ts';
import { createSubject } from '../../../idmef/criteria/create-subject.ts';
import { parseCriteria } from '../../../idmef/criteria/parse-criteria.ts';
import type { Criteria } from '../../../idmef/criteria/criteria.ts';
import type { Silence } from '../../model/records.ts';
import { isOfSensor } from '../../model/sender.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { noteOf } from './audited.ts';

const wish = z.strictObject({
  criteria: z.string().min(1),
  sensor: z.string().optional(),
  recipient: z.string().optional(),
  reason: z.string().trim().min(1).max(500),
  from: z.number().optional(),
  until: z.number(),
});

export interface SilencePreview {
  /** Messages of the last 24 hours that were looked at, and how many of them it would have hidden. */
  readonly looked: number;
  /** There are no others. */
  readonly all: boolean;
  readonly hidden: number;
  readonly highHidden: number;
  readonly examples: readonly string[];
}

function criteriaOf(text: string): Criteria {
  const parsed = parseCriteria(text);
  if (parsed.ok) return parsed.criteria;
  throw new RelayError('USAGE', `column ${parsed.column} of '${text}': ${parsed.text}`);
}

export const silenceVerbs = {
  'silences.list': verb(
    z.strictObject({ all: z.boolean().default(false) }),
    async ({ store, clock }, { all }) => {
      const now = clock.now();
      return (await store.silences()).filter(({ until }) => all || until > now);
    },
  ),
  'silences.add': verb(wish, async (context, given, by): Promise<Silence> => {
    const now = context.clock.now();
    const from = given.from ?? now;
    criteriaOf(given.criteria);
    if (given.until <= from || given.until <= now) {
      throw new RelayError('USAGE', 'a silence must end after it begins, and in the future');
    }
    if (given.until - from > dispatcherLimits.silenceMs) {
      throw new RelayError('USAGE', 'a silence lasts at most 30 days', {
        hint: 'what is never wanted belongs into a route',
      });
    }
    if (
      given.recipient !== undefined &&
      !context.config().recipients.some(({ name }) => name === given.recipient)
    ) {
      throw new RelayError('NOT_FOUND', `there is no recipient '${given.recipient}'`);
    }
    const note = noteOf(context, by, 'silence.add', `: ${given.criteria} (${given.reason})`, true);
    const silence = await context.store.audited(note, 'addSilence', {
      criteria: given.criteria,
      author: by,
      reason: given.reason,
      from,
      until: given.until,
      ...(given.sensor === undefined ? {} : { sensor: given.sensor }),
      ...(given.recipient === undefined ? {} : { recipient: given.recipient }),
    });
    await context.changed('silences');
    return silence;
  }),
  'silences.preview': verb(
    z.strictObject({ criteria: z.string().min(1), sensor: z.string().optional() }),
    async (context, { criteria, sensor }) => preview(context, criteriaOf(criteria), sensor),
  ),
  'silences.expire': verb(z.strictObject({ id: z.number().int() }), async (context, { id }, by) => {
    const note = noteOf(context, by, 'silence.expire', String(id));
    if (!(await context.store.audited(note, 'expireSilence', id, by, note.at))) {
      throw new RelayError('NOT_FOUND', `there is no silence ${id} in force`);
    }
    await context.changed('silences');
  }),
} as const;

async function preview(
  { store, clock }: ControlContext,
  criteria: Criteria,
  sensor: string | undefined,
): Promise<SilencePreview> {
  const since = clock.now() - DAY_MS;
  const examples: string[] = [];
  let looked = 0;
  let hidden = 0;
  let highHidden = 0;
  let before: number | undefined;
  let all = false;
  while (!all && looked < dispatcherLimits.searchLooked) {
    const page = await store.search({
      since,
      limit: dispatcherLimits.searchPage,
      ...(before === undefined ? {} : { before }),
    });
    all = page.length === 0;
    for (const { seq, body, facts, origin, damaged } of page) {
      looked += 1;
      before = seq;
      if (sensor !== undefined && !isOfSensor(origin, sensor)) continue;
      if (damaged !== undefined || !criteria.matches(createSubject(body))) continue;
      hidden += 1;
      if (facts.severity === 4) highHidden += 1;
      if (examples.length < 5) examples.push(`${seq}: ${facts.classification}`);
    }
  }
  return { looked, all, hidden, highHidden, examples };
}
