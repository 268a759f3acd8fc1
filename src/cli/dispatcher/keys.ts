/** `keys list|add|rotate|revoke`. A key is shown once, when it is made. */

import type { VerbResult } from '../../dispatcher/control/call.ts';
import { jsonLine, jsonLines, textTable, when } from './print.ts';
import { wordTables } from './word-tables.ts';
import { byWord, numberOf } from './words.ts';

const scopes = ['ingest', 'read'] as const;

function endOf({ revokedAt, expiresAt }: VerbResult<'keys.list'>[number], now: number): string {
  if (revokedAt !== undefined && revokedAt <= now) return `revoked ${when(revokedAt)}`;
  const end = Math.min(revokedAt ?? Infinity, expiresAt ?? Infinity);
  return end === Infinity ? '-' : `${when(end)}${end <= now ? ' (over)' : ''}`;
}

export const runKeys = byWord(wordTables.keys, {
  list: async ({ withControl, json, print }) =>
    await withControl(async (control) => {
      const keys = await control.call('keys.list', {});
      const now = Date.now();
      const rows = keys.map((key) => [
        String(key.id),
        `${key.prefix}…`,
        key.owner,
        key.scopes.join(','),
        key.channels?.join(',') ?? 'all of the owner',
        endOf(key, now),
        when(key.lastUsedAt),
      ]);
      const head = ['KEY', 'BEGINS', 'OWNER', 'SCOPES', 'CHANNELS', 'ENDS', 'LAST USED'];
      await print(json ? jsonLines(keys) : textTable(head, rows));
      return 0;
    }),
  add: async ({ operands: [owner = ''], settings, withControl, json, print }) => {
    const wanted = settings.choices('scope', scopes) ?? ['ingest'];
    const channels = settings.texts('channel');
    const lastsMs = settings.optionalDuration('expires');
    return await withControl(async (control) => {
      const issued = await control.call('keys.add', {
        owner,
        scopes: [...new Set(wanted)],
        ...(channels === undefined ? {} : { channels: [...channels] }),
        ...(lastsMs === undefined ? {} : { expiresAt: Date.now() + lastsMs }),
      });
      await print(json ? jsonLine(issued) : `${issued.key}\n`);
      return 0;
    });
  },
  rotate: async (verb) => {
    const { operands, settings, withControl, json, print } = verb;
    const id = numberOf(verb, operands[0], 'N');
    const graceMs = settings.duration('grace');
    return await withControl(async (control) => {
      const issued = await control.call('keys.rotate', { id, graceMs });
      await print(json ? jsonLine(issued) : `${issued.key}\n`);
      return 0;
    });
  },
  revoke: async (verb) => {
    const id = numberOf(verb, verb.operands[0], 'N');
    return await verb.withControl(async (control) => {
      await control.call('keys.revoke', { id });
      return 0;
    });
  },
});
