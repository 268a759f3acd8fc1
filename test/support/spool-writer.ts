/**
 * A producer as it should be: temporary file, fsync, rename into the spool. Once `put` has returned, the alert
 * is an obligation: it must arrive. The alert's content follows from its id, so that what arrives can be checked
 * against what was promised (`bodyOf`).
 */

import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A small valid alert whose messageid is `id`. */
export function alertDocument(id: string, payload = ''): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<idmef:IDMEF-Message xmlns:idmef="http://iana.org/idmef">${alertElement(id, payload)}</idmef:IDMEF-Message>\n`
  );
}

function alertElement(id: string, payload: string): string {
  return (
    `<idmef:Alert messageid="${id}"><idmef:Analyzer analyzerid="writer"/>` +
    '<idmef:CreateTime ntpstamp="0xbc72541d.0x00000000">2000-03-09T18:47:25+02:00</idmef:CreateTime>' +
    `<idmef:Classification text="probe ${id}"/>` +
    `<idmef:AdditionalData type="string" meaning="payload"><idmef:string>${payload}</idmef:string>` +
    '</idmef:AdditionalData></idmef:Alert>'
  );
}

/** Writes the document durably as `<name>.xml`. */
export function putInSpool(spoolDir: string, name: string, document: string | Uint8Array): void {
  const temporary = join(spoolDir, `.${name}.tmp`);
  const fd = openSync(temporary, 'wx', 0o640);
  try {
    writeSync(fd, typeof document === 'string' ? Buffer.from(document) : document);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, join(spoolDir, `${name}.xml`));
}

/** messageid of every Alert in a document, in order; with repeats. */
export function messageIds(document: string | Uint8Array): string[] {
  const text = typeof document === 'string' ? document : Buffer.from(document).toString('utf8');
  return [...text.matchAll(/<(?:[\w-]+:)?Alert\b[^>]*?\bmessageid="([^"]*)"/g)].map(
    (match) => match[1] ?? '',
  );
}
