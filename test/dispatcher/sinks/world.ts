/** A sink of one type before a fake provider, for tests of what is special about it. */

import type { TestContext } from 'node:test';

import type { Endpoint, Recipient } from '../../../src/dispatcher/model/recipient.ts';
import type { Notification, OutboundPolicy, Sink, SinkAnswer } from '../../../src/dispatcher/model/sink.ts';
import { sinkCases, typeOf } from './cases.ts';
import { fakeProvider, type FakeProvider } from './fake-provider.ts';
import {
  anything,
  endpointOf,
  never,
  notificationTo,
  recipientOf,
  sinkFor,
  testDeps,
  type TestDeps,
} from './make.ts';

export interface World {
  readonly provider: FakeProvider;
  readonly deps: TestDeps;
  readonly sink: Sink;
  readonly recipient: Recipient;
  readonly send: (changes?: Partial<Notification>) => Promise<SinkAnswer>;
}

export interface WorldOptions {
  /** Instead of what the contract's case has. */
  readonly endpoint?: (base: string) => Readonly<Record<string, unknown>>;
  readonly recipient?: (base: string) => Readonly<Record<string, unknown>>;
  readonly endpointChanges?: Partial<Endpoint>;
  readonly recipientChanges?: Partial<Recipient>;
  readonly outbound?: OutboundPolicy;
}

export async function worldFor(t: TestContext, name: string, options: WorldOptions = {}): Promise<World> {
  const type = typeOf(name);
  const example = sinkCases.find((one) => one.type === type);
  if (example === undefined) throw new Error(`no case for ${name}`);
  const provider = await fakeProvider(t);
  const deps = testDeps(options.outbound ?? anything);
  const endpoint = (options.endpoint ?? example.endpoint)(provider.base);
  const sink = await sinkFor(t, type, endpointOf(type, endpoint, options.endpointChanges), deps);
  const params = (options.recipient ?? example.recipient)(provider.base);
  const recipient = recipientOf(type, params, options.recipientChanges);
  provider.say(example.ok);
  return {
    provider,
    deps,
    sink,
    recipient,
    send: (changes = {}) => sink.send(notificationTo(recipient, changes), never()),
  };
}
