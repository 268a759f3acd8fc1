/** `alert-dispatcher status`: how the service is, on one screen. Exit 1 when something needs a person. */

import { outboxLimits } from '../../core/limits.ts';
import { age } from '../../core/quantities.ts';
import type { VerbResult } from '../../dispatcher/control/call.ts';
import { escapeText, jsonLine, textTable, when } from './print.ts';
import type { VerbContext } from './verb-context.ts';

type Status = VerbResult<'status'>;
type Lane = NonNullable<Status['service']>['lanes'][number];

export async function runStatus({ json, withControl, print }: VerbContext): Promise<number> {
  return withControl(async (control) => {
    const status = await control.call('status', {});
    await print(json ? jsonLine(status) : statusText(status));
    return needsSomebody(status) ? 1 : 0;
  });
}

/** Exit 1. */
export function needsSomebody({ at, stats, service, config }: Status): boolean {
  const fails = ({ failingSince = at }: Lane): boolean => at - failingSince >= outboxLimits.failingReportMs;
  return (
    'problem' in config ||
    stats.queues.some(({ held, dead, heldReason }) => held > 0 || dead > 0 || heldReason !== undefined) ||
    (service !== null &&
      (service.refusedReload !== undefined ||
        service.shortage !== undefined ||
        service.notListening.length > 0 ||
        service.lanes.some(fails)))
  );
}

function statusText({ at, service, stats, storms, limits, config }: Status): string {
  const parts = [
    service === null
      ? 'not running; this is the store as it was left\n'
      : `running since ${when(service.startedAt)}, version ${service.version}, ${service.underWay} calls under way\n`,
    'problem' in config
      ? `CONFIGURATION NOT SOUND: ${escapeText(config.problem)}\n`
      : `configuration ${config.hash.slice(0, 12)}${service === null ? '' : `, loaded ${when(service.configAt)}`}\n`,
  ];
  for (const problem of service?.refusedReload?.problems ?? []) {
    parts.push(`RELOAD REFUSED ${when(service?.refusedReload?.at)}: ${escapeText(problem)}\n`);
  }
  if (service?.shortage !== undefined) parts.push(`NOTHING IS TAKEN IN: ${escapeText(service.shortage)}\n`);
  const { open, acked } = stats.incidents;
  const refusals = Object.entries(stats.refused).map(([reason, count]) => `${reason} ${count}`);
  parts.push(
    `messages: ${stats.offered} offered = ${stats.stored} stored + ${stats.duplicate} duplicate; ` +
      `${stats.conflict} conflicts; ${stats.retained} kept\n`,
    `incidents: ${open} open, ${acked} acknowledged\n`,
    ...(refusals.length === 0 ? [] : [`refused at the door: ${refusals.join(', ')}\n`]),
    '\n',
    queueTable(stats.queues, at, service?.lanes),
  );
  for (const { recipient, since, intervalMs } of storms) {
    parts.push(`storm towards ${recipient} since ${when(since)}: one digest each ${age(intervalMs)}\n`);
  }
  for (const { key, notBefore } of limits) parts.push(`limit ${key}: nothing before ${when(notBefore)}\n`);
  for (const { source, reason } of service?.notListening ?? []) {
    parts.push(`NOT LISTENING: ${source}: ${escapeText(reason)}\n`);
  }
  for (const { source, address, port } of service?.listeners ?? []) {
    parts.push(`listening: ${source} on ${address} port ${port}\n`);
  }
  return parts.join('');
}

function queueTable(queues: Status['stats']['queues'], at: number, lanes: readonly Lane[] = []): string {
  const states = new Map(lanes.map((lane) => [lane.recipient, stateText(lane, at)]));
  const rank = ({ held, dead, pending }: (typeof queues)[number]): number =>
    held > 0 ? 3 : dead > 0 ? 2 : pending > 0 ? 1 : 0;
  const rows = queues
    .toSorted((a, b) => rank(b) - rank(a) || a.recipient.localeCompare(b.recipient))
    .map((queue) => [
      queue.recipient,
      queue.heldReason === undefined ? (states.get(queue.recipient) ?? '-') : 'HELD',
      String(queue.pending + queue.leased),
      queue.oldestAt === undefined ? '-' : age(at - queue.oldestAt),
      String(queue.held),
      String(queue.dead),
      String(queue.sent),
      String(sum(queue.suppressed)),
      when(queue.lastSentAt),
      queue.heldReason ?? queue.lastError ?? '',
    ]);
  const head = [
    'RECIPIENT',
    'STATE',
    'PENDING',
    'OLDEST',
    'HELD',
    'DEAD',
    'SENT',
    'SUPPRESSED',
    'LAST SENT',
    'WHY',
  ];
  return rows.length === 0 ? 'no recipients\n' : textTable(head, rows);
}

function stateText({ state, failingSince }: Lane, at: number): string {
  if (state === 'disabled') return 'disabled';
  return failingSince === undefined ? 'ok' : `failing ${age(at - failingSince)}`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
