/**
 * The dispatcher of the demonstration: its configuration, and what has come of the samples. Two recipients: a directory, which gets every
 * alert as it is (a machine), and the terminal, on which people are told.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { readDocument } from '../../src/idmef/read-document.ts';
import type { Issued, Pki } from '../support/pki.ts';

/** `dispatcher.yml`. Paths in it are absolute; alerts that are not high wait a second for others of their incident (30 s by default). */
export function configText(arrived: string, { caFile }: Pki, { certFile, keyFile }: Issued): string {
  return `endpoints:
  directory: { type: file, dir: ${quoted(arrived)} }
  terminal: { type: console }
recipients:
  archive: { endpoint: directory, file: alert, format: idmef }
  people:
    endpoint: terminal
    template: "[{{ alert.severity | upcase }}] {{ alert.title }}{% for one in alert.sources %} from {{ one.address }}{% endfor %} {{ tag }}"
route: { to: [archive, people], group_wait: 1s }
sources:
  https:
    listen: 127.0.0.1:0
    cert: ${quoted(certFile)}
    key: ${quoted(keyFile)}
    ca: ${quoted(caFile)}
    allow_relay: [DNS:manager1]
`;
}

/** A JSON string is one in YAML too. */
function quoted(path: string): string {
  return JSON.stringify(resolve(path));
}

/** The messages of a document, each as text. */
export function messagesOf(document: Uint8Array): string[] {
  const verdict = readDocument(document, 'strict');
  if (!verdict.readable) throw new Error(`not an IDMEF document: ${verdict.problem.text}`);
  return verdict.messages.map(({ bytes }) => Buffer.from(bytes).toString('utf8'));
}

/** Names of what lies in the file recipient's directory, oldest first. */
export function documentsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .toSorted()
    .map((name) => join(folder, name));
}

export function arrivedIn(folder: string): string[] {
  return documentsIn(folder).flatMap((path) => messagesOf(readFileSync(path)));
}

/**
 * Whether the terminal has a line about the message: it names where the attack comes from. By the template or, on a host too busy for its
 * deadline, in the usual words.
 */
export function isTold(message: string, output: string): boolean {
  const source = /<(?:\w+:)?address>([^<]+)</.exec(message)?.[1];
  if (source === undefined) throw new Error('a sample without an address');
  const named = new RegExp(`(?<![\\w.:])${source.replaceAll('.', '\\.')}(?![\\w.])`);
  return output.split('\n').some((line) => line.startsWith('[') && named.test(line));
}
