/**
 * The faults of a prelude-manager and of our registration with it, in words: one sentence that follows the
 * destination's label, and what to do.
 *
 * Used by everything in this folder that can fail, and by `idmef doctor`, which lists the table too. `kind`: `config`
 * is mended on this host or by registering anew, `broken` by an operator on either side, `again` passes.
 */

import { RelayError, type ErrorCode } from '../../core/errors.ts';
import { fillTemplate, type TemplateValues } from '../../core/fill-template.ts';
import type { PreludeAddress } from './prelude-url.ts';

interface FaultSpec {
  readonly kind: 'config' | 'broken' | 'again';
  readonly text: string;
  readonly hint: string;
}

export type PreludeFault = keyof typeof preludeFaults;

/** `{register}`: the line that registers the profile. */
export const preludeFaults = {
  'prelude-profile-missing': {
    kind: 'config',
    text: 'has no profile on this host: {dir} does not exist',
    hint: 'register it here, while prelude-admin registration-server runs there: {register}',
  },
  'prelude-profile-unreadable': {
    kind: 'config',
    text: 'has a profile that user id {uid} may not read: {path} ({code})',
    hint: 'it was registered for another user: chown -R {uid}:{gid} {dir}',
  },
  'prelude-profile-damaged': {
    kind: 'config',
    text: 'has a profile that cannot be used: {path} {said}',
    hint: 'register it anew: prelude-admin del {profile}, then {register}',
  },
  'prelude-key-mismatch': {
    kind: 'config',
    text: 'has a profile whose key is not that of its certificate: {dir}/key',
    hint: 'register it anew: prelude-admin del {profile}, then {register}',
  },
  'prelude-certificate-missing': {
    kind: 'config',
    text: 'is manager {manager}, and {dir}/client.keycrt has no certificate of it, only of {others}',
    hint: 'register the profile with this manager too: {register}',
  },
  'prelude-certificate-expired': {
    kind: 'config',
    text: 'gave the profile a certificate that ended {until}: {dir}/client.keycrt',
    hint: 'register it anew: prelude-admin del {profile}, then {register}',
  },
  'prelude-certificate-not-yet-valid': {
    kind: 'config',
    text: 'gave the profile a certificate that is not valid before {from}: {dir}/client.keycrt',
    hint: 'set the clock of this host or of the manager, whichever is wrong (timedatectl)',
  },
  'prelude-no-write-right': {
    kind: 'config',
    text: 'registered the profile without the right to write (it has {rights})',
    hint: 'register it anew: prelude-admin del {profile}, then {register}',
  },
  'prelude-reader-in-oneshot': {
    kind: 'broken',
    text: 'has given the profile the right to read too (idmef:rw), and a run that ends must not use that: for a reader that is away the manager spools the events of everybody, without limit',
    hint: 'name a profile registered with "idmef:w" only, or run with --follow',
  },
  'prelude-other-manager': {
    kind: 'broken',
    text: 'shows the certificate of {shown}, and the profile trusts {trusted}',
    hint: 'a manager of another site listens there, or this one was made anew: correct the address, or register with it: {register}',
  },
  'prelude-certificate-revoked': {
    kind: 'broken',
    text: 'has revoked the certificate of the profile (alert: {alert})',
    hint: 'if that was an error, register the profile anew: prelude-admin del {profile}, then {register}',
  },
  'prelude-certificate-refused': {
    kind: 'broken',
    text: 'does not accept the certificate of the profile (alert: {alert})',
    hint: 'its log says why: issued by another manager, or expired by its clock; else register anew: prelude-admin del {profile}, then {register}',
  },
  'prelude-rejected': {
    kind: 'broken',
    text: 'ends the session instead of accepting us ({said})',
    hint: 'its log says why: a revoked or foreign certificate; a manager that is being stopped does so too',
  },
  'prelude-closed-at-first-message': {
    kind: 'broken',
    text: 'accepts us and ends the session at the first message',
    hint: 'its log says "insufficient credentials" when the right is missing; a manager that is being stopped does so too',
  },
  'prelude-protocol': {
    kind: 'broken',
    text: 'says what is not of the protocol: {said}',
    hint: 'is it a prelude-manager, of version 5 or about',
  },
  'prelude-silent': {
    kind: 'again',
    text: 'takes the connection and does not greet within {seconds} s',
    hint: 'it hangs or is overloaded: look at it there',
  },
  'prelude-stalled': {
    kind: 'again',
    text: 'has taken nothing more for {seconds} s',
    hint: 'it is overloaded, its disk is full, or the network lets nothing through: look at it there',
  },
  'prelude-unconfirmed': {
    kind: 'again',
    text: 'takes messages and has confirmed none for {seconds} s',
    hint: 'its reports hang; or another program uses the profile too, or [idmef-criteria] there filters what readers get',
  },
  'prelude-session-ended': {
    kind: 'again',
    text: 'has ended the session',
    hint: 'it was stopped or restarted; its log says more',
  },
} as const satisfies Record<string, FaultSpec>;

const codes: Readonly<Record<FaultSpec['kind'], ErrorCode>> = {
  config: 'CONFIG',
  broken: 'DESTINATION_BROKEN',
  again: 'DESTINATION_UNREACHABLE',
};

export function preludeFault(
  fault: PreludeFault,
  address: PreludeAddress,
  values: TemplateValues = {},
  cause?: unknown,
): RelayError {
  const { kind, text, hint }: FaultSpec = preludeFaults[fault];
  const { dir, profile } = address;
  const all = { dir, profile, register: registration(address), ...userIds(), ...values };
  return new RelayError(codes[kind], `${address.label} ${fillTemplate(text, all)}`, {
    fault,
    hint: fillTemplate(hint, all),
    ...(cause === undefined ? {} : { cause }),
  });
}

function registration({ profile, host }: PreludeAddress): string {
  const { uid, gid } = userIds();
  return `prelude-admin register ${profile} "idmef:w" ${host} --uid ${uid} --gid ${gid}`;
}

function userIds(): { readonly uid: number; readonly gid: number } {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}
