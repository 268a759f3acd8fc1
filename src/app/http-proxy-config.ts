/** What http-proxy is told: the typed, frozen form of its options and profiles (src/cli/http-proxy.ts makes it). */

import type { LogSettings } from '../core/settings.ts';
import type { ProfileConfig } from '../poller/profile.ts';

export interface HttpProxyConfig {
  readonly mode:
    | { readonly kind: 'oneshot' }
    | { readonly kind: 'follow' }
    | { readonly kind: 'schedule'; readonly cron: string };
  /** One per sensor; at least one. */
  readonly profiles: readonly ProfileConfig[];
  /** Re-read the profiles (SIGHUP, long-running modes). Throws RelayError CONFIG; the old ones stay. */
  readonly reload: () => readonly ProfileConfig[];
  readonly log: LogSettings;
}
