/**
 * A sink over HTTP: carries notifications to the receivers of a recipient and tells the outbox what became of them.
 *
 * Made by engine.ts for one endpoint. All receivers are called at once, each within the type's time; one that fails never keeps another from
 * its message, and one that has it is not called again (delivered.ts). Endpoints and recipients of the database are held to the outbound policy,
 * and what their servers say is not repeated. Never throws for what a provider does.
 */

import type { z } from 'zod';

import { RelayError } from '../../../core/errors.ts';
import { createOutboundClient, type OutboundClient } from '../../../http/outbound-client.ts';
import type { Endpoint, Provenance, Recipient } from '../../model/recipient.ts';
import type { LimitSpec, Notification, Sink, SinkAnswer, SinkDeps } from '../../model/sink.ts';
import { createDelivered } from './delivered.ts';
import { endpointTls } from './endpoint-tls.ts';
import { askWith, failed } from './exchange.ts';
import { fitText } from './fit-text.ts';
import { judgeAnswer } from './judge.ts';
import { createMask, type Mask } from './mask.ts';
import { mergeVerdicts, outcomeOf, type Judged } from './merge.ts';
import { paramsOf } from './params-of.ts';
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
      timeoutMs: provider.requestMs ?? provider.timeoutMs,
      refusal: (address, port) => outbound.refusal(provenance, address, port),
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
    const parsed = paramsOf(provider.recipient, recipient, 'recipient');
    recipients.set(recipient.params, parsed);
    return parsed;
  };
  const receiversOf = (recipient: z.output<R>): readonly string[] =>
    provider.receivers?.list(params, recipient) ?? [''];
  const addressOf = (parsed: z.output<R>): AddressOf => provider.addressOf?.(params, parsed) ?? 'endpoint';
  const provenanceOf = (recipient: Recipient, parsed: z.output<R>): Provenance =>
    addressOf(parsed) === 'recipient' && recipient.provenance === 'database'
      ? 'database'
      : endpoint.provenance;

  const callOne = async (
    receiver: string,
    call: Call<z.output<E>, z.output<R>>,
    ask: Ask,
  ): Promise<Verdict> => {
    const current = moves.get(receiver) ?? receiver;
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
    const echo = provenance === 'file' || addressOf(parsed) === 'provider';
    const receivers = receiversOf(parsed);
    const lacks =
      provider.lacks?.(params, parsed) ?? (receivers.length === 0 ? 'names no receiver' : undefined);
    if (lacks !== undefined) return { outcome: outcomeOf({ kind: 'broken', words: lacks }, { mask, echo }) };

    const client = clientOf(provenance);
    const now = timers.now();
    const ask = askWith(client, { signal, version, provenance });
    const text = fitText(notification, provider.text, provider.counts);
    const call = { notification, endpoint: params, recipient: parsed, text, hostname, version, now };
    const due = receivers
      .map((receiver, index) => ({ receiver, position: index + 1 }))
      .filter(({ receiver }) => !delivered.has(notification, receiver));
    const several = receivers.length > 1;
    const settled = await Promise.allSettled(
      due.map(async ({ receiver, position }): Promise<Judged> => {
        const verdict = await callOne(receiver, call, ask);
        if (several && verdict.kind === 'ok') delivered.add(notification, receiver);
        return { position, verdict, keys: provider.limits(params, parsed, moves.get(receiver) ?? receiver) };
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
          provider.limits(params, parsed, moves.get(receiver) ?? receiver),
        );
        return [...new Map(all.map((spec): [string, LimitSpec] => [spec.key, spec])).values()];
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

function maskOf(
  { secrets }: Pick<Provider<z.ZodObject, z.ZodObject>, 'secrets'>,
  endpoint: Endpoint,
  recipient: Recipient,
): Mask {
  return createMask(secrets.flatMap((name) => [endpoint.params[name], recipient.params[name]]));
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
