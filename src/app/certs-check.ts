/**
 * `idmef certs check`: certificates, keys and revocation lists with their facts and what is wrong with them, before a peer
 * or a newer Node refuses them. Called by src/cli/certs.ts, with files named by hand or by settings.
 *
 * stdout has the report, or with --json one object an item; stderr has what could not be read and one summary line. Exit
 * status 0 nothing to mend, 1 findings, 66 when a file could not be read (the others are checked all the same).
 */

import { readFileSync, statSync } from 'node:fs';

import { messageOf } from '../core/errors.ts';
import { escapeText } from '../log/escape.ts';
import { inspectTlsFiles, type Inspected, type TlsFile } from '../tls/inspect.ts';
import type { CommandIo } from './command-io.ts';

export interface CertsCheck {
  readonly files: readonly Omit<TlsFile, 'bytes' | 'mode'>[];
  readonly json: boolean;
}

export async function runCertsCheck({ files, json }: CertsCheck, io: CommandIo): Promise<number> {
  const read: TlsFile[] = [];
  let unreadable = 0;
  for (const file of files) {
    try {
      read.push({ ...file, bytes: readFileSync(file.path), mode: statSync(file.path).mode });
    } catch (error) {
      unreadable += 1;
      await io.stderr(
        `idmef: error: cannot read ${escapeText(file.path)}: ${escapeText(messageOf(error))}\n`,
      );
    }
  }
  const items = inspectTlsFiles(read, io.now());
  for (const item of items) await io.stdout(json ? `${JSON.stringify(item)}\n` : textOf(item));
  const findings = items.flatMap((item) => item.findings);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const summary =
    findings.length === 0 ? 'nothing to mend' : `${errors} errors, ${findings.length - errors} warnings`;
  const lost = unreadable === 0 ? '' : `, ${unreadable} files unreadable`;
  await io.stderr(`idmef: ${items.length} items: ${summary}${lost}\n`);
  if (unreadable > 0) return 66;
  return findings.length === 0 ? 0 : 1;
}

const NOUNS = { certificate: 'certificate', key: 'key', crl: 'revocation list', unknown: 'file' } as const;

function textOf({ file, kind, facts, findings }: Inspected): string {
  const {
    subject,
    names = [],
    issuer,
    from,
    until,
    daysLeft,
    key,
    digest,
    purposes = [],
    authority,
    revoked,
  } = facts;
  const lines = [`${file}: ${NOUNS[kind]}${subject === undefined ? '' : ` ${subject}`}`];
  if (names.length > 0) lines.push(`  names    ${names.join(', ')}`);
  if (issuer !== undefined) lines.push(`  issuer   ${issuer}`);
  if (from !== undefined) {
    const end = until === undefined ? 'without end' : `to ${until.slice(0, 10)}, ${daysLeft ?? 0} days left`;
    lines.push(`  valid    ${from.slice(0, 10)} ${end}`);
  }
  const strength = [key, digest === undefined || digest === 'none' ? undefined : `signed with ${digest}`];
  const known = strength.filter((part) => part !== undefined);
  if (known.length > 0) lines.push(`  key      ${known.join(', ')}`);
  if (kind === 'certificate') {
    const use = [...(authority === true ? ['authority'] : []), ...purposes];
    lines.push(`  purpose  ${use.length === 0 ? 'any' : use.join(', ')}`);
  }
  if (revoked !== undefined) lines.push(`  revoked  ${revoked}`);
  lines.push(...findings.map(({ severity, text }) => `  ${severity}: ${text}`));
  return lines.map((line) => `${escapeText(line)}\n`).join('');
}
