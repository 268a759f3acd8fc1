/**
 * `idmef status --json`: one object a profile and line, with keys that stay (ARCHITECTURE.md: Seeing it).
 *
 * Called by status.ts. Pure. What is not known is null, so that each key is always there. Times are ISO 8601 in UTC,
 * ages and durations seconds, sizes bytes.
 */

import { shownId, type DestinationFacts, type ProfileFacts } from '../poller/profile-facts.ts';
import { isConfigured, troubles, type ProfileReport } from './profile-report.ts';
import { oldestAt, pendingOf } from './status-table.ts';

export function statusJson(report: ProfileReport): string {
  const { source, look, word, at, certificateEnd } = report;
  const facts = look.kind === 'facts' ? look.facts : undefined;
  return `${JSON.stringify({
    profile: source.name,
    state: word,
    at: iso(at),
    configured: isConfigured(source),
    stateDirectory: source.stateDir,
    troubles: troubles(report).map(({ where, code, text, hint, since, at: last, runs }) => ({
      where,
      code: code === '' ? null : code,
      text,
      hint: hint ?? null,
      since: iso(since),
      at: iso(last),
      runs: runs ?? null,
    })),
    certificateEnd: iso(certificateEnd),
    ...factsJson(facts, at),
  })}\n`;
}

function factsJson(facts: ProfileFacts | undefined, at: number) {
  return {
    lastRun: iso(facts?.lastRunAt),
    lastRunSeconds: seconds(facts?.lastRunMs),
    lastSuccess: iso(facts?.lastSuccess),
    lastSuccessAgeSeconds: ageOf(facts?.lastSuccess, at),
    lastActiveRun:
      facts?.run === undefined
        ? null
        : { ...facts.run, at: iso(facts.run.at), ms: undefined, seconds: seconds(facts.run.ms) },
    lastEndedTrouble:
      facts?.endedFault === undefined
        ? null
        : {
            code: facts.endedFault.code,
            text: facts.endedFault.text,
            since: iso(facts.endedFault.since),
            ended: iso(facts.endedFault.ended),
          },
    pending: facts === undefined ? null : pendingOf(facts),
    oldestAgeSeconds: facts === undefined ? null : ageOf(oldestAt(facts), at),
    quarantine: facts?.quarantine ?? null,
    destinations: facts?.destinations.map((one) => destinationJson(one, at)) ?? null,
    sensor: facts === undefined ? null : sensorJson(facts),
    totals:
      facts === undefined
        ? null
        : {
            offered: facts.offered,
            accepted: facts.accepted,
            duplicate: facts.duplicate,
            conflict: facts.conflict,
            quarantined: facts.quarantined,
          },
    journal: facts === undefined ? null : { id: facts.journal, usedBytes: facts.usedBytes },
    law: facts === undefined ? null : facts.brokenLaws.length === 0 ? 'ok' : facts.brokenLaws.join('; '),
  };
}

function destinationJson(one: DestinationFacts, at: number) {
  const { id, active, pending, held, bytes, forwarded, changed, dead, refused, dropped, illness } = one;
  return {
    destination: shownId(id),
    configured: active,
    failing: illness !== undefined,
    pending,
    pendingBytes: bytes,
    oldestAgeSeconds: ageOf(one.oldestAt, at),
    held,
    forwarded,
    changed,
    refused,
    dead,
    dropped,
    lastSuccess: iso(one.acceptedAt),
  };
}

function sensorJson({ sensor }: ProfileFacts) {
  const { said, name, relay, journal, certificateEnd, clockOffsetMs } = sensor;
  return {
    name: name ?? null,
    relay: relay ?? null,
    journal: journal ?? null,
    pending: said?.pending ?? null,
    oldestAgeSeconds: seconds(said?.oldestMs),
    stuck: said?.stuck ?? null,
    corrupt: said?.corrupt ?? null,
    dropped: said?.dropped ?? null,
    paused: said?.paused ?? null,
    certificateEnd: iso(certificateEnd),
    clockOffsetSeconds: seconds(clockOffsetMs),
  };
}

function iso(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1000;
}

function ageOf(time: number | undefined, at: number): number | null {
  return time === undefined ? null : Math.max(0, Math.round((at - time) / 1000));
}
