/**
 * What `prelude://HOST[:PORT]?profile=NAME[&dir=DIR]` names: a prelude-manager, and the profile that
 * `prelude-admin register` made on this host for talking to it.
 *
 * Read by src/cli (which gives the option's name to what is wrong) and by destination.ts for identity and label.
 * The identity is host, port and profile: where the profile's files lie on this host (`dir`) may change without the
 * queue being another.
 */

import { RelayError } from '../../core/errors.ts';

export interface PreludeAddress {
  /** As sockets want it: IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly profile: string;
  /** Where the profile's files are. */
  readonly dir: string;
  /** `prelude-manager mgr:4690 (profile relay)`, for sentences. */
  readonly label: string;
}

const DEFAULT_PORT = 4690;
const PROFILES = '/etc/prelude/profile';

/** Throws RelayError CONFIG whose message follows the option's name: `must name …, not '…'`. */
export function readPreludeUrl(url: URL): PreludeAddress {
  if (url.hostname === '') throw wrong(`must name a host, not '${url.href}'`);
  if (url.username !== '' || url.password !== '') {
    throw wrong(`must not carry a user or password: 'prelude://…@${url.host}'`);
  }
  if (url.pathname !== '' && url.pathname !== '/') {
    throw wrong(`must not have a path: '${url.href}'`, 'the profile is named in it: ?profile=NAME');
  }
  if (url.port === '0') throw wrong(`must name a port above 0, not '${url.href}'`);
  for (const name of new Set(url.searchParams.keys())) {
    if (name !== 'profile' && name !== 'dir') throw wrong(`has an unknown part '${name}': '${url.href}'`);
    if (url.searchParams.getAll(name).length > 1) throw wrong(`names ${name} twice: '${url.href}'`);
  }
  const profile = url.searchParams.get('profile') ?? '';
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/.test(profile)) {
    throw wrong(
      profile === '' ? `must name a profile, not '${url.href}'` : `has no name of a profile: '${profile}'`,
    );
  }
  const dir = url.searchParams.get('dir') ?? `${PROFILES}/${profile}`;
  if (!dir.startsWith('/') || dir.includes('\0')) {
    throw wrong(`must name a directory by its whole path, not '${dir}'`);
  }
  const bare = url.hostname.toLowerCase();
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return {
    host: bare.startsWith('[') ? bare.slice(1, -1) : bare,
    port,
    profile,
    dir: dir.length > 1 ? dir.replace(/\/+$/, '') : dir,
    label: `prelude-manager ${bare}:${port} (profile ${profile})`,
  };
}

/** The same for every spelling of one destination. */
export function preludeId(url: URL): string {
  const { host, port, profile } = readPreludeUrl(url);
  return `prelude://${host.includes(':') ? `[${host}]` : host}:${port}?profile=${profile}`;
}

function wrong(message: string, hint = 'for example prelude://manager:4690?profile=NAME'): RelayError {
  return new RelayError('CONFIG', message, { hint });
}
