/**
 * The verbs about records: incidents, messages, what operators make, the audit log, small state.
 *
 * Part of the store in-process.ts makes: one function of the ledger each, but for what walks over a whole table, which
 * lets others have their turns.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { storeLimits } from '../../core/limits.ts';
import type { MessageRecord, SearchWish, Store } from '../model/store.ts';
import { appendAudit, auditTrail, checkAudit, unchecked } from './audit.ts';
import type { LedgerUse } from './core.ts';
import { listIncidents, setIncident, showIncident } from './incidents.ts';
import { listAnalyzers, messagesOf, searchStep, showMessage } from './messages.ts';
import { changeSettings, getState, keepConfig, listSettings, setState } from './settings.ts';
import { addSilence, expireSilence, listSilences } from './silences.ts';
import {
  addKey,
  changeKey,
  findKey,
  isUseNews,
  listKeys,
  listUsers,
  putUser,
  removeUser,
  useKey,
} from './users.ts';

type RecordVerbs =
  | 'incidents'
  | 'incident'
  | 'setIncident'
  | 'message'
  | 'messagesOf'
  | 'search'
  | 'analyzers'
  | 'silences'
  | 'addSilence'
  | 'expireSilence'
  | 'settings'
  | 'changeSettings'
  | 'users'
  | 'putUser'
  | 'removeUser'
  | 'keys'
  | 'findKey'
  | 'addKey'
  | 'changeKey'
  | 'keepConfig'
  | 'audit'
  | 'auditTrail'
  | 'verifyAudit'
  | 'state'
  | 'setState';

export function recordVerbs(core: LedgerUse): Pick<Store, RecordVerbs> {
  return {
    incidents: async (wish) => core.look((ledger) => listIncidents(ledger, wish)),
    incident: async (id) => core.look((ledger) => showIncident(ledger, id)),
    setIncident: async (...args) => core.change((ledger) => setIncident(ledger, ...args)),
    message: async (idOrSeq) => core.look((ledger) => showMessage(ledger, idOrSeq)),
    messagesOf: async (incident, limit) => core.look((ledger) => messagesOf(ledger, incident, limit)),
    search: (wish) => search(core, wish),
    analyzers: async () => core.look(listAnalyzers),
    silences: async () => core.look(listSilences),
    addSilence: async (silence) => core.change((ledger) => addSilence(ledger, silence)),
    expireSilence: async (...args) => core.change((ledger) => expireSilence(ledger, ...args)),
    settings: async (kind) => core.look((ledger) => listSettings(ledger, kind)),
    changeSettings: async (change) => core.change((ledger) => changeSettings(ledger, change)),
    users: async () => core.look(listUsers),
    putUser: async (user) => core.change((ledger) => putUser(ledger, user)),
    removeUser: async (name) => core.change((ledger) => removeUser(ledger, name)),
    keys: async () => core.look(listKeys),
    findKey: async (hash, now) => {
      const key = core.look((ledger) => findKey(ledger, hash));
      if (key !== undefined && isUseNews(key, now)) core.change((ledger) => useKey(ledger, key.id, now));
      return key;
    },
    addKey: async (...args) => core.change((ledger) => addKey(ledger, ...args)),
    changeKey: async (...args) => core.change((ledger) => changeKey(ledger, ...args)),
    keepConfig: async (version) => core.change((ledger) => keepConfig(ledger, version)),
    audit: async (note) => core.change((ledger) => appendAudit(ledger, note)),
    auditTrail: async (wish) => core.look((ledger) => auditTrail(ledger, wish)),
    verifyAudit: () => verifyAudit(core),
    state: async (key) => core.look((ledger) => getState(ledger, key)),
    setState: async (key, value) => core.change((ledger) => setState(ledger, key, value)),
  };
}

async function search(core: LedgerUse, wish: SearchWish): Promise<readonly MessageRecord[]> {
  const found: MessageRecord[] = [];
  const limit = Math.min(wish.limit, storeLimits.listedRows);
  let below: number | undefined = wish.before ?? Number.MAX_SAFE_INTEGER;
  while (below !== undefined && found.length < limit) {
    const from: number = below;
    const left = { ...wish, limit: limit - found.length };
    const step = core.look((ledger) => searchStep(ledger, left, from));
    found.push(...step.found);
    ({ below } = step);
    if (below !== undefined && found.length < limit) await turn();
  }
  return found;
}

async function verifyAudit(core: LedgerUse): Promise<number | undefined> {
  let check = unchecked;
  for (;;) {
    const from = check;
    check = core.look((ledger) => checkAudit(ledger, from));
    if (check.done) return check.broken;
    await turn();
  }
}
