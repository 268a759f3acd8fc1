/**
 * `file`: alerts into the files of one directory.
 *
 * Names are single names: no separator, no dot at the front; symbolic links, further names of a file (hard links) and anything that is no regular
 * file are refused. `jsonl` and `text` are appended to and synced before the alert counts as sent (append.ts); `idmef` makes
 * one document of each (os/write-together.ts), whose name a repeat has again. With several files a retry appends to all of them.
 */

import { statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

import { z } from 'zod';

import { messageOf, RelayError } from '../../../../core/errors.ts';
import { ownSinkLimits } from '../../../../core/limits.ts';
import { OK } from '../../../../core/outcome.ts';
import { envelopeHead, envelopeTail } from '../../../../idmef/envelope.ts';
import { writeTogether } from '../../../../os/write-together.ts';
import type { Endpoint } from '../../../model/recipient.ts';
import type { Notification, SendMessage, Sink, SinkAnswer, SinkDeps, SinkType } from '../../../model/sink.ts';
import { alertDocument } from '../../format/alert-document.ts';
import { jsonLine } from '../format/json-line.ts';
import { lineOf, plainLine } from '../../format/line.ts';
import { wordsAlert } from '../idmef/words-alert.ts';
import { readParams } from '../../read-params.ts';
import { list, listOf } from '../params.ts';
import { answer } from '../say.ts';
import { oneByOne } from '../turns.ts';
import { appendDurably } from './append.ts';
import { fileOutcome } from './file-outcome.ts';

const name = /^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$/;

export const fileEndpoint = z.strictObject({
  dir: z
    .string()
    .refine(isAbsolute, 'must be a whole path')
    .describe('The directory; nothing outside of it is ever written'),
});

export const fileRecipient = z.strictObject({
  file: list
    .refine((value) => listOf(value).every((one) => name.test(one)), 'must be names without a directory')
    .default('alerts.jsonl')
    .describe('Name of the file in it, or several; with format idmef the first part of the names'),
  format: z
    .enum(['jsonl', 'text', 'idmef'])
    .default('jsonl')
    .describe(
      'jsonl: a JSON document a line; text: a line, or what was posted by key as it was; idmef: one document a file',
    ),
  rotate_mib: z
    .number()
    .positive()
    .max(1_000_000)
    .default(100)
    .describe('A larger file is put aside as NAME.1, that as NAME.2 …'),
  rotate_hours: z.number().positive().max(100_000).optional().describe('So is an older one; default never'),
  keep: z
    .number()
    .int()
    .min(1)
    .max(ownSinkLimits.fileKeep)
    .default(10)
    .describe('So many are kept; the oldest is removed'),
});

type FileParams = z.output<typeof fileRecipient>;

export const fileType: SinkType = {
  type: 'file',
  summary: 'files of one directory: JSON lines, text, or IDMEF documents',
  audience: 'machine',
  medium: 'plain',
  endpoint: fileEndpoint,
  recipient: fileRecipient,
  secrets: [],
  fileOnly: true,
  batch: ownSinkLimits.machineMessages,
  text: { body: ownSinkLimits.mailChars },
  timeoutMs: ownSinkLimits.machineMs,
  create: createFile,
};

// Asynchronous by contract: a bad setting is a rejection.
// oxlint-disable-next-line typescript/require-await
async function createFile(endpoint: Endpoint, deps: SinkDeps): Promise<Sink> {
  const where = `endpoint ${endpoint.name}`;
  const { dir } = readParams(fileEndpoint, endpoint.params, where);
  checkDirectory(dir, where);
  const turn = oneByOne();

  const write = async (notification: Notification): Promise<void> => {
    const { recipient, messages, at } = notification;
    const params = readParams(fileRecipient, recipient.params, `recipient ${recipient.name}`);
    if (params.format === 'idmef') {
      const [stem = 'alert'] = listOf(params.file);
      await writeTogether(dir, await documents(stem, notification, deps), at);
      return;
    }
    const text = messages.map((message) => entry(message, params, recipient.verbatim)).join('');
    const data = Buffer.from(messages.length === 0 ? words(notification, params) : text);
    const { rotate_mib: mib, rotate_hours: hours, keep } = params;
    for (const one of listOf(params.file)) {
      await appendDurably(join(dir, one), data, {
        lines: params.format,
        rotateBytes: mib * 1024 * 1024,
        ...(hours === undefined ? {} : { rotateMs: hours * 3_600_000 }),
        keep,
        now: deps.timers.now(),
        log: (sentence) => deps.log.warning(`${where}: ${sentence}`),
      });
    }
  };

  const send = async (notification: Notification, signal: AbortSignal): Promise<SinkAnswer> => {
    signal.throwIfAborted();
    try {
      await turn(() => write(notification));
      return answer(OK);
    } catch (error) {
      return answer(fileOutcome(error, dir));
    }
  };
  return { limits: () => [], send, close: () => turn(() => Promise.resolve()) };
}

function entry(message: SendMessage, { format }: FileParams, verbatim: boolean): string {
  if (format === 'jsonl') return `${jsonLine(alertDocument(message))}\n`;
  return `${verbatim && message.verbatim !== undefined ? message.verbatim : lineOf(message)}\n`;
}

function words(notification: Notification, { format }: FileParams): string {
  const text = plainLine(notification);
  return `${format === 'jsonl' ? jsonLine({ form: notification.form, text }) : text}\n`;
}

async function documents(
  stem: string,
  notification: Notification,
  deps: SinkDeps,
): Promise<{ name: string; data: Buffer }[]> {
  const { messages } = notification;
  if (messages.length === 0) {
    return [
      {
        name: `${stem}-${notification.form}-${notification.id}.xml`,
        data: enveloped(await wordsAlert(notification, deps)),
      },
    ];
  }
  return messages.map(({ seq, at, body }) => {
    const stamp = new Date(at).toISOString().replace(/[-:]/g, '');
    return { name: `${stem}-${stamp}-${String(seq).padStart(12, '0')}.xml`, data: enveloped(body) };
  });
}

function enveloped(body: Buffer): Buffer {
  return Buffer.concat([envelopeHead, body, envelopeTail]);
}

function checkDirectory(dir: string, where: string): void {
  const wrong = (text: string, hint: string): RelayError =>
    new RelayError('CONFIG', `${where}: dir ${dir} ${text}`, { hint });
  let stat;
  try {
    stat = statSync(dir);
  } catch (error) {
    throw wrong(
      `cannot be used: ${messageOf(error)}`,
      `mkdir -p ${dir}, and chown it to the user of the service`,
    );
  }
  if (!stat.isDirectory()) throw wrong('is no directory', 'name a directory');
  if ((stat.mode & 0o002) !== 0) throw wrong('may be written by everybody', `chmod o-w ${dir}`);
}
