/**
 * Mark the pages a damaged file calls free, so that what was deleted is not mistaken for what was lost.
 *
 * Called by salvage.ts. The list is believed only as far as it is one: a pointer out of the file, in a circle or to a
 * page of a tree ends it. https://www.sqlite.org/fileformat2.html#the_freelist
 */

import { PAGE_BYTES } from '../schema.ts';
import type { PageSource } from './page-source.ts';
import { use } from './walk.ts';

const FIRST_TRUNK_AT = 32;
const TRUNK_ENTRIES = PAGE_BYTES / 4 - 2;

export function markFreePages(source: PageSource, used: Uint8Array): void {
  let trunk = source.read(1)?.readUInt32BE(FIRST_TRUNK_AT) ?? 0;
  while (trunk !== 0 && used[trunk] === use.unknown) {
    const page = source.read(trunk);
    const count = page?.readUInt32BE(4) ?? 0;
    if (page === undefined || count > TRUNK_ENTRIES) return;
    used[trunk] = use.free;
    for (let index = 0; index < count; index++) {
      const leaf = page.readUInt32BE(8 + 4 * index);
      if (used[leaf] === use.unknown) used[leaf] = use.free;
    }
    trunk = page.readUInt32BE(0);
  }
}
