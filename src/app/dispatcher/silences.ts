/** The silences in force, compiled, kept in memory and read again when a command has changed them. */

import type { Logger } from '../../core/ports.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import { type CompiledSilence, compileSilences } from '../../dispatcher/route/silences.ts';

export interface Silences {
  current(): readonly CompiledSilence[];
  refresh(): Promise<void>;
}

export async function createSilences(store: Pick<Store, 'silences'>, log: Logger): Promise<Silences> {
  let current: readonly CompiledSilence[] = [];
  const refresh = async (): Promise<void> => {
    const { silences, faults } = compileSilences(await store.silences());
    for (const { id, text } of faults)
      log.error(`silence ${id} silences nothing: ${text}`, { event: 'silence-fault' });
    current = silences;
  };
  await refresh();
  return { current: () => current, refresh };
}
