/** Queues: `recipients hold|resume|move|test`, `dead list|redrive|dismiss`. */

import { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { dispatcherLimits } from '../../../core/limits.ts';
import type { DeadWish } from '../../model/store.ts';
import type { ControlContext } from '../control-context.ts';
import { verb } from '../verb.ts';
import { audited, noteOf } from './audited.ts';

function known({ config }: ControlContext, name: string): void {
  if (config().recipients.some((one) => one.name === name)) return;
  throw new RelayError('NOT_FOUND', `there is no recipient '${name}'`, {
    hint: 'a queue that is held as removed goes on when its recipient is configured again, or by recipients move',
  });
}

const someDead = z.strictObject({ recipient: z.string().optional(), seq: z.number().int().optional() });

type SomeDead = z.output<typeof someDead>;

function wordsFor({ recipient = '', seq }: SomeDead): string {
  const which = [seq === undefined ? '' : `message ${seq}`, recipient].filter((text) => text !== '');
  return which.join(', ') || 'all';
}

function wishOf({ recipient, seq }: SomeDead, now: number): DeadWish {
  return {
    now,
    ...(recipient === undefined ? {} : { recipient }),
    ...(seq === undefined ? {} : { seq }),
  };
}

export const queueVerbs = {
  'recipients.hold': verb(
    z.strictObject({ name: z.string(), reason: z.string().min(1).max(200).default('by hand') }),
    async (context, { name, reason }, by) => {
      known(context, name);
      const note = noteOf(context, by, 'recipient.hold', `${name}: ${reason}`);
      await context.store.audited(note, 'hold', name, `${reason} (${by})`, note.at);
    },
  ),
  'recipients.resume': verb(z.strictObject({ name: z.string() }), async (context, { name }, by) => {
    known(context, name);
    const note = noteOf(context, by, 'recipient.resume', ` deliveries of ${name}`, true);
    const resumed = await context.store.audited(note, 'resume', name, note.at);
    context.wake();
    return { resumed };
  }),
  /** What is held goes to another one, and is suppressed(fallback) here. Also of a recipient that is not configured any more. */
  'recipients.move': verb(
    z.strictObject({ name: z.string(), to: z.string() }),
    async (context, { name, to }, by) => {
      const { store, clock } = context;
      known(context, to);
      const now = clock.now();
      const queue = (await store.queues(now)).find(({ recipient }) => recipient === name);
      if (queue === undefined) {
        throw new RelayError('NOT_FOUND', `there is no queue of '${name}'`, {
          hint: 'alert-dispatcher status shows all',
        });
      }
      if (queue.heldReason === undefined) {
        throw new RelayError('INVALID_INPUT', `${name} is not held`, {
          hint: `recipients hold ${name} first`,
        });
      }
      const note = noteOf(context, by, 'recipient.move', ` deliveries of ${name} to ${to}`, true);
      const moved = await store.audited(note, 'fallBack', name, to, Number.MAX_SAFE_INTEGER, now);
      context.wake();
      return { moved };
    },
  ),
  /** The provider's answer, without any change to queues but that a held recipient which answers well is resumed. */
  'recipients.test': verb(z.strictObject({ name: z.string() }), async (context, { name }, by) => {
    known(context, name);
    const { outcome, providerRef } = await context.testRecipient(name, by);
    await audited(context, by, 'recipient.test', `${name}: ${outcome.kind}`);
    return { outcome, ...(providerRef === undefined ? {} : { providerRef }) };
  }),
  'dead.list': verb(
    z.strictObject({
      recipient: z.string().optional(),
      limit: z.number().int().min(1).max(dispatcherLimits.searchRows).default(100),
    }),
    async ({ store }, { recipient, limit }) =>
      await store.dead({ limit, ...(recipient === undefined ? {} : { recipient }) }),
  ),
  'dead.redrive': verb(someDead, async (context, some, by) => {
    const note = noteOf(context, by, 'dead.redrive', ` deliveries of ${wordsFor(some)}`, true);
    const redriven = await context.store.audited(note, 'redrive', wishOf(some, note.at));
    context.wake();
    return { redriven };
  }),
  /** Somebody has seen them: they count as suppressed(dismissed), and call nobody any more. */
  'dead.dismiss': verb(someDead, async (context, some, by) => {
    const note = noteOf(context, by, 'dead.dismiss', ` deliveries of ${wordsFor(some)}`, true);
    return { dismissed: await context.store.audited(note, 'dismiss', wishOf(some, note.at)) };
  }),
} as const;
