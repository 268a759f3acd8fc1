/**
 * PEM armour (RFC 7468): the blocks of a file, and back. Called by credentials.ts, crl.ts and src/app/certs-check.ts.
 */

interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `X509 CRL`, … */
  readonly label: string;
  readonly der: Buffer;
  /** The block as it stood in the file. */
  readonly text: string;
}

/** Every complete block of `text` in order; anything between blocks is ignored, as OpenSSL does. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const match of text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----\r?\n([^-]*)-----END \1-----/g)) {
    const [block, label = '', body = ''] = match;
    blocks.push({ label, der: Buffer.from(body, 'base64'), text: `${block}\n` });
  }
  return blocks;
}

/** A block that begins and does not end: the file is half-written, and what is missing must not be forgotten. */
export function hasBrokenBlock(text: string): boolean {
  const begun = text.match(/^-----BEGIN [A-Z0-9 ]+-----/gm)?.length ?? 0;
  return begun > (text.match(/^-----END [A-Z0-9 ]+-----/gm)?.length ?? 0);
}

export function toPem(label: string, der: Buffer): string {
  const text = der.toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += 64) {
    lines.push(text.slice(at, at + 64));
  }
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
