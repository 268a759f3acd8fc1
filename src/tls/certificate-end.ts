/**
 * When the certificate of a file ends: for status, checks and metrics, which look at a profile's certificate
 * without using it. Called by src/app. The file may be missing or not ours to read: that is no error here, the
 * programs that use it say so.
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { pemBlocks } from './pem.ts';

/** Wall time in ms, of the first certificate in the file; undefined when there is none to be read. */
export function certificateEnd(file: string): number | undefined {
  try {
    const block = pemBlocks(readFileSync(file, 'latin1')).find(({ label }) => label.endsWith('CERTIFICATE'));
    if (block === undefined) return undefined;
    const end = Date.parse(new X509Certificate(block.text).validTo);
    return Number.isNaN(end) ? undefined : end;
  } catch {
    return undefined;
  }
}
