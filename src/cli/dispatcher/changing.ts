/** `endpoints`, `recipients`, `sources`, `dead`, `export`, `apply`, `backup`, `reload`: verbs that change. */

import { resolve } from 'node:path';

import type { Control } from '../../dispatcher/control/call.ts';
import { parseYaml } from '../../config/yaml-text.ts';
import { writeYaml } from '../../config/write-yaml.ts';
import { RelayError } from '../../core/errors.ts';
import { readKeyValues } from './key-values.ts';
import { escapeText, jsonLine, jsonLines, textTable } from './print.ts';
import { readText, type VerbContext } from './verb-context.ts';

export async function runEndpoints(verb: VerbContext): Promise<number> {
  const { operands, json, withControl, print, misuse } = verb;
  const [word, name, ...words] = operands;
  if (word === 'types') {
    const { describeTypes } = await import('../../app/dispatcher/describe-types.ts');
    await print(await describeTypes(name, json));
    return 0;
  }
  return withControl(async (control) => {
    if (word === 'list') {
      const endpoints = await control.call('endpoints.list', {});
      const rows = endpoints.map((one) => [one.name, one.type, one.provenance, paramsText(one.params)]);
      await print(json ? jsonLines(endpoints) : textTable(['ENDPOINT', 'TYPE', 'FROM', 'PARAMETERS'], rows));
      return 0;
    }
    if (name === undefined)
      throw misuse(word === undefined ? 'missing list, types, add, set or remove' : 'missing NAME');
    switch (word ?? '') {
      case 'add':
        await control.call('endpoints.add', { name, value: await readKeyValues(words) });
        break;
      case 'set':
        await control.call('endpoints.set', { name, value: await readKeyValues(words) });
        break;
      case 'remove':
        await control.call('endpoints.remove', { name });
        break;
      default:
        throw misuse(`unknown word '${word}'`);
    }
    return 0;
  });
}

export async function runRecipients(verb: VerbContext): Promise<number> {
  const { operands, settings, json, withControl, print, misuse } = verb;
  const [word, name, ...words] = operands;
  return withControl(async (control) => {
    if (word === 'list') {
      const recipients = await control.call('recipients.list', {});
      const rows = recipients.map(({ queue, ...one }) => [
        one.name,
        one.endpoint,
        one.audience,
        one.provenance,
        one.owner ?? '-',
        one.enabled ? 'yes' : 'no',
        String((queue?.pending ?? 0) + (queue?.leased ?? 0)),
        queue?.heldReason ?? queue?.lastError ?? '',
      ]);
      const head = ['RECIPIENT', 'ENDPOINT', 'AUDIENCE', 'FROM', 'OWNER', 'ENABLED', 'PENDING', 'TROUBLE'];
      await print(json ? jsonLines(recipients) : textTable(head, rows));
      return 0;
    }
    if (name === undefined) throw misuse(word === undefined ? 'missing list, add, set, …' : 'missing NAME');
    switch (word) {
      case undefined:
        throw misuse('missing list, add, set, …');
      case 'add':
        await control.call('recipients.add', { name, value: await readKeyValues(words) });
        return 0;
      case 'set':
        await control.call('recipients.set', { name, value: await readKeyValues(words) });
        return 0;
      case 'remove':
      case 'enable':
      case 'disable':
        await control.call(`recipients.${word}`, { name });
        return 0;
      case 'hold': {
        const reason = settings.text('reason');
        await control.call('recipients.hold', { name, ...(reason === undefined ? {} : { reason }) });
        return 0;
      }
      case 'resume': {
        const { resumed } = await control.call('recipients.resume', { name });
        await print(json ? jsonLine({ resumed }) : `${resumed} deliveries are due again\n`);
        return 0;
      }
      case 'test':
        return await testRecipient(verb, control, name);
      default:
        throw misuse(`unknown word '${word}'`);
    }
  });
}

async function testRecipient({ json, print }: VerbContext, control: Control, name: string): Promise<number> {
  const answer = await control.call('recipients.test', { name });
  const { outcome, providerRef } = answer;
  const said = outcome.kind === 'ok' ? '' : `: ${outcome.reason}`;
  await print(
    json
      ? jsonLine(answer)
      : `${name}: ${outcome.kind}${escapeText(said)}${providerRef === undefined ? '' : ` [${escapeText(providerRef)}]`}\n`,
  );
  return outcome.kind === 'ok' ? 0 : 75;
}

export async function runSources({
  operands,
  json,
  withControl,
  print,
  misuse,
}: VerbContext): Promise<number> {
  const [word, name] = operands;
  return withControl(async (control) => {
    if (word === 'list') {
      const sources = await control.call('sources.list', {});
      const rows = sources.map((one) => [
        one.name,
        one.enabled ? 'enabled' : 'disabled',
        one.listeners.map(({ address, port }) => `${address} port ${port}`).join(', ') || '-',
      ]);
      await print(json ? jsonLines(sources) : textTable(['SOURCE', 'STATE', 'LISTENING'], rows));
      return 0;
    }
    if (word !== 'enable' && word !== 'disable') throw misuse('list, enable or disable is wanted');
    if (name === undefined) throw misuse('missing NAME');
    await control.call(`sources.${word}`, { name });
    return 0;
  });
}

export async function runDead({
  operands,
  settings,
  json,
  withControl,
  print,
  misuse,
}: VerbContext): Promise<number> {
  const [word, seq] = operands;
  const recipient = settings.text('recipient');
  const only = recipient === undefined ? {} : { recipient };
  return withControl(async (control) => {
    if (word === 'list') {
      const dead = await control.call('dead.list', { ...only, limit: settings.integer('limit') });
      const rows = dead.map((one) => [String(one.seq), one.recipient, String(one.attempts), one.reason]);
      await print(json ? jsonLines(dead) : textTable(['MESSAGE', 'RECIPIENT', 'ATTEMPTS', 'REASON'], rows));
      return 0;
    }
    if (word !== 'redrive') throw misuse('list or redrive is wanted');
    if (seq === undefined && recipient === undefined) throw misuse('redrive needs --recipient or a message');
    const { redriven } = await control.call('dead.redrive', {
      ...only,
      ...(seq === undefined ? {} : { seq: Number(seq) }),
    });
    await print(json ? jsonLine({ redriven }) : `${redriven} deliveries are due again\n`);
    return 0;
  });
}

export async function runExport({ json, withControl, print }: VerbContext): Promise<number> {
  return withControl(async (control) => {
    const settings = await control.call('export', {});
    await print(json ? jsonLine(settings) : writeYaml(settings));
    return 0;
  });
}

export async function runApply({
  operands,
  settings,
  json,
  withControl,
  print,
  misuse,
}: VerbContext): Promise<number> {
  const [file, ...rest] = operands;
  if (file === undefined || rest.length > 0) throw misuse('one FILE is wanted');
  const parsed = parseYaml(await readText(file), file);
  if (!parsed.ok) throw new RelayError('INVALID_INPUT', `${file}:${parsed.line}: ${parsed.text}`);
  const { value } = parsed;
  if (typeof value !== 'object' || value === null)
    throw new RelayError('INVALID_INPUT', `${file}: a map is wanted`);
  const dryRun = !settings.flag('apply');
  return withControl(async (control) => {
    const { put, removed } = await control.call('apply', { ...value, prune: settings.flag('prune'), dryRun });
    if (json) await print(jsonLine({ put, removed, dryRun }));
    else {
      const lines = [...put.map((one) => `+ ${one}`), ...removed.map((one) => `- ${one}`)];
      await print(
        `${lines.map((line) => `${escapeText(line)}\n`).join('')}${dryRun ? 'nothing changed: --apply does it\n' : ''}`,
      );
    }
    return 0;
  });
}

export async function runBackup({ operands, withControl, print, misuse }: VerbContext): Promise<number> {
  const [file, ...rest] = operands;
  if (file === undefined || rest.length > 0) throw misuse('one FILE is wanted');
  return withControl(async (control) => {
    await control.call('backup', { path: resolve(file) });
    await print(`copied to ${file}; restored, it may deliver again what was under way: nothing is lost\n`);
    return 0;
  });
}

export async function runReload({ withControl, print }: VerbContext): Promise<number> {
  return withControl(async (control) => {
    const { problems } = await control.call('config.reload', {});
    await print(
      problems.length === 0
        ? 'taken up\n'
        : `${problems.map(escapeText).join('\n')}\nthe old configuration stays\n`,
    );
    return problems.length === 0 ? 0 : 78;
  });
}

function paramsText(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
