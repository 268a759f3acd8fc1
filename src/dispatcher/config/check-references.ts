/** Names that point at other parts of the configuration, and chains that would go round. */

import { dispatcherLimits } from '../../core/limits.ts';
import type { Recipient } from '../model/recipient.ts';
import type { FileContent } from './file-schema.ts';
import type { Fault } from '../input/check-input.ts';

/** @param known all names of recipients, also of those that have faults of their own */
export function checkReferences(
  content: FileContent,
  recipients: ReadonlyMap<string, Recipient>,
  known: ReadonlySet<string>,
): Fault[] {
  const faults: Fault[] = [];
  if (content.report_to !== undefined && !known.has(content.report_to)) {
    faults.push({ path: ['report_to'], text: `there is no recipient '${content.report_to}'` });
  }
  if (recipients.size > dispatcherLimits.recipients) {
    faults.push({
      path: ['recipients'],
      text: `${recipients.size} recipients are more than the ${dispatcherLimits.recipients} there may be`,
    });
  }
  for (const { name, fallback, fallbackAfterMs, audience } of recipients.values()) {
    const at = ['recipients', name, 'fallback'];
    if (fallback === undefined) {
      if (fallbackAfterMs !== undefined) {
        faults.push({ path: ['recipients', name, 'fallback_after'], text: 'needs fallback: to whom' });
      }
      continue;
    }
    if (!known.has(fallback)) faults.push({ path: at, text: `there is no recipient '${fallback}'` });
    else if (audience === 'machine' && fallbackAfterMs !== undefined) {
      faults.push({
        path: ['recipients', name, 'fallback_after'],
        text: 'a machine gets everything itself, however late: it has no fallback by time',
      });
    } else if (goesRound(name, recipients)) {
      faults.push({ path: at, text: 'the fallbacks lead back here' });
    }
  }
  return faults;
}

function goesRound(name: string, recipients: ReadonlyMap<string, Recipient>): boolean {
  const seen = new Set([name]);
  let next = recipients.get(name)?.fallback;
  while (next !== undefined) {
    if (seen.has(next)) return next === name;
    seen.add(next);
    next = recipients.get(next)?.fallback;
  }
  return false;
}
