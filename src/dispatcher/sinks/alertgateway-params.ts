/**
 * AlertGateway's channels in our terms: (type, its parameters) → (our type, endpoint parameters, recipient parameters). The table of aliases
 * the importer uses; the names of AlertGateway appear nowhere else.
 *
 * | AlertGateway                                                       | here                                                         |
 * | ------------------------------------------------------------------ | ------------------------------------------------------------ |
 * | telegram: bot-key · chat-id                                        | telegram: token · chat                                       |
 * | discord, slack: webhook                                            | discord, slack: · webhook                                    |
 * | rocket_chat: webhook                                               | rocketchat: · webhook                                        |
 * | smtp: server, port, from, auth, user, password · emails, subject   | smtp: server, port, from, user, password · to, subject_prefix |
 * | file: file                                                         | file: dir · file, format                                     |
 * | custom_get_request: url, any other · receivers                     | custom-get: url, values · receivers                          |
 * | custom_post_request: url, urls, datavar, any other · receivers     | custom-post: url, urls, datavar, values · receivers          |
 *
 * Left of the dot: the endpoint's, right of it: the recipient's. Lists may stay texts with commas.
 */

import { posix } from 'node:path';

import type { LiteralValue } from './alertgateway-literal.ts';

export interface ImportedChannel {
  readonly type: string;
  readonly endpoint: Readonly<Record<string, unknown>>;
  readonly recipient: Readonly<Record<string, unknown>>;
  /** What an operator should look at: one sentence each, no values of parameters. */
  readonly notes: readonly string[];
}

const PRIVATE = 'an address that is private needs outbound_allow, or the endpoint in the configuration file';
const VERIFIED =
  'the certificate of its server is verified: one of the site’s own authority needs the endpoint in the configuration file, with ca_file';

type Params = Readonly<Record<string, LiteralValue>>;

/** Undefined for a type that AlertGateway did not bring: a module of the site's own. */
export function fromAlertGateway(type: string, params: Params): ImportedChannel | undefined {
  switch (type) {
    case 'telegram':
      return channel('telegram', { token: params['bot-key'] }, { chat: params['chat-id'] });
    case 'discord':
    case 'slack':
      return channel(type, {}, { webhook: params['webhook'] });
    case 'rocket_chat':
      return channel('rocketchat', {}, { webhook: params['webhook'] });
    case 'smtp':
      return smtp(params);
    case 'file':
      return file(params);
    case 'custom_get_request':
      return customGet(params);
    case 'custom_post_request':
      return customPost(params);
    default:
      return undefined;
  }
}

function channel(
  type: string,
  endpoint: Readonly<Record<string, unknown>>,
  recipient: Readonly<Record<string, unknown>>,
  notes: readonly string[] = [],
): ImportedChannel {
  return { type, endpoint: given(endpoint), recipient: given(recipient), notes };
}

function given(params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  );
}

/** It always used STARTTLS, which is the default here, and sent a mail of its own to each address. */
function smtp(params: Params): ImportedChannel {
  const auth = /^(?:yes|true)$/i.test(String(params['auth'] ?? 'no'));
  return channel(
    'smtp',
    {
      server: params['server'],
      port: params['port'] === undefined ? undefined : Number(params['port']),
      from: params['from'],
      ...(auth ? { user: params['user'], password: params['password'] } : {}),
    },
    { to: params['emails'], subject_prefix: params['subject'], one_per_address: true },
    [
      VERIFIED,
      ...(params['subject'] === undefined ? [] : ['its subject now stands before that of each alert']),
    ],
  );
}

/** Files are written below one directory, which the root-owned configuration file names; as it did: the text, a line each. */
function file(params: Params): ImportedChannel {
  const paths = texts(params['file']);
  const dir = posix.dirname(paths[0] ?? '');
  const here = paths.filter((path) => posix.dirname(path) === dir);
  const elsewhere = paths.length - here.length;
  return channel('file', { dir }, { file: here.map((path) => posix.basename(path)), format: 'text' }, [
    'endpoints of type file are declared in the configuration file only',
    ...(elsewhere === 0
      ? []
      : [`it wrote ${elsewhere} more in other directories: each needs an endpoint of its own`]),
  ]);
}

function customGet(params: Params): ImportedChannel {
  const { url, receivers, ...others } = params;
  return channel('custom-get', { url, values: valuesOf(others) }, { receivers }, [PRIVATE]);
}

function customPost(params: Params): ImportedChannel {
  const { url, urls, datavar, receivers, ...others } = params;
  const several = texts(urls).length > 0;
  return channel(
    'custom-post',
    { ...(several ? { urls } : { url }), datavar, values: valuesOf(others) },
    several ? {} : { receivers },
    [PRIVATE, ...(several && url !== undefined ? ['url is left out, because urls is given'] : [])],
  );
}

function valuesOf(others: Params): Record<string, string> | undefined {
  const values = Object.entries(others).map(([name, value]): [string, string] => [name, String(value ?? '')]);
  return values.length === 0 ? undefined : Object.fromEntries(values);
}

function texts(value: LiteralValue | undefined): readonly string[] {
  if (value === undefined || value === null) return [];
  const items = typeof value === 'object' ? value.map(String) : String(value).split(',');
  return items.map((item) => item.trim()).filter((item) => item !== '');
}
