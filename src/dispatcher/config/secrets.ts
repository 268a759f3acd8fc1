/**
 * Secrets of endpoints: `token_file: /etc/idmef-relay/bot.token` instead of the token. A name without a slash is looked for in
 * `$CREDENTIALS_DIRECTORY` (systemd's LoadCredential). A file that the world can read is refused. In the file's text a secret
 * itself is an error: the text is kept with every version of the configuration. The database keeps secrets themselves and names
 * no files: a command could otherwise have any file that the service may read sent to an address of its own.
 */

import { messageOf, systemCode } from '../../core/errors.ts';
import type { Fault, KeyPath } from '../input/check-input.ts';

/** What reading a secret needs of the outside. */
export interface SecretFiles {
  /** Mode bits and content; rejects as fs does. */
  read(path: string): { readonly mode: number; readonly text: string };
  /** `$CREDENTIALS_DIRECTORY`. */
  readonly credentialsDirectory?: string;
  /** `check --without-files`: files need not be there. */
  readonly absentAllowed?: boolean;
}

const OTHERS = 0o007;

/** Masked wherever they are shown, because some carry a token, but most do not: they may stand in the file. */
const MAY_STAND_THERE: ReadonlySet<string> = new Set(['url', 'urls']);

export interface Resolved {
  readonly params: Readonly<Record<string, unknown>>;
  /** Secrets whose files need not be there and are not: what they look like is nobody's business. */
  readonly absent: ReadonlySet<string>;
  readonly faults: readonly Fault[];
}

/**
 * Replaces `NAME_file` by `NAME` for the secrets of a type.
 *
 * @param isStored they come from the database
 */
export function resolveSecrets(
  params: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  at: KeyPath,
  files: SecretFiles,
  isStored: boolean,
): Resolved {
  const result: Record<string, unknown> = { ...params };
  const faults: Fault[] = [];
  const absent = new Set<string>();
  for (const secret of secrets) {
    const key = `${secret}_file`;
    const named = result[key];
    if (!isStored && result[secret] !== undefined && !MAY_STAND_THERE.has(secret)) {
      faults.push({
        path: [...at, secret],
        text: `is a secret: write ${key} and the name of a file that holds it`,
      });
      continue;
    }
    if (named === undefined) continue;
    if (isStored) {
      const text = `a file may be named in the root-owned file only: ${secret}=@FILE hands its content over`;
      faults.push({ path: [...at, key], text });
      continue;
    }
    if (result[secret] !== undefined) {
      faults.push({ path: [...at, key], text: `${secret} is given too: only one of them` });
      continue;
    }
    delete result[key];
    const read = typeof named === 'string' ? readSecret(named, files) : 'must be the name of a file';
    if (typeof read === 'string') {
      faults.push({ path: [...at, key], text: read });
      continue;
    }
    result[secret] = read.value;
    if (read.value === PLACEHOLDER) absent.add(secret);
  }
  return { params: result, absent, faults };
}

function readSecret(named: string, files: SecretFiles): { readonly value: string } | string {
  const path = named.includes('/') ? named : `${files.credentialsDirectory ?? ''}/${named}`;
  if (!named.includes('/') && files.credentialsDirectory === undefined) {
    return files.absentAllowed === true
      ? { value: PLACEHOLDER }
      : `names a credential, but there is no $CREDENTIALS_DIRECTORY: write LoadCredential=${named}:FILE in the unit`;
  }
  try {
    const { mode, text } = files.read(path);
    if ((mode & OTHERS) !== 0) return `${path} can be read by everybody: chmod o= ${path}`;
    const value = text.replace(/\r?\n$/, '');
    if (value === '') return `${path} is empty`;
    if (/[\r\n]/.test(value)) return `${path} has more than one line`;
    return { value };
  } catch (error) {
    if (files.absentAllowed === true && systemCode(error) === 'ENOENT') return { value: PLACEHOLDER };
    return `${path} cannot be read: ${systemCode(error) || messageOf(error)}`;
  }
}

/** Stands for what is not there, in a check without files. No file of one line holds it. */
const PLACEHOLDER = 'absent\n';
