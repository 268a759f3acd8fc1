/**
 * Entry of the template thread: renders one template after the other for runner.ts, which ends it when one takes too long.
 *
 * Engines are kept by medium, compiled templates by text, both bounded. Nothing of the outside is reachable from a template; if
 * something were, this thread has no environment.
 */

import { type MessagePort, parentPort } from 'node:worker_threads';

import { messageOf } from '../../../core/errors.ts';
import { templateLimits } from '../../../core/limits.ts';
import type { Medium } from '../../model/sink.ts';
import { createEngine, type Engine } from './engine.ts';
import type { Answer, Job, Notice, TemplateFault } from './protocol.ts';

if (parentPort !== null) start(parentPort);

function start(port: MessagePort): void {
  const say = (notice: Notice): void => port.postMessage(notice, []);
  const perform = performer();
  port.on('message', (job: Job) => say({ kind: 'answer', answer: perform(job) }));
  say({ kind: 'ready' });
}

function performer(): (job: Job) => Answer {
  const engines = new Map<Medium, Engine>();
  const compiled = new Map<string, ReturnType<Engine['parse']>>();
  const engineOf = (medium: Medium): Engine => {
    const engine = engines.get(medium) ?? createEngine(medium);
    engines.set(medium, engine);
    return engine;
  };
  const parse = (engine: Engine, medium: Medium, source: string): ReturnType<Engine['parse']> => {
    const key = `${medium} ${source}`;
    const template = compiled.get(key) ?? engine.parse(source);
    if (compiled.size >= templateLimits.compiled) compiled.clear();
    compiled.set(key, template);
    return template;
  };
  return (job) => {
    try {
      if (job.kind === 'render') {
        const engine = engineOf(job.medium);
        const text = engine.render(parse(engine, job.medium, job.source), job.data, job.limit);
        if (text.trim() === '') return { ok: false, line: 1, column: 1, text: 'the text is empty' };
        return { ok: true, text };
      }
      const engine = createEngine('plain');
      const template = engine.parse(job.source);
      for (const sample of job.samples) engine.render(template, sample, templateLimits.outputChars);
      return { ok: true, text: '' };
    } catch (error) {
      return faultOf(error);
    }
  };
}

/** liquidjs' errors have the token at fault, and the clause in the error they wrap. */
function faultOf(error: unknown): TemplateFault {
  const inner =
    typeof error === 'object' && error !== null && 'originalError' in error ? error.originalError : undefined;
  const [message = ''] = messageOf(inner ?? error).split('\n');
  const text = message.replace(/, (?:file:.*, )?line:\d+, col:\d+$/, '').replace(/\.$/, '');
  const [line, column] = placeOf(error);
  return { ok: false, line, column, text };
}

interface Positioned {
  getPosition(): readonly number[];
}

function placeOf(error: unknown): readonly [number, number] {
  const token: unknown =
    typeof error === 'object' && error !== null && 'token' in error ? error.token : undefined;
  if (!isPositioned(token)) return [1, 1];
  const [line = 1, column = 1] = token.getPosition();
  return [line, column];
}

function isPositioned(token: unknown): token is Positioned {
  return (
    typeof token === 'object' &&
    token !== null &&
    'getPosition' in token &&
    typeof token.getPosition === 'function'
  );
}
