/**
 * `chat=-100123 to=[a@example.org,b@example.org] token=@token.txt`: settings on a command line. Values are YAML; `@FILE` is the content
 * of a file (`@-` stdin), so that secrets need not stand in the list of processes. An empty value removes a key.
 */

import { parseYaml } from '../../config/yaml-text.ts';
import { RelayError } from '../../core/errors.ts';
import { readText } from './verb-context.ts';

export async function readKeyValues(words: readonly string[]): Promise<Record<string, unknown>> {
  const result: Record<string, unknown> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 1) throw new RelayError('USAGE', `KEY=VALUE is wanted, not '${word}'`);
    const key = word.slice(0, equals);
    const text = word.slice(equals + 1);
    result[key] = await valueOf(key, text);
  }
  return result;
}

async function valueOf(key: string, text: string): Promise<unknown> {
  if (text === '') return null;
  if (text.startsWith('@')) return (await readText(text.slice(1))).replace(/\r?\n$/, '');
  const parsed = parseYaml(text, key);
  if (parsed.ok) return parsed.value;
  throw new RelayError('USAGE', `${key}: ${parsed.text}`);
}
