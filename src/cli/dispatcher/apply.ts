/** `alert-dispatcher apply FILE`: endpoints, recipients and switches from a file; only a plan without `--apply`. */

import { parseYaml } from '../../config/yaml-text.ts';
import { RelayError } from '../../core/errors.ts';
import { isObject } from '../../core/json-object.ts';
import { escapeText, jsonLine } from './print.ts';
import { readText, type VerbContext } from './verb-context.ts';

export async function runApply({
  operands: [file = ''],
  settings,
  json,
  withControl,
  print,
}: VerbContext): Promise<number> {
  const parsed = parseYaml(await readText(file), file);
  if (!parsed.ok) throw new RelayError('INVALID_INPUT', `${file}:${parsed.line}: ${parsed.text}`);
  const { value } = parsed;
  if (!isObject(value)) {
    throw new RelayError('INVALID_INPUT', `${file} is no map of endpoints, recipients and sources`);
  }
  const dryRun = !settings.flag('apply');
  const prune = settings.flag('prune');
  return await withControl(async (control) => {
    const { put, removed } = await control.call('apply', { ...value, prune, dryRun });
    if (json) {
      await print(jsonLine({ put, removed, dryRun }));
      return 0;
    }
    const lines = [...put.map((one) => `+ ${one}`), ...removed.map((one) => `- ${one}`)];
    await print(lines.map((line) => `${escapeText(line)}\n`).join(''));
    if (dryRun) await print('nothing changed: --apply does it\n');
    return 0;
  });
}
