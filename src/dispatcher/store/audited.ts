/**
 * Changes by operators with their entry in the audit log, in one transaction: neither is ever there without the other.
 *
 * Part of the store in-process.ts makes. The verbs are the usual ones, over a core whose every change appends the entry.
 */

import { isObject } from '../../core/json-object.ts';
import type { AuditedVerb, ChangeNote } from '../model/records.ts';
import type { Store } from '../model/store.ts';
import { appendAudit } from './audit.ts';
import type { LedgerUse } from './core.ts';
import { queueVerbs } from './queue-verbs.ts';
import { recordVerbs } from './record-verbs.ts';

export function auditedVerbs(core: LedgerUse): Pick<Store, 'audited'> {
  return {
    audited: <V extends AuditedVerb>(note: ChangeNote, verb: V, ...args: Parameters<Store[V]>) => {
      const noting = withNote(core, note);
      const verbs: Pick<Store, AuditedVerb> = { ...queueVerbs(noting), ...recordVerbs(noting) };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the verb that these arguments are of
      const method = verbs[verb] as (...values: Parameters<Store[V]>) => ReturnType<Store[V]>;
      return method(...args);
    },
  };
}

function withNote(core: LedgerUse, note: ChangeNote): LedgerUse {
  const { numbered = false, ...entry } = note;
  let isNoted = false;
  return {
    always: true,
    look: (work) => core.look(work),
    // False is said by what found nothing to change; a further part of a long change may find nothing left.
    change: (work) =>
      core.change((ledger) => {
        const result = work(ledger);
        if (result !== false && !(isNoted && isObject(result) && result['moved'] === 0)) {
          isNoted = true;
          appendAudit(ledger, numbered ? { ...entry, detail: numberIn(result) + entry.detail } : entry);
        }
        return result;
      }),
  };
}

function numberIn(result: unknown): string {
  const number = isObject(result) ? (result['id'] ?? result['moved']) : result;
  return typeof number === 'number' ? String(number) : '';
}
