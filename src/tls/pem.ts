/**
 * PEM armour (RFC 7468): the blocks of a file, and back. Called by credentials.ts and crl.ts.
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

export function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
