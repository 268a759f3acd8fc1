/** The renderer of the configuration in force. Each configuration gets its own: its catalogues and templates are read anew. */

import { RelayError } from '../../core/errors.ts';
import type { Logger } from '../../core/ports.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { Renderer } from '../../dispatcher/model/ports.ts';
import { createRenderer } from '../../dispatcher/render/renderer.ts';
import type { Prepared } from './configuration.ts';

export interface Renderers {
  /** Passes on to the one in force. */
  readonly current: Renderer;
  /** Throws RelayError CONFIG for a catalogue that is not sound. */
  prepare(config: DispatcherConfig): Promise<Prepared>;
  close(): Promise<void>;
}

export function createRenderers(log: Logger): Renderers {
  let inForce: Renderer | undefined;
  const now = (): Renderer => {
    if (inForce === undefined) throw new RelayError('BUG', 'there is no renderer yet');
    return inForce;
  };
  return {
    current: {
      view: async (body) => await now().view(body),
      messages: async (messages, wish) => await now().messages(messages, wish),
      digest: async (digest, wish) => await now().digest(digest, wish),
      test: async (wish, by) => await now().test(wish, by),
      close: async () => await now().close(),
    },
    async prepare({ instance, localesDir }) {
      const next = await createRenderer({
        log,
        instance,
        ...(localesDir === undefined ? {} : { localesDir }),
      });
      return {
        async commit() {
          const old = inForce;
          inForce = next;
          await old?.close();
        },
        discard: async () => await next.close(),
      };
    },
    close: async () => {
      await inForce?.close();
    },
  };
}
