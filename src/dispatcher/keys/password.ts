/**
 * Passwords of users as they are kept: `scrypt$N$r$p$salt$hash` (RFC 7914; salt and hash in base64url). Called by `users …`, the
 * import of AlertGateway's database and whatever lets somebody log in.
 *
 * Its bcrypt hashes are kept as they came and known as such; they open nothing until their owner sets a password here. A
 * password is compared after NFKC, because keyboards disagree about accents (RFC 8265 §4.2 asks for NFC; NIST SP 800-63B for either).
 */

import { scrypt, timingSafeEqual } from 'node:crypto';

import { RelayError } from '../../core/errors.ts';
import { keyLimits } from '../../core/limits.ts';
import type { Random } from '../../core/ports.ts';

const SALT_BYTES = 16;
const HASH_BYTES = 32;

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** `imported`: a hash of another kind, which is not verified here. `damaged`: no hash at all. */
export type PasswordVerdict = 'right' | 'wrong' | 'imported' | 'damaged';

/** Throws RelayError INVALID_INPUT for an empty or overlong password. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  if (password === '' || password.length > keyLimits.passwordChars) {
    throw new RelayError('INVALID_INPUT', `a password has 1 to ${keyLimits.passwordChars} characters`);
  }
  const cost = { N: keyLimits.scryptN, r: keyLimits.scryptR, p: keyLimits.scryptP };
  const salt = Buffer.from(random.bytes(SALT_BYTES));
  const hash = await derive(password, salt, HASH_BYTES, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

export async function verifyPassword(password: string, stored: string): Promise<PasswordVerdict> {
  if (isImported(stored)) return 'imported';
  const parts = parse(stored);
  if (parts === undefined) return 'damaged';
  if (password.length > keyLimits.passwordChars) return 'wrong';
  const { salt, hash, cost } = parts;
  return timingSafeEqual(await derive(password, salt, hash.length, cost), hash) ? 'right' : 'wrong';
}

/** bcrypt, as AlertGateway kept it. */
export function isImported(stored: string): boolean {
  return /^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/.test(stored);
}

function parse(
  stored: string,
): { readonly cost: Cost; readonly salt: Buffer; readonly hash: Buffer } | undefined {
  const match =
    /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{8,128})\$([A-Za-z0-9_-]{22,128})$/.exec(stored);
  if (match === null) return undefined;
  const [, N, r, p, salt = '', hash = ''] = match;
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const isPower = cost.N > 1 && Number.isInteger(Math.log2(cost.N));
  const isBounded = 128 * cost.N * cost.r <= keyLimits.scryptMemoryBytes && cost.p <= keyLimits.scryptMaxP;
  if (!isPower || !isBounded || cost.r < 1 || cost.p < 1) return undefined;
  return { cost, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') };
}

async function derive(password: string, salt: Buffer, length: number, cost: Cost): Promise<Buffer> {
  const maxmem = 2 * keyLimits.scryptMemoryBytes;
  return await new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, length, { ...cost, maxmem }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
