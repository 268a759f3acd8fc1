/** Pages of what a journal owes, for journal-list.ts and journal-export.ts. */

import { chooseConsumers, readOwed, type OwedMessage } from '../journal/backlog.ts';
import type { JournalFile } from '../journal/journal-file.ts';

export function* backlogPages(
  file: JournalFile,
  consumer: string | undefined,
  all: boolean,
): Generator<readonly OwedMessage[]> {
  for (let after = 0; ;) {
    const page = file.look((store) => readOwed(store, chooseConsumers(store, consumer, all), after));
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last.sequence;
  }
}
