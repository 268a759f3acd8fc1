/**
 * The dispatcher's own troubles as alerts to whom `report_to` names: a recipient that is held or fails, deliveries that died, a reload that was
 * refused; and once a day the head of the audit chain, so that somebody outside holds it. Marked as our own, so that they never
 * come in again. A trouble of that recipient itself is only logged.
 */

import { messageOf } from '../../core/errors.ts';
import { dispatcherLimits } from '../../core/limits.ts';
import type { Clock, Logger, Random } from '../../core/ports.ts';
import { composeAlert } from '../../idmef/compose.ts';
import { DELIVERY_MARK, OWN_SOURCE } from '../../dispatcher/model/delivery-mark.ts';
import type { DispatcherConfig } from '../../dispatcher/model/config.ts';
import type { Door } from '../../dispatcher/model/ports.ts';
import type { Store } from '../../dispatcher/model/store.ts';
import type { Trouble } from '../../dispatcher/outbox/deps.ts';

interface ReportDeps {
  readonly door: Door;
  readonly store: Pick<Store, 'auditTrail' | 'state' | 'setState'>;
  readonly config: () => DispatcherConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly hostname: string;
  /** What this dispatcher marks its messages with. */
  readonly mark: () => string;
}

export interface Reports {
  trouble(recipient: string, trouble: Trouble): void;
  refusedReload(problems: readonly string[]): void;
  /** Once a day. */
  auditHead(): Promise<void>;
  /** Resolves when nothing of it is under way. */
  idle(): Promise<void>;
}

const AUDIT_SENT = 'audit.head.sent';

const words: Readonly<Record<Trouble['kind'], string>> = {
  held: 'is held and needs an operator',
  failing: 'has been failing for ten minutes',
  dead: 'has deliveries that were given up',
};

export function createReports(deps: ReportDeps): Reports {
  const { door, store, config, clock, random, log, hostname, mark } = deps;
  let busy: Promise<unknown> = Promise.resolve();
  let nextHeadAt = -Infinity;

  /** One after the other. Whether it was stored. */
  const send = async (
    classification: string,
    severity: 'info' | 'medium' | 'high',
    detail: string,
    about?: string,
  ): Promise<boolean> => {
    const to = config().reportTo;
    if (to === undefined || to === about) return false;
    const before = busy;
    const mine = (async () => {
      await before;
      try {
        const now = clock.now();
        const body = await composeAlert({
          messageid: Buffer.from(random.bytes(16)).toString('hex'),
          analyzer: {
            analyzerid: `alert-dispatcher@${hostname}`,
            name: 'alert-dispatcher',
            class: 'Dispatcher',
            node: hostname,
          },
          createTime: now,
          classification,
          severity,
          impactType: 'other',
          impact: detail,
          data: [{ meaning: DELIVERY_MARK, type: 'string', value: mark() }],
        });
        await door.accept([{ body, origin: { source: OWN_SOURCE }, forced: [to] }]);
        return true;
      } catch (error) {
        log.warning(`a report could not be stored: ${classification}: ${messageOf(error)}`);
        return false;
      }
    })();
    busy = mine;
    return await mine;
  };

  return {
    trouble(recipient, { kind, reason, pairs }) {
      const text = `recipient ${recipient} ${words[kind]}: ${reason}`;
      log.error(pairs > 0 ? `${text} (${pairs} deliveries)` : text, {
        event: `recipient-${kind}`,
        recipient,
      });
      void send(`Delivery trouble: ${recipient} ${words[kind]}`, 'high', text, recipient);
    },
    refusedReload(problems) {
      void send(
        'Configuration refused',
        'medium',
        `the old configuration stays: ${problems.slice(0, 5).join('; ')}`,
      );
    },
    async auditHead() {
      if (config().reportTo === undefined) return;
      const last = Number((await store.state(AUDIT_SENT)) ?? 0);
      const now = clock.now();
      // A clock that was set back must not silence it for good.
      if (now - last < dispatcherLimits.auditHeadMs && last <= now) return;
      // What could not be stored is not tried at every tick.
      if (clock.monotonic() < nextHeadAt) return;
      nextHeadAt = clock.monotonic() + dispatcherLimits.repeatSayingMs;
      const [head] = await store.auditTrail({ limit: 1, newest: true });
      if (head === undefined) return;
      const detail = `entry ${head.id}, SHA-256 ${head.hash}`;
      if (await send('Head of the audit log', 'info', detail)) await store.setState(AUDIT_SENT, String(now));
    },
    idle: async () => {
      await busy;
    },
  };
}
