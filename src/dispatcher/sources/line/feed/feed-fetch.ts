/** Fetching a feed with the client for providers: judged addresses, one deadline, no redirects. Made by src/app, used by feed-source.ts. */

import { feedLimits } from '../../../../core/limits.ts';
import { createOutboundClient, type OutboundClientOptions } from '../../../../http/outbound-client.ts';

export interface FeedAnswer {
  readonly status: number;
  /** By lower-case name; '' for none. */
  readonly header: (name: string) => string;
  readonly bytes: Buffer;
  /** There was more of it than feedLimits.bytes. */
  readonly truncated: boolean;
}

export interface FeedFetch {
  /** Rejects when there was no answer. */
  get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<FeedAnswer>;
  close(): Promise<void>;
}

export function createFeedFetch(
  options: Omit<OutboundClientOptions, 'timeoutMs' | 'answerBytes'>,
): FeedFetch {
  const { timeoutMs, bytes: answerBytes } = feedLimits;
  const client = createOutboundClient({ ...options, timeoutMs, answerBytes });
  return {
    async get(url, headers, signal) {
      const answer = await client.send({ method: 'GET', url: new URL(url), headers, signal });
      if (answer.kind === 'failed') throw answer.error;
      const { status, bytes, truncated } = answer;
      const header = (name: string): string => {
        const value = answer.headers[name];
        return (Array.isArray(value) ? value[0] : value) ?? '';
      };
      return { status, header, bytes, truncated };
    },
    close: async () => client.close(),
  };
}
