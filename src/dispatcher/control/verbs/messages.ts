/** Looking back: `messages search`, `messages show`. */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { severityRank } from '../../../core/severity.ts';
import { createSubject } from '../../../idmef/criteria/create-subject.ts';
import { parseCriteria } from '../../../idmef/criteria/parse-criteria.ts';
import { dispatcherLimits } from '../../../core/limits.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { messageOf, plainMessage, type PlainMessage } from './plain.ts';

const ID = /^(?:\d+|[0-9a-f]{32})$/;

export interface Found {
  /** Newest first. */
  readonly messages: readonly PlainMessage[];
  readonly looked: number;
  /** There are no others. */
  readonly all: boolean;
}

export const messageVerbs = {
  'messages.search': verb(
    z.strictObject({
      criteria: z.string().optional(),
      text: z.string().optional(),
      severity: z.enum(['info', 'low', 'medium', 'high']).optional(),
      since: z.number().optional(),
      until: z.number().optional(),
      before: z.number().optional(),
      limit: z.number().int().min(1).max(dispatcherLimits.searchRows).default(50),
    }),
    async ({ store }, { criteria, severity, ...wish }): Promise<Found> => {
      const minSeverity = severity === undefined ? {} : { minSeverity: severityRank(severity) };
      if (criteria === undefined) {
        const found = await store.search({ ...defined(wish), ...minSeverity, limit: wish.limit });
        const all = found.length < wish.limit;
        return { messages: found.map((one) => plainMessage(one)), looked: found.length, all };
      }
      return await searchByCriteria(store, criteria, { ...defined(wish), ...minSeverity, limit: wish.limit });
    },
  ),

  'messages.show': verb(z.strictObject({ id: z.string().regex(ID) }), async ({ store }, { id }) => {
    const message = await messageOf(store, id);
    if (message.damaged === undefined) return plainMessage(message, true);
    throw new RelayError('JOURNAL_IO', `message ${message.seq}: its bytes are damaged: ${message.damaged}`, {
      hint: 'check the disk; a backup may have it',
    });
  }),
} as const;

/** The store narrows by columns; what it finds is read and judged by the criteria, newest first, up to a bound. */
async function searchByCriteria(
  store: ControlContext['store'],
  text: string,
  wish: Parameters<ControlContext['store']['search']>[0],
): Promise<Found> {
  const parsed = parseCriteria(text);
  if (!parsed.ok) throw new RelayError('USAGE', `column ${parsed.column} of '${text}': ${parsed.text}`);
  const messages: PlainMessage[] = [];
  let looked = 0;
  let { before } = wish;
  while (messages.length < wish.limit && looked < dispatcherLimits.searchLooked) {
    const page = await store.search({
      ...wish,
      ...(before === undefined ? {} : { before }),
      limit: dispatcherLimits.searchPage,
    });
    if (page.length === 0) return { messages, looked, all: true };
    for (const one of page) {
      looked += 1;
      before = one.seq;
      if (one.damaged === undefined && parsed.criteria.matches(createSubject(one.body)))
        messages.push(plainMessage(one));
      if (messages.length >= wish.limit) break;
    }
  }
  return { messages, looked, all: false };
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without what is undefined
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
