/**
 * Judges a template before it is used: parsed, its paths looked up, and rendered with three sample alerts (and a digest, if it speaks of
 * them), in the thread and within the limits it will have later.
 *
 * Called when a configuration is loaded and by `check`: a bad template refuses the configuration, naming line and column.
 */

import { messageOf } from '../../../core/errors.ts';
import { templateLimits } from '../../../core/limits.ts';
import { createSubject } from '../../../idmef/criteria/create-subject.ts';
import type { DigestFacts } from '../../model/delivery.ts';
import { Vocabulary } from '../phrases.ts';
import { digestData, messagesData, pathsOf, speaksOfDigests, type DataTerms } from './data.ts';
import { liquidOf } from './prelude-template.ts';
import type { TemplateFault } from './protocol.ts';
import type { TemplateRunner } from './runner.ts';
import { sampleMessages } from './samples.ts';

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
  template: string,
  { runner }: { readonly runner: TemplateRunner },
): Promise<{ readonly ok: true } | TemplateFault> {
  if (template.length > templateLimits.sourceChars) {
    return faultAt(template, 0, `the template is longer than ${templateLimits.sourceChars} characters`);
  }
  const source = liquidOf(template);
  const messages = await sampleMessages();
  const wrong = wrongPath(template, pathsOf(source), messages[0]?.body);
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
  };
  const samples = [
    ...messages.map((message) => messagesData([message], terms)),
    messagesData(messages, terms),
    ...(speaksOfDigests(source) ? [digestData(sampleDigest, terms)] : []),
  ];
  const answer = await runner.run({ kind: 'check', source, samples });
  return answer.ok ? { ok: true } : answer;
}

function wrongPath(
  template: string,
  paths: readonly string[],
  body: Uint8Array | undefined,
): TemplateFault | undefined {
  const subject = body === undefined ? undefined : createSubject(body);
  for (const path of paths) {
    try {
      subject?.values(path);
    } catch (error) {
      return faultAt(template, template.indexOf(path), messageOf(error));
    }
  }
  return undefined;
}

function faultAt(source: string, offset: number, text: string): TemplateFault {
  const before = source.slice(0, Math.max(0, offset)).split('\n');
  return { ok: false, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, text };
}
