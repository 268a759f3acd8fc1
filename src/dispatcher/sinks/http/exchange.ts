/**
 * One request to a provider, and what its failure means before there is any answer to judge.
 *
 * Called by http-sink.ts. A refused connection, an unknown name, a timeout pass; a certificate that cannot be accepted, another TLS
 * version, or an address the outbound policy forbids stay until somebody acts.
 *
 * Remembers whom it asked, for the words of reasons: scheme, host and port, since a path may be a secret.
 */

import type { RelayError } from '../../../core/errors.ts';
import { jsonObject } from '../../../core/json-object.ts';
import {
  serverOf,
  type OutboundAnswer,
  type OutboundClient,
  type OutboundFailure,
} from '../../../http/outbound-client.ts';
import type { Provenance } from '../../model/recipient.ts';
import { decoded } from './mask.ts';
import { authorization } from './parameters.ts';
import type { Answer, Ask, ProviderRequest, Verdict } from './provider.ts';

interface AskOptions {
  readonly signal: AbortSignal;
  readonly version: string;
  /** Of who set the address. */
  readonly provenance: Provenance;
}

export interface Asker {
  readonly ask: Ask;
  /** Who was asked last: `https://host:port`. Undefined: nobody yet. */
  readonly server: string | undefined;
}

export function createAsker(client: OutboundClient, { signal, version, provenance }: AskOptions): Asker {
  let server: string | undefined;
  const ask: Ask = async (request) => {
    if (!URL.canParse(request.url)) {
      return { failed: { kind: 'broken', words: 'the URL it is to be called by is none' } };
    }
    const url = new URL(request.url);
    server = serverOf(url);
    const result = await client.send({
      method: request.method,
      url,
      headers: headersOf(request, url, version),
      signal,
      ...bodyOf(request),
    });
    return result.kind === 'answer'
      ? { answer: answerOf(result) }
      : { failed: verdictOf(result, provenance) };
  };
  return {
    ask,
    get server() {
      return server;
    },
  };
}

export function failed(
  result: Awaited<ReturnType<Ask>>,
): result is Extract<typeof result, { readonly failed: Verdict }> {
  return 'failed' in result;
}

function headersOf({ headers, json }: ProviderRequest, url: URL, version: string): Record<string, string> {
  return {
    'user-agent': `idmef-relay/${version}`,
    accept: 'application/json, */*;q=0.5',
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...basicOf(url),
    ...headers,
  };
}

/** `https://user:password@host/`, as AlertGateway's custom channels may be written. */
function basicOf({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  return authorization({ username: decoded(username), password: decoded(password) });
}

function bodyOf({ json, body }: ProviderRequest): { body?: string } {
  if (json !== undefined) return { body: JSON.stringify(json) };
  return body === undefined ? {} : { body };
}

function answerOf({ status, headers, body, truncated }: OutboundAnswer): Answer {
  return {
    status,
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body,
    truncated,
    json: jsonObject(body),
  };
}

/** Faults that do not pass by themselves; all others do. */
const lasting =
  /^(?:certificate-|own-certificate-|crl-|tls-version$|tls-name$|not-tls$|outbound-policy$|request$)/;

function verdictOf({ error, sent }: OutboundFailure, provenance: Provenance): Verdict {
  const { fault = '' } = error;
  const hint = hintOf(error, provenance);
  if (lasting.test(fault)) {
    return { kind: 'broken', words: error.message, ...(hint === undefined ? {} : { hint }) };
  }
  return { kind: 'again', words: error.message, ...(sent ? { uncertain: true } : {}) };
}

/** The options of the relay's own connections have other names here. */
function hintOf({ fault = '', hint }: RelayError, provenance: Provenance): string | undefined {
  if (fault === 'outbound-policy') return provenance === 'database' ? hint : undefined;
  return fault.startsWith('certificate-')
    ? 'trusted is what the ca_file of the endpoint holds, by default the authorities built into Node'
    : undefined;
}
