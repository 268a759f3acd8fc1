/** One listener for the tests of a file, empty before each of them; time goes on by a minute, so that paces do not add up. */

import { after, before, beforeEach } from 'node:test';

import type { HttpSourcesConfig } from '../../../src/dispatcher/sources/http/context.ts';
import { startSources, type SourcesWorld } from './sources-world.ts';

export function sharedWorld(config: Partial<HttpSourcesConfig> = {}): () => SourcesWorld {
  let world: SourcesWorld | undefined;
  const hooks: (() => Promise<void> | void)[] = [];
  const get = (): SourcesWorld => {
    if (world === undefined) throw new Error('not started');
    return world;
  };
  before(async () => {
    world = await startSources(
      { after: (hook: () => Promise<void> | void) => void hooks.unshift(hook) },
      { config, keepAlive: true },
    );
  });
  after(async () => {
    for (const hook of hooks) await hook();
  });
  beforeEach(() => {
    const { door, clock } = get();
    door.accepted.length = 0;
    door.refusals.length = 0;
    door.before = async () => await Promise.resolve();
    clock.ms += 60_000;
  });
  return get;
}
