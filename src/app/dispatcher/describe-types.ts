/** `alert-dispatcher endpoints types [TYPE]`: the sink types there are, and what one of them takes. Made from the declarations themselves. */

import { RelayError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { describeType, describeTypeText } from '../../dispatcher/sinks/describe-type.ts';
import { siteTypes } from './load-configuration.ts';

/** With the own modules of the site, if there is a configuration. Throws RelayError NOT_FOUND for a type there is not. */
export async function describeTypes(
  configFile: string,
  name: string | undefined,
  json: boolean,
): Promise<string> {
  const types = await siteTypes(configFile);
  if (name === undefined) {
    const rows = [...types.values()].map(({ type, audience, summary }) => ({ type, audience, summary }));
    if (json) return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    const width = Math.max(...rows.map(({ type }) => type.length));
    return rows
      .map(({ type, audience, summary }) => `${type.padEnd(width)}  ${audience.padEnd(7)}  ${summary}\n`)
      .join('');
  }
  const type = types.get(name);
  if (type !== undefined) return json ? `${JSON.stringify(describeType(type))}\n` : describeTypeText(type);
  const meant = nearest(name, [...types.keys()]);
  throw new RelayError('NOT_FOUND', `there is no endpoint type '${name}'`, {
    hint: meant === undefined ? "'alert-dispatcher endpoints types' lists them" : `did you mean ${meant}?`,
  });
}
