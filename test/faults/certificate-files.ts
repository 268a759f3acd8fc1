/** What the parts of R14 share: flags for one side's TLS files, a cap on the TLS version, copies of files. */

import { readFileSync, writeFileSync } from 'node:fs';

import type { Pki } from '../support/pki.ts';
import type { SideFiles } from './certificate-cells.ts';

export type Version = 'TLSv1.2' | 'TLSv1.3';

/** Caps the newest version of a program that would choose 1.3 by itself. */
export function versionFlags(version: Version): readonly string[] {
  if (version === 'TLSv1.3') return [];
  const code =
    "import tls from 'node:tls';import {syncBuiltinESMExports} from 'node:module';const make=tls.createSecureContext;" +
    "tls.createSecureContext=(o)=>make({...o,maxVersion:'TLSv1.2'});syncBuiltinESMExports();";
  return [`--import=data:text/javascript,${encodeURIComponent(code)}`];
}

export function tlsFlags(files: SideFiles | undefined, pki: Pki, good: 'client' | 'server'): string[] {
  const { as = pki[good], ca = pki.caFile, crl, flags = [] } = files ?? {};
  const list = crl === undefined ? [] : ['--crl', crl];
  return ['--cert', as.certFile, '--key', as.keyFile, '--cacert', ca, ...list, ...flags];
}

export function hasLine(text: string, words: RegExp): boolean {
  return text.split('\n').some((line) => words.test(line));
}

/** Copies content, so that a program's files can be changed without touching the authority's. */
export function copyTo(path: string, from: string): string {
  writeFileSync(path, readFileSync(from), { mode: 0o600 });
  return path;
}
