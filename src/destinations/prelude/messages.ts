/**
 * The two messages that open a session of Prelude's native protocol.
 *
 * After the TLS handshake the manager says who it is (AUTH): one field, tag 6 for "accepted" with its analyzerid in 64
 * bits, tag 7 for "refused". The client answers with what it wants of the connection (CAPABILITY): one empty field
 * whose tag is the sum of the rights.
 */

const SUCCEEDED = 6;
const FAILED = 7;
/** Tag and length. */
const HEAD_BYTES = 5;
const IDENT_BYTES = 8;

/** Rights of a connection, as `prelude-admin register` grants them; they add up. */
export const capabilities = { readIdmef: 1, writeIdmef: 4 } as const;

export function capabilityPayload(rights: number): Buffer {
  return Buffer.of(rights, 0, 0, 0, 0);
}

/** What a manager says of itself; used by a stand-in for one. */
export function authPayload(analyzerid: string): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + IDENT_BYTES);
  bytes[0] = SUCCEEDED;
  bytes.writeUInt32BE(IDENT_BYTES, 1);
  bytes.writeBigUInt64BE(BigInt(analyzerid), HEAD_BYTES);
  return bytes;
}

/** The manager's analyzerid in decimal, 'refused', or nothing that the protocol knows. */
export function readAuth(payload: Buffer): { analyzerid: string } | 'refused' | undefined {
  if (payload.length < HEAD_BYTES) return undefined;
  const tag = payload[0];
  const length = payload.readUInt32BE(1);
  if (tag === FAILED) return 'refused';
  if (tag !== SUCCEEDED || length !== IDENT_BYTES || payload.length !== HEAD_BYTES + IDENT_BYTES) {
    return undefined;
  }
  return { analyzerid: payload.readBigUInt64BE(HEAD_BYTES).toString() };
}
