/**
 * `idmef journal list FILE`: what is owed, oldest first. Beside a running program; changes nothing.
 *
 * Called by src/cli/journal.ts. The XML is parsed only for what is printed; a message that cannot be read is listed all
 * the same. Exit status 0.
 */

import { backlogPages } from './journal-pages.ts';
import { readBody, type OwedMessage } from '../journal/backlog.ts';
import { openToLook } from '../journal/open-as-is.ts';
import { viewMessage } from '../idmef/view.ts';
import { escapeText } from '../log/escape.ts';
import { openOptions, type JournalIo } from './journal-io.ts';

export interface ListOptions {
  readonly path: string;
  readonly consumer: string | undefined;
  /** Also what is held for consumers that are not configured any more. */
  readonly all: boolean;
  readonly limit: number;
  readonly json: boolean;
}

const words = ['-', 'info', 'low', 'medium', 'high'] as const;

export async function listJournal(options: ListOptions, io: JournalIo): Promise<number> {
  const file = openToLook(openOptions(options.path, io));
  try {
    let left = options.limit;
    for (const page of backlogPages(file, options.consumer, options.all)) {
      for (const message of page) {
        if (left-- <= 0) return 0;
        const body = file.look((store) => readBody(store, message.sequence));
        await io.stdout(options.json ? await jsonLine(message, body) : await textLine(message, body));
      }
    }
    return 0;
  } finally {
    file.close();
  }
}

interface Facts {
  readonly kind: string;
  readonly messageid: string;
  readonly classification: string;
}

async function factsOf(body: Uint8Array | undefined): Promise<Facts> {
  if (body === undefined) return { kind: 'damaged', messageid: '', classification: '' };
  try {
    const { kind, messageid, classification } = await viewMessage(body);
    return { kind, messageid, classification };
  } catch {
    return { kind: 'unreadable', messageid: '', classification: '' };
  }
}

async function textLine(message: OwedMessage, body: Uint8Array | undefined): Promise<string> {
  const { sequence, at, severity, bytes, consumers } = message;
  const { kind, messageid, classification } = await factsOf(body);
  const columns = [sequence, isoOf(at), words[severity] ?? '-', `${bytes} bytes`, consumers.join(','), kind];
  return `${[...columns, messageid, classification].map((column) => escapeText(String(column))).join('\t')}\n`;
}

async function jsonLine(message: OwedMessage, body: Uint8Array | undefined): Promise<string> {
  return `${JSON.stringify({ ...message, at: isoOf(message.at), ...(await factsOf(body)) })}\n`;
}

/** A damaged time is no reason to end. */
function isoOf(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at);
}
