/** A life over the store in memory: its state is what was committed, so a restart finds it as it is. */

import { MemoryStore } from '../../support/memory-store.ts';
import { live, type LastingStore, type Life, type LifeOptions } from './life.ts';

export function inMemory(): LastingStore {
  const store = new MemoryStore();
  return {
    inOrder: true,
    store,
    reopen: async () => undefined,
    carried: (claim) => store.carried(claim),
    finished: (claim) => store.finished(claim),
    laws: async () => [],
    close: async () => undefined,
  };
}

export function liveInMemory(seed: number, options?: LifeOptions): Promise<Life> {
  return live(seed, async () => inMemory(), options);
}
