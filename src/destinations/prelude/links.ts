/**
 * The connections of one program to prelude-managers: one for each manager and profile, shared by all that deliver over
 * it. Made once by the program and handed to each destination.
 *
 * A manager passes echoes to the first connection of a profile that it finds, so a second one would wait for its own in
 * vain.
 */

import type { Link } from './link.ts';

export interface PreludeLinks {
  /** The same link for the same key; closed when all that have taken it have let it go. */
  take(key: string, make: () => Link): Taken;
}

export interface Taken {
  readonly link: Link;
  release(): Promise<void>;
}

export function createPreludeLinks(): PreludeLinks {
  const links = new Map<string, { readonly link: Link; users: number }>();
  return {
    take: (key, make) => {
      const shared = links.get(key) ?? { link: make(), users: 0 };
      links.set(key, shared);
      shared.users += 1;
      let taken = true;
      return {
        link: shared.link,
        release: async () => {
          if (!taken) return;
          taken = false;
          shared.users -= 1;
          if (shared.users > 0) return;
          links.delete(key);
          await shared.link.close();
        },
      };
    },
  };
}
