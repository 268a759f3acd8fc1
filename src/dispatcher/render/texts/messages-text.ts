/**
 * The usual text of a notification with messages: one in full; several with their sum first, like ones folded, the first in full, more
 * by their titles, the rest counted.
 *
 * Called by renderer.ts, which fits the blocks into the medium. A text posted by key goes to recipients that want it so as it
 * was posted, nothing added.
 */

import { renderLimits } from '../../../core/limits.ts';
import type { Severity } from '../../../core/severity.ts';
import type { SendMessage } from '../../model/sink.ts';
import { cleanLine, cleanLines } from '../clean.ts';
import type { Blocks } from '../fit.ts';
import type { Phrases } from '../phrases.ts';
import { bold, label, newline, prose, verbatim, type Doc } from '../pieces.ts';
import { joined, rowsOf } from './rows.ts';
import { severityWord, titleDoc } from './title.ts';
import { plainText } from './plain-text.ts';

export interface MessagesText extends Blocks {
  /** What the whole is called: the title of all messages alike; undefined for several. */
  readonly title: Doc | undefined;
  /** Posted by key, to be sent as it is: no template changes it. */
  readonly posted: boolean;
}

export interface MessagesWish {
  readonly phrases: Phrases;
  readonly tag: string;
  readonly repeated: boolean;
  /** Texts as posted are wanted. */
  readonly verbatim: boolean;
  /** Most characters of the body. */
  readonly chars: number;
}

/** Like messages: the same title. */
interface Group {
  readonly first: SendMessage;
  readonly count: number;
  readonly title: Doc;
}

export function messagesText(messages: readonly SendMessage[], wish: MessagesWish): MessagesText {
  if (wish.verbatim && messages.length > 0 && messages.every(isPosted)) return postedText(messages, wish);
  const groups = groupsOf(messages, wish.phrases);
  const [only] = groups;
  if (only !== undefined && groups.length === 1) {
    return {
      title: only.title,
      posted: false,
      head: [],
      blocks: [fullBlock(only, wish)],
      gap: [newline],
      rest: () => [],
      tail: tailDoc(wish, only.first.incident?.id),
    };
  }
  const full = groups.slice(0, renderLimits.fullMessages);
  const titled = groups.slice(renderLimits.fullMessages, renderLimits.titledMessages);
  return {
    title: undefined,
    posted: false,
    head: [sumDoc(messages, wish.phrases), [newline]].flat(),
    blocks: [
      ...full.map((group) => [...fullBlock(group, wish), newline]),
      ...titled.map(({ title }) => title),
    ],
    gap: [newline],
    rest: (shown) => restDoc(groups.slice(shown), wish.phrases),
    tail: tailDoc(wish, undefined),
  };
}

function postedText(messages: readonly SendMessage[], { chars, phrases }: MessagesWish): MessagesText {
  const [first] = messages;
  const firstLine = cleanLines(first?.verbatim ?? '').split('\n')[0] ?? '';
  return {
    title: messages.length === 1 ? [prose(firstLine)] : undefined,
    posted: true,
    head: [],
    blocks: messages.map(({ verbatim: text = '' }) => [verbatim(text, chars)]),
    gap: [newline],
    rest: (shown) => {
      const count = messages.length - shown;
      return count === 0 ? [] : [label('… '), ...phrases.phrase('text.andMore', { count })];
    },
    tail: [],
  };
}

/** A post of nothing that can be shown is told of as any alert is: no provider takes an empty text. */
function isPosted({ verbatim: text }: SendMessage): boolean {
  return text !== undefined && cleanLine(text.slice(0, renderLimits.valueChars)) !== '';
}

/** Title, then a line for each thing known; of a mixed batch the posted text. */
function fullBlock({ first, title }: Group, { phrases, verbatim: wanted, chars }: MessagesWish): Doc {
  if (wanted && isPosted(first)) return [verbatim(first.verbatim ?? '', chars)];
  return [...title, ...rowsOf(first.view, phrases).flatMap((row) => [newline, ...row])];
}

function groupsOf(messages: readonly SendMessage[], phrases: Phrases): Group[] {
  const groups = new Map<string, SendMessage[]>();
  for (const message of messages) {
    const key = plainText(titleDoc(message.view, phrases, 1)) + (message.verbatim ?? '');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [message]);
    else group.push(message);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    // An incident counts what came before this notification, too.
    const count = Math.max(group.length, first.incident?.count ?? 1);
    return [{ first, count: group.length, title: titleDoc(first.view, phrases, count) }];
  });
}

function sumDoc(messages: readonly SendMessage[], phrases: Phrases): Doc {
  const count = plainText(phrases.plural('text.alerts', messages.length));
  const severities = severitiesDoc(
    messages.map(({ view }) => ({ severity: view.severity, count: 1 })),
    phrases,
  );
  return [bold(count), label(': '), ...severities];
}

function restDoc(groups: readonly Group[], phrases: Phrases): Doc {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  if (count === 0) return [];
  const tallies = groups.map((group) => ({ severity: group.first.view.severity, count: group.count }));
  return [
    label('… '),
    ...phrases.plural('text.moreAlerts', count, { severities: severitiesDoc(tallies, phrases) }),
  ];
}

/** `1 HIGH, 3 MEDIUM`, gravest first, unrated ones last. */
export function severitiesDoc(
  tallies: readonly { readonly severity: Severity; readonly count: number }[],
  phrases: Phrases,
): Doc {
  const order: readonly Severity[] = [4, 3, 2, 1, 0];
  const parts = order.map((severity): Doc => {
    const same = tallies.filter((tally) => tally.severity === severity);
    const count = same.reduce((sum, tally) => sum + tally.count, 0);
    return count === 0 ? [] : [label(`${phrases.number(count)} ${severityWord(severity, phrases)}`)];
  });
  return joined(parts, ', ');
}

/** `#k3f9 · incident 12 (repeated …)`. */
export function tailDoc(
  { tag, repeated, phrases }: Pick<MessagesWish, 'tag' | 'repeated' | 'phrases'>,
  incident: number | undefined,
): Doc {
  const parts: Doc[] = [
    tag === '' ? [] : [label(tag)],
    incident === undefined ? [] : phrases.phrase('text.incident', { id: String(incident) }),
  ];
  const doc = joined(parts, ' · ');
  const mark: Doc = repeated ? [label(phrases.word('text.repeated'))] : [];
  const whole = joined([doc, mark], ' ');
  return whole.length === 0 ? [] : [newline, ...whole];
}
