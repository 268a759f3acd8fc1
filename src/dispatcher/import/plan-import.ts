/**
 * An AlertGateway (its database's rows, or one channel file) → what has to be made here: users with their keys, endpoints, recipients. Pure; what
 * cannot be taken over is said with its reason, and nothing is guessed.
 *
 * One endpoint and one recipient a channel, both of its name. Keys are taken as hashes: whoever has one goes on as before, and
 * nobody can read it here. Passwords (bcrypt) are kept as they are for the first log-in.
 */

import { hashKey, prefixOf } from '../keys/api-key.ts';
import { isImported } from '../keys/password.ts';
import { parseParameters } from '../sinks/alertgateway-literal.ts';
import { fromAlertGateway } from '../sinks/alertgateway-params.ts';
import type { ChannelFile } from './channel-file.ts';

export interface GatewayUser {
  readonly name: string;
  readonly passwordHash: string;
  readonly key: string;
}

export interface GatewayChannel {
  readonly name: string;
  readonly type: string;
  readonly enabled: boolean;
  /** Key of its owner; of a channel file, the owner's name. */
  readonly key: string;
  readonly params: string;
}

export interface GatewayInput {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface GatewayContent {
  readonly users: readonly GatewayUser[];
  readonly channels: readonly GatewayChannel[];
  readonly inputs: readonly GatewayInput[];
}

export interface ImportPlan {
  readonly users: readonly {
    readonly name: string;
    readonly passwordHash?: string;
    readonly keyHash?: string;
    readonly keyPrefix?: string;
  }[];
  readonly endpoints: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly recipients: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Belongs into the configuration file: endpoints of types that commands may not make. */
  readonly forFile: {
    readonly endpoints: Readonly<Record<string, unknown>>;
    readonly recipients: Readonly<Record<string, unknown>>;
  };
  /** What an operator should look at; no secrets. */
  readonly notes: readonly string[];
}

const USER = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/;
const CHANNEL = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** @param fileOnly names of sink types that only the file may use */
export function planImport(content: GatewayContent, fileOnly: ReadonlySet<string>): ImportPlan {
  const notes: string[] = [];
  const users = content.users.filter(({ name }) => {
    if (USER.test(name)) return true;
    notes.push(`user '${name}' is left out: a name has letters, digits, dots, dashes, at most 64`);
    return false;
  });
  const owners = new Map(users.map(({ key, name }) => [key, name]));
  const made = { endpoints: new Map<string, Entry>(), recipients: new Map<string, Entry>() };
  const forFile = { endpoints: new Map<string, Entry>(), recipients: new Map<string, Entry>() };
  for (const channel of content.channels) {
    const owner = owners.get(channel.key);
    const found = channelOf(channel, owner, notes);
    if (found === undefined) continue;
    const into = fileOnly.has(found.type) ? forFile : made;
    into.endpoints.set(channel.name, { type: found.type, ...found.endpoint });
    into.recipients.set(channel.name, {
      endpoint: channel.name,
      owner: found.owner,
      ...(channel.enabled ? {} : { enabled: false }),
      ...found.recipient,
    });
  }
  for (const { name, address, port } of content.inputs) {
    notes.push(
      `input ${name} was on ${address} port ${port}: sources are declared in the configuration file`,
    );
  }
  return {
    users: users.map(({ name, passwordHash, key }) => ({
      name,
      ...(isImported(passwordHash) ? { passwordHash } : {}),
      ...(key === '' ? {} : { keyHash: hashKey(key).toString('hex'), keyPrefix: prefixOf(key) }),
    })),
    endpoints: Object.fromEntries(made.endpoints),
    recipients: Object.fromEntries(made.recipients),
    forFile: {
      endpoints: Object.fromEntries(forFile.endpoints),
      recipients: Object.fromEntries(forFile.recipients),
    },
    notes,
  };
}

type Entry = Readonly<Record<string, unknown>>;

interface Found {
  readonly type: string;
  readonly owner: string;
  readonly endpoint: Entry;
  readonly recipient: Entry;
}

function channelOf(channel: GatewayChannel, owner: string | undefined, notes: string[]): Found | undefined {
  const { name, type } = channel;
  const leftOut = (why: string): undefined => {
    notes.push(`channel '${name}' is left out: ${why}`);
    return undefined;
  };
  if (!CHANNEL.test(name)) return leftOut('a name has letters, digits, dots, dashes, at most 64');
  if (owner === undefined) return leftOut('its owner is not among the users');
  const params = parseParameters(channel.params);
  if (params === undefined) return leftOut('its parameters are no dictionary');
  const imported = fromAlertGateway(type, params);
  if (imported === undefined) return leftOut(`type '${type}' is a module of the site's own`);
  notes.push(...imported.notes.map((note) => `channel '${name}': ${note}`));
  return { type: imported.type, owner, endpoint: imported.endpoint, recipient: imported.recipient };
}

/** A channel file names its owner, who is made where he is not here yet, and holds texts only. */
export function contentOfChannelFile({ name, user, type, params }: ChannelFile): GatewayContent {
  return {
    users: [{ name: user, passwordHash: '', key: '' }],
    channels: [{ name, type, enabled: true, key: '', params: JSON.stringify(params) }],
    inputs: [],
  };
}
