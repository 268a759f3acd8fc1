/**
 * Which content coding a request's Accept-Encoding asks for (RFC 9110 §12.5.3), and the compression itself. Called by
 * router.ts for every GET and by leased-get.ts.
 *
 * Only leased answers are compressed: they stand in memory whole, so that length and digest are those of what is
 * sent. Plain answers are streamed under a Content-Length known beforehand. zlib works in libuv's threads.
 */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { splitOutsideQuotes } from './conneg.ts';

/** What the peer takes: whether gzip is preferred, and whether an answer as it is will do. */
export interface Codings {
  readonly gzip: boolean;
  readonly identity: boolean;
}

/** Without the header anything goes, and identity is the safest; with an empty one only identity does. */
export function acceptedCodings(header: string | undefined): Codings {
  const weights = new Map<string, number>();
  for (const item of splitOutsideQuotes(header ?? '', ',')) {
    const [coding = '', ...parameters] = splitOutsideQuotes(item, ';').map((part) =>
      part.trim().toLowerCase(),
    );
    if (coding !== '' && !weights.has(coding)) weights.set(coding, weightOf(parameters));
  }
  const any = weights.get('*');
  const gzipWeight = weights.get('gzip') ?? weights.get('x-gzip') ?? any ?? 0;
  const identityWeight = weights.get('identity') ?? any;
  return {
    gzip: gzipWeight > 0 && gzipWeight >= (identityWeight ?? 0),
    identity: identityWeight === undefined || identityWeight > 0,
  };
}

/** Level 1: alerts shrink to a tenth, at more than 100 MB/s. */
export async function compress(body: Buffer): Promise<Buffer> {
  return await promisify(gzip)(body, { level: 1 });
}

/** `q=0.5`; 1 without one; what is no weight is refused rather than taken for 1. */
function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
  if (weight === undefined) return 1;
  return /^q\s*=\s*(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight)
    ? Number(weight.slice(weight.indexOf('=') + 1))
    : 0;
}
