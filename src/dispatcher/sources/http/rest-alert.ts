/**
 * The JSON alert of `POST /api/v1/alerts`: what a script knows, in plain words. Called by rest-post.ts.
 *
 * `{"title": "Backup failed", "severity": "medium", "source": {"address": "198.51.100.7"}, "target": {"name": "db1", "port": 5432},
 * "detail": "…", "data": {"job": "nightly"}, "channels": ["soc"]}`; only `title` must be there. `id` makes a repeat of the post a duplicate
 * instead of a second alert and asks for `time`, because a repeat has to be the same in every byte. Unknown fields are refused: a misspelt
 * `severity` must not become an alert without one.
 */

import { z } from 'zod';

import { parseAddress } from '../../../core/network.ts';
import type { DatumParts, PartyParts } from '../../../idmef/compose.ts';
import { checkInput, type Fault, pathText } from '../../input/check-input.ts';
import type { MessageOrigin } from '../../model/message.ts';
import { oneLine, type TextParts } from '../wrap-text.ts';
import { factOf } from './facts.ts';

const word = z.string().min(1).max(255);

const party = z
  .strictObject({
    address: z.string().refine((text) => parseAddress(text) !== undefined, {
      error: 'is no IP address; a name goes into name',
    }),
    name: word,
    user: word,
    process: word,
    port: z.int().min(1).max(65_535),
    protocol: word,
    service: word,
    url: z.string().min(1).max(2_048),
  })
  .partial();

const parties = z.union([party, z.array(party).max(100)]);

const alertSchema = z
  .strictObject({
    title: z.string().trim().min(1).max(1_000),
    severity: z.enum(['info', 'low', 'medium', 'high']).optional(),
    completion: z.enum(['failed', 'succeeded']).optional(),
    id: word.optional(),
    time: z.iso.datetime({ offset: true }).optional(),
    source: parties.optional(),
    target: parties.optional(),
    detail: z.string().max(65_536).optional(),
    analyzer: word.optional(),
    references: z
      .array(z.strictObject({ name: word, url: z.string().min(1).max(2_048) }))
      .max(20)
      .optional(),
    data: z
      .record(word, z.union([z.string().max(4_096), z.number(), z.boolean()]))
      .refine((data) => Object.keys(data).length <= 50, { error: 'has more than 50 fields' })
      .optional(),
    channels: z.array(word).min(1).max(64).optional(),
  })
  .refine(({ id, time }) => id === undefined || time !== undefined, {
    error: 'id needs time, or a repeat would not be the same',
    path: ['id'],
  });

export interface RestAlert {
  readonly parts: TextParts;
  readonly channels?: readonly string[];
}

/** A sentence for what is no such alert; it names the field, and no value. */
export function restAlert(value: unknown, origin: MessageOrigin): RestAlert | string {
  const checked = checkInput(alertSchema, value);
  if (!checked.ok) return sentenceOf(checked.faults[0]);
  const {
    title,
    severity,
    completion,
    id,
    time,
    source,
    target,
    detail = '',
    analyzer,
    references,
    data,
    channels,
  } = checked.value;
  const facts: DatumParts[] = Object.entries(data ?? {}).map(([name, one]) => factOf(name, one));
  const parts: TextParts = {
    text: detail,
    title,
    origin,
    data: facts,
    sources: partiesOf(source),
    targets: partiesOf(target),
    ...(severity === undefined ? {} : { severity }),
    ...(completion === undefined ? {} : { completion }),
    ...(analyzer === undefined ? {} : { analyzer: { name: analyzer } }),
    ...(references === undefined
      ? {}
      : { references: references.map((one) => ({ name: oneLine(one.name), url: oneLine(one.url, 2_048) })) }),
    ...(id === undefined ? {} : { messageid: oneLine(id, 255) }),
    ...(time === undefined ? {} : { createTime: Date.parse(time) }),
  };
  return { parts, ...(channels === undefined ? {} : { channels }) };
}

function partiesOf(given: z.output<typeof parties> | undefined): readonly PartyParts[] {
  if (given === undefined) return [];
  // composeAlert leaves out what is empty.
  return (Array.isArray(given) ? given : [given]).map(
    ({ address = '', name = '', user = '', process = '', protocol = '', service = '', url = '', port }) => ({
      address,
      nodeName: oneLine(name),
      user: oneLine(user),
      process: oneLine(process),
      protocol: oneLine(protocol),
      ...(service === '' ? {} : { serviceName: oneLine(service) }),
      url: oneLine(url, 2_048),
      ...(port === undefined ? {} : { port }),
    }),
  );
}

/** Who writes JSON knows objects and fields; a key is another thing here. */
function sentenceOf(fault: Fault | undefined): string {
  const path = pathText(fault?.path ?? []).slice(0, 100);
  const text = (fault?.text ?? 'is not of the form')
    .replace('a map', 'an object')
    .replace('is no key known here', 'there is no such field');
  return `${path === '' ? 'the alert' : `${path}:`} ${text}`;
}
