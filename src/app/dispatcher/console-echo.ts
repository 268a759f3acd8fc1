/**
 * `serve --console`: what people were sent, a line on stdout for each delivery, whatever sink carries it. Wraps the sinks that the outbox is
 * given; alerts are text of others, so that terminal escapes are made visible.
 */

import { escapeControls } from '../../log/escape.ts';
import type { MadeSink } from './sink-registry.ts';

/** The same sink gets the same wrapping: the outbox knows a changed endpoint by another object. */
export function createConsoleEcho(print: (line: string) => void): (made: MadeSink) => MadeSink {
  const wrapped = new WeakMap<MadeSink, MadeSink>();
  return (made) => {
    const known = wrapped.get(made);
    if (known !== undefined) return known;
    const { type, sink } = made;
    if (type.type === 'console') return made;
    const echoing: MadeSink = {
      type,
      sink: {
        limits: (recipient) => sink.limits(recipient),
        close: async () => await sink.close(),
        ...(sink.isAvailable === undefined ? {} : { isAvailable: async () => await sink.isAvailable?.() }),
        async send(notification, signal) {
          const answer = await sink.send(notification, signal);
          const { recipient, rendered, form } = notification;
          if (answer.outcome.kind === 'ok' && recipient.audience === 'people') {
            const text = form === 'plain' ? rendered.plain : rendered.subject;
            print(`${recipient.name}: ${escapeControls(text.replace(/\s+/g, ' ').trim())}\n`);
          }
          return answer;
        },
      },
    };
    wrapped.set(made, echoing);
    return echoing;
  };
}
