/**
 * A sink over HTTP: carries notifications to the receivers of a recipient and tells the outbox what became of them.
 *
 * Made by engine.ts for one endpoint. All receivers are called at once, each within the type's time; one that fails never keeps another from
 * its message, and one that has it is not called again (delivered.ts). Endpoints and recipients of the database are held to the outbound policy,
 * and what their servers say is not repeated. Never throws for what a provider does.
 */

import type { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { outboundLimits } from '../../../core/limits.ts';
import { createOutboundClient, type OutboundClient } from '../../../http/outbound-client.ts';
import type { Endpoint, Provenance, Recipient } from '../../model/recipient.ts';
import type { LimitSpec, Notification, Sink, SinkAnswer, SinkDeps } from '../../model/sink.ts';
import { readParams } from '../read-params.ts';
import { createDelivered } from './delivered.ts';
import { endpointTls } from './endpoint-tls.ts';
import { createAsker, failed } from './exchange.ts';
import { fitText } from './fit-text.ts';
import { judgeAnswer } from './judge.ts';
import { basicPair, createMask, type Mask } from './mask.ts';
import { mergeVerdicts, outcomeOf, type Judged } from './merge.ts';
import type { AddressOf, Ask, Call, Provider, Verdict } from './provider.ts';

export async function createHttpSink<E extends z.ZodObject, R extends z.ZodObject>(
  provider: Provider<E, R>,
  endpoint: Endpoint,
  params: z.output<E>,
  deps: SinkDeps,
): Promise<Sink> {
  const { timers, outbound, hostname, version } = deps;
  const tls = await endpointTls(endpoint);
  const proxy = proxyOf(endpoint);
  const clients = new Map<Provenance, OutboundClient>();
  const clientOf = (provenance: Provenance): OutboundClient => {
    const known = clients.get(provenance);
    if (known !== undefined) return known;
    const made = createOutboundClient({
      tls,
      timers,
      // The outbox's own timer would end the call without a word of whom it waited for.
      timeoutMs: provider.requestMs ?? provider.timeoutMs - outboundLimits.answerMarginMs,
      refusal: (address, port) => outbound.refusal(provenance, address, port),
      proxyRefusal: (address, port) => outbound.refusal(endpoint.provenance, address, port),
      resolveForProxy: provenance === 'database',
      ...(proxy === undefined ? {} : { proxy }),
    });
    clients.set(provenance, made);
    return made;
  };
  const delivered = createDelivered();
  /** Receivers that got another name while we run, in case it cannot be kept. */
  const moves = new Map<string, string>();
  const exchange = provider.exchange?.(params) ?? simpleExchange(provider);

  const recipients = new WeakMap<object, z.output<R>>();
  const recipientParams = (recipient: Recipient): z.output<R> => {
    const known = recipients.get(recipient.params);
    if (known !== undefined) return known;
    const parsed = readParams(provider.recipient, recipient.params, `recipient ${recipient.name}`);
    recipients.set(recipient.params, parsed);
    return parsed;
  };
  const receiversOf = (recipient: z.output<R>): readonly string[] =>
    provider.receivers?.list(params, recipient) ?? [''];
  const addressOf = (parsed: z.output<R>): AddressOf => provider.addressOf?.(params, parsed) ?? 'endpoint';
  const provenanceOf = (recipient: Recipient, parsed: z.output<R>): Provenance => {
    const address = addressOf(parsed);
    if (address === 'provider') return 'file';
    return address === 'recipient' && recipient.provenance === 'database' ? 'database' : endpoint.provenance;
  };
  const currentOf = (receiver: string): string => moves.get(receiver) ?? receiver;

  const callOne = async (
    receiver: string,
    call: Call<z.output<E>, z.output<R>>,
    ask: Ask,
  ): Promise<Verdict> => {
    const current = currentOf(receiver);
    const verdict = await exchange(call, current, ask);
    const { movedTo } = verdict;
    if (movedTo === undefined || movedTo === current) return verdict;
    moves.set(receiver, movedTo);
    const again = await exchange(call, movedTo, ask);
    return again.movedTo === undefined ? again : { kind: 'broken', words: 'moves the receiver in circles' };
  };

  const send = async (notification: Notification, signal: AbortSignal): Promise<SinkAnswer> => {
    const { recipient } = notification;
    const mask = maskOf(provider, endpoint, recipient);
    let parsed: z.output<R>;
    try {
      parsed = recipientParams(recipient);
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      return { outcome: { kind: 'broken', reason: mask(error.message) } };
    }
    const provenance = provenanceOf(recipient, parsed);
    const echo = provenance === 'file';
    const receivers = receiversOf(parsed);
    const lacks =
      provider.lacks?.(params, parsed) ?? (receivers.length === 0 ? 'names no receiver' : undefined);
    if (lacks !== undefined) return { outcome: outcomeOf({ kind: 'broken', words: lacks }, { mask, echo }) };

    const client = clientOf(provenance);
    const now = timers.now();
    const text = fitText(notification, provider.text, provider.counts);
    const call = { notification, endpoint: params, recipient: parsed, text, hostname, version, now };
    const due = receivers
      .map((receiver, index) => ({ receiver, position: index + 1 }))
      .filter(({ receiver }) => !delivered.has(notification, currentOf(receiver)));
    const several = receivers.length > 1;
    const settled = await Promise.allSettled(
      due.map(async ({ receiver, position }): Promise<Judged> => {
        const asker = createAsker(client, { signal, version, provenance });
        const verdict = await callOne(receiver, call, asker.ask);
        const current = currentOf(receiver);
        // By its newest name: under that one the recipient may ask for it next time.
        if (several && verdict.kind === 'ok') delivered.add(notification, current);
        return { position, verdict, server: asker.server, keys: provider.limits(params, parsed, current) };
      }),
    );
    const judged = settled.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
    // All had it before: the crash of a caller between our answer and its note of it.
    if (judged.length === 0) return { outcome: { kind: 'ok' } };
    const answer = mergeVerdicts(judged, { mask, echo, receivers: receivers.length, now: timers.now() });
    if (answer.outcome.kind === 'ok') delivered.forget(notification);
    const moved = movedParams(provider, receivers, moves);
    return moved === undefined ? answer : { ...answer, moved };
  };

  return {
    limits: (recipient) => {
      try {
        const parsed = recipientParams(recipient);
        const all = receiversOf(parsed).flatMap((receiver) =>
          provider.limits(params, parsed, currentOf(receiver)),
        );
        return together(all);
      } catch (error) {
        if (error instanceof RelayError) return []; // send() says what is wrong
        throw error;
      }
    },
    send,
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

function simpleExchange<E extends z.ZodObject, R extends z.ZodObject>(
  provider: Provider<E, R>,
): (call: Call<z.output<E>, z.output<R>>, receiver: string, ask: Ask) => Promise<Verdict> {
  return async (call, receiver, ask) => {
    const request = provider.request?.(call, receiver);
    if (request === undefined) throw new TypeError(`${provider.type} declares neither request nor exchange`);
    const result = await ask(request);
    if (failed(result)) return result.failed;
    return (
      provider.judge?.(result.answer, call, receiver) ??
      judgeAnswer(result.answer, { now: call.now, pages: provider.pages })
    );
  };
}

/** Each key once; a request of each receiver draws from it. */
function together(specs: readonly LimitSpec[]): readonly LimitSpec[] {
  const keys = new Map<string, LimitSpec>();
  for (const spec of specs) {
    const known = keys.get(spec.key);
    keys.set(spec.key, known === undefined ? spec : { ...known, cost: (known.cost ?? 1) + 1 });
  }
  return [...keys.values()];
}

function maskOf(
  { secrets }: Pick<Provider<z.ZodObject, z.ZodObject>, 'secrets'>,
  endpoint: Endpoint,
  recipient: Recipient,
): Mask {
  const { username, password } = endpoint.params;
  return createMask([
    ...secrets.flatMap((name) => [endpoint.params[name], recipient.params[name]]),
    ...(typeof username === 'string' && typeof password === 'string' ? [basicPair(username, password)] : []),
  ]);
}

function movedParams(
  { receivers: declared }: Pick<Provider<z.ZodObject, z.ZodObject>, 'receivers'>,
  receivers: readonly string[],
  moves: ReadonlyMap<string, string>,
): Record<string, unknown> | undefined {
  if (declared === undefined || !receivers.some((receiver) => moves.has(receiver))) return undefined;
  const current = receivers.map((receiver) => moves.get(receiver) ?? receiver);
  return { [declared.param]: current.length === 1 ? current[0] : current };
}

function proxyOf({ name, proxy }: Endpoint): URL | undefined {
  if (proxy === undefined) return undefined;
  if (URL.canParse(proxy) && new URL(proxy).protocol === 'http:') return new URL(proxy);
  throw new RelayError('CONFIG', `endpoint ${name}: proxy is no http URL`, {
    hint: 'write it like http://proxy.example.org:3128',
  });
}
