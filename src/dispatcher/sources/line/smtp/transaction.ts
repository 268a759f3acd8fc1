/**
 * Who posts a mail and where it goes, before its text comes: AUTH, MAIL FROM and RCPT TO of one connection.
 *
 * Used by smtp-source.ts. Two forms: AUTH with any user name and the key as password; or AlertGateway's, the key as local part
 * of MAIL FROM (reference: A.1.3). In both the local part of each RCPT TO is a channel; `*` and `all` are all of the key's owner. Each
 * step resolves, or rejects with an SmtpRefusal that was counted. The key is kept here for the time of the connection, to be
 * taken out of the text, and nowhere else.
 */

import { smtpLimits } from '../../../../core/limits.ts';
import type { ApiKey, KeyScope } from '../../../model/records.ts';
import { ALL_CHANNELS, addressChannels } from '../../channel-post.ts';
import type { LineDeps } from '../deps.ts';
import { REPLIES, type Reply, replyToFailure, SmtpRefusal } from './reply.ts';

export interface Poster {
  readonly key: ApiKey;
  readonly text: string;
}

/** What is known of one connection. */
export interface Transaction {
  poster: Poster | undefined;
  readonly channels: Set<string>;
  failures: number;
}

const INGEST: KeyScope = 'ingest';

const ALL_NAME = 'all';

const ENDED: Reply = { code: 421, text: 'too many failures', reason: 'forbidden' };

export function newTransaction(): Transaction {
  return { poster: undefined, channels: new Set(), failures: 0 };
}

/** `KEY` of `KEY@host`; an address without a host is all local part. Quotes (`"*"@host`) are not part of it. */
export function localPart(address: string): string {
  const at = address.lastIndexOf('@');
  const local = at < 0 ? address : address.slice(0, at);
  return /^".*"$/s.test(local) ? local.slice(1, -1).replace(/\\(.)/gs, '$1') : local;
}

export class Postmaster {
  readonly #deps: Pick<LineDeps, 'door' | 'keyRing' | 'channels'>;

  constructor(deps: Pick<LineDeps, 'door' | 'keyRing' | 'channels'>) {
    this.#deps = deps;
  }

  /** Counts, and makes the error that answers; past smtpLimits.failures one that ends the connection. */
  refusal(transaction: Transaction, reply: Reply): SmtpRefusal {
    this.#deps.door.refused(reply.reason);
    transaction.failures += 1;
    return new SmtpRefusal(transaction.failures > smtpLimits.failures ? ENDED : reply);
  }

  async authenticate(transaction: Transaction, password: string): Promise<Poster> {
    const key = await this.#check(transaction, password);
    if (key === undefined) throw this.refusal(transaction, REPLIES.badKey);
    return { key, text: password };
  }

  /** A new mail. `authenticated`: by AUTH; the sender's address is then of no interest. */
  async from(transaction: Transaction, address: string, authenticated: Poster | undefined): Promise<void> {
    transaction.poster = undefined;
    transaction.channels.clear();
    if (address === '') throw this.refusal(transaction, REPLIES.bounce);
    if (authenticated !== undefined) {
      transaction.poster = authenticated;
      return;
    }
    const text = localPart(address);
    const key = await this.#check(transaction, text);
    if (key === undefined) throw this.refusal(transaction, REPLIES.badSender);
    transaction.poster = { key, text };
  }

  to(transaction: Transaction, address: string): void {
    const { poster, channels } = transaction;
    if (poster === undefined) throw this.refusal(transaction, REPLIES.badSender);
    const name = localPart(address);
    const isAll = name === ALL_NAME && this.#deps.channels.find(name) === undefined;
    const found = addressChannels(isAll ? ALL_CHANNELS : name, poster.key, this.#deps.channels);
    if (found.ok) {
      for (const channel of found.channels) channels.add(channel);
      return;
    }
    switch (found.reason) {
      case 'unknown-channel':
        throw this.refusal(transaction, REPLIES.noChannel);
      case 'forbidden':
        throw this.refusal(transaction, REPLIES.forbidden);
      case 'disabled-channel':
        throw this.refusal(transaction, REPLIES.disabled);
    }
  }

  async #check(transaction: Transaction, key: string): Promise<ApiKey | undefined> {
    try {
      return key === '' ? undefined : await this.#deps.keyRing.check(key, INGEST);
    } catch (error) {
      throw this.refusal(transaction, replyToFailure(error));
    }
  }
}
