/**
 * Judges a template before it is used: parsed, its paths looked up, and rendered with three sample alerts (and a digest, if it speaks of
 * them), in the thread and within the limits it will have later.
 *
 * Called when a configuration is loaded and by `check`: a bad template refuses the configuration, naming line and column.
 */

import { messageOf } from '../../../core/errors.ts';
import { templateLimits } from '../../../core/limits.ts';
import { createSubject as subjectOf } from '../../../idmef/criteria/create-subject.ts';
import type { Subject } from '../../../idmef/criteria/subject.ts';
import type { DigestFacts } from '../../model/delivery.ts';
import { Vocabulary } from '../phrases.ts';
import { digestData, messagesData, pathsOf, speaksOfDigests, type DataTerms } from './data.ts';
import type { TemplateFault } from './protocol.ts';
import { createTemplateRunner, type TemplateRunner } from './runner.ts';
import { sampleMessages } from './samples.ts';

export interface CheckTemplateOptions {
  /** Default src/idmef/criteria/create-subject.ts. */
  readonly createSubject?: (body: Uint8Array) => Subject;
  /** To share one thread among many checks; default one that ends with the check. */
  readonly runner?: TemplateRunner;
}

const sampleDigest: DigestFacts = {
  count: 1_234,
  firstAt: 0,
  lastAt: 60_000,
  severities: { 4: 1, 3: 1_000, 0: 233 },
  classifications: [{ value: 'Portscan', count: 1_000 }],
  sources: [{ value: '198.51.100.7', count: 900 }],
  targets: [],
  distinct: { classifications: 7, sources: 300, targets: 0 },
};

export async function checkTemplate(
  source: string,
  { createSubject = subjectOf, runner }: CheckTemplateOptions = {},
): Promise<{ readonly ok: true } | TemplateFault> {
  if (source.length > templateLimits.sourceChars) {
    return faultAt(source, 0, `the template is longer than ${templateLimits.sourceChars} characters`);
  }
  const messages = await sampleMessages();
  const wrong = wrongPath(source, messages[0]?.body, createSubject);
  if (wrong !== undefined) return wrong;
  const terms: DataTerms = {
    source,
    wish: {
      tag: '#sample',
      repeated: false,
      recipient: { name: 'sample', locale: 'en', timeZone: 'UTC', verbatim: false },
    },
    phrases: new Vocabulary([]).phrases('en', 'UTC'),
    instance: 'sample',
    createSubject,
  };
  const samples = [
    ...messages.map((message) => messagesData([message], terms)),
    messagesData(messages, terms),
    ...(speaksOfDigests(source) ? [digestData(sampleDigest, terms)] : []),
  ];
  const used = runner ?? createTemplateRunner();
  try {
    const answer = await used.run({ kind: 'check', source, samples });
    return answer.ok ? { ok: true } : answer;
  } finally {
    if (runner === undefined) await used.close();
  }
}

function wrongPath(
  source: string,
  body: Uint8Array | undefined,
  createSubject: DataTerms['createSubject'],
): TemplateFault | undefined {
  const subject = body === undefined ? undefined : createSubject(body);
  for (const path of pathsOf(source)) {
    try {
      subject?.values(path);
    } catch (error) {
      return faultAt(source, source.indexOf(path), messageOf(error));
    }
  }
  return undefined;
}

function faultAt(source: string, offset: number, text: string): TemplateFault {
  const before = source.slice(0, Math.max(0, offset)).split('\n');
  return { ok: false, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, text };
}
