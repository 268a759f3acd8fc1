/**
 * What a journal should do, in the plainest way: maps and lists, no file, no cleverness. model.test.ts lets it and
 * the real one obey the same commands and compares them after each.
 */

export interface ModelRow {
  readonly text: string;
  readonly severity: number;
  readonly at: number;
  attempts: number;
  notBefore: number;
  leasedBy: number | undefined;
}

export interface ModelConsumer {
  readonly name: string;
  active: boolean;
  accepted: number;
  settled: number;
  dead: number;
  dropped: Record<string, number>;
  readonly owed: Map<number, ModelRow>;
  /** Last heard of; named or lapsed. */
  seen: number;
  since: number;
}

export interface ModelClaim {
  readonly id: number;
  readonly kind: 'lease' | 'peek';
  readonly consumer: ModelConsumer;
  /** Undecided messages (lease), or all that were announced (peek), with their texts. */
  readonly held: Map<number, string>;
}

export interface ModelEntry {
  readonly kind: 'invalid' | 'poison';
  readonly text: string;
  readonly severity: number;
  readonly at: number;
  readonly consumer: string | undefined;
}

interface Want {
  readonly messages: number;
  readonly bytes: number;
  readonly minSeverity?: number | undefined;
}

export class JournalModel {
  now = 0;
  offered = 0;
  accepted = 0;
  duplicate = 0;
  quarantined = 0;
  last = 0;
  readonly consumers = new Map<string, ModelConsumer>();
  readonly claims = new Map<number, ModelClaim>();
  readonly seen = new Set<string>();
  readonly files = new Map<string, number[]>();
  readonly quarantine = new Map<number, ModelEntry>();
  lastEntry = 0;
  quarantineDropped = 0;
  /** Dropped by retention and lapses. */
  lost = 0;
  openedAt = 0;
  retention: Bounds | undefined;
  consumerBounds: Bounds | undefined;

  /** Restart: claims are void, the named consumers active. */
  open(names: readonly string[]): void {
    this.claims.clear();
    this.openedAt = this.now;
    const backlog = new Map<number, ModelRow>();
    for (const consumer of this.consumers.values()) {
      const active = names.includes(consumer.name);
      if (active && !consumer.active) consumer.since = this.now;
      consumer.active = active;
      for (const [sequence, row] of consumer.owed) {
        row.leasedBy = undefined;
        backlog.set(sequence, row);
      }
    }
    for (const name of names) {
      if (this.consumers.has(name)) continue;
      const times = { seen: 0, since: this.now };
      const base = { settled: 0, dead: 0, dropped: {}, owed: new Map<number, ModelRow>(), ...times };
      const consumer: ModelConsumer = { name, active: true, accepted: 0, ...base };
      this.consumers.set(name, consumer);
      for (const [sequence, row] of [...backlog].toSorted(([a], [b]) => a - b))
        this.owe(consumer, sequence, row.text, row.severity, row.at);
    }
  }

  offer(text: string, severity: number, key: string | undefined, isInvalid: boolean): number | undefined {
    this.offered++;
    if (key !== undefined && this.seen.has(key)) {
      this.duplicate++;
      return undefined;
    }
    if (key !== undefined) this.seen.add(key);
    if (isInvalid) {
      this.quarantined++;
      const entry = { kind: 'invalid', text, severity, at: this.now, consumer: undefined } as const;
      this.quarantine.set(++this.lastEntry, entry);
      return undefined;
    }
    this.accepted++;
    const sequence = ++this.last;
    for (const consumer of this.active()) this.owe(consumer, sequence, text, severity);
    return sequence;
  }

  owe(consumer: ModelConsumer, sequence: number, text: string, severity: number, at = this.now): void {
    consumer.accepted++;
    consumer.owed.set(sequence, { text, severity, at, attempts: 0, notBefore: 0, leasedBy: undefined });
  }

  active(): ModelConsumer[] {
    return [...this.consumers.values()].filter((consumer) => consumer.active);
  }

  due(consumer: ModelConsumer, want: Want): [number, ModelRow][] {
    const rows = sorted(consumer).filter(
      ([, row]) =>
        row.leasedBy === undefined && row.notBefore <= this.now && row.severity >= (want.minSeverity ?? 0),
    );
    return cut(rows, { ...want, messages: Math.max(1, want.messages) });
  }

  lease(id: number, consumer: ModelConsumer, rows: readonly [number, ModelRow][]): void {
    for (const [, row] of rows) row.leasedBy = id;
    const held = new Map(rows.map(([sequence, row]) => [sequence, row.text]));
    this.claims.set(id, { id, kind: 'lease', consumer, held });
  }

  peek(id: number, consumer: ModelConsumer, want: Want): void {
    const held = new Map(cut(sorted(consumer), want).map(([sequence, row]) => [sequence, row.text]));
    this.claims.set(id, { id, kind: 'peek', consumer, held });
  }

  settle(claim: ModelClaim, sequences: readonly number[]): void {
    for (const sequence of sequences) {
      if (claim.held.delete(sequence) && claim.consumer.owed.delete(sequence)) claim.consumer.settled++;
    }
    this.endIfEmpty(claim);
  }

  release(claim: ModelClaim, sequences: readonly number[], failed: boolean, notBefore: number): void {
    for (const sequence of sequences) {
      const row = claim.consumer.owed.get(sequence);
      if (!claim.held.delete(sequence) || row === undefined) continue;
      row.leasedBy = undefined;
      if (failed) row.attempts++;
      row.notBefore = notBefore;
    }
    this.endIfEmpty(claim);
  }

  bury(claim: ModelClaim, sequence: number): void {
    const row = claim.consumer.owed.get(sequence);
    if (claim.held.delete(sequence) && row !== undefined) {
      claim.consumer.owed.delete(sequence);
      claim.consumer.dead++;
      const { text, severity } = row;
      const entry = { kind: 'poison', text, severity, at: this.now, consumer: claim.consumer.name } as const;
      this.quarantine.set(++this.lastEntry, entry);
    }
    this.endIfEmpty(claim);
  }

  accept(id: number, entry: ModelEntry): void {
    this.quarantine.delete(id);
    const sequence = ++this.last;
    if (entry.kind === 'invalid') {
      this.quarantined--;
      this.accepted++;
      for (const consumer of this.active()) this.owe(consumer, sequence, entry.text, entry.severity);
      return;
    }
    const consumer = this.consumers.get(entry.consumer ?? '');
    if (consumer === undefined) throw new Error('poison without a consumer');
    consumer.dead--;
    consumer.accepted--;
    this.owe(consumer, sequence, entry.text, entry.severity);
  }

  drop(id: number, entry: ModelEntry, reason = 'discarded'): void {
    this.quarantine.delete(id);
    this.quarantineDropped++;
    const consumer = this.consumers.get(entry.consumer ?? '');
    if (consumer === undefined) return;
    consumer.dead--;
    addTo(consumer.dropped, reason, 1);
  }

  quarantineBytes(): number {
    return [...this.quarantine.values()].reduce((sum, { text }) => sum + text.length, 0);
  }

  /** Whether an append finds too much and drops first. */
  isExcessive(): boolean {
    return [...this.consumers.values()].some((consumer) => this.excess(consumer) > 0);
  }

  private excess(consumer: ModelConsumer): number {
    const owed = bytesOf(consumer);
    return owed === 0 ? 0 : owed + this.quarantineBytes() - (this.retention?.maxBytes ?? Infinity);
  }

  private peeked(consumer: ModelConsumer): boolean {
    return [...this.claims.values()].some((claim) => claim.kind === 'peek' && claim.consumer === consumer);
  }

  /** Oldest first, but what is leased, while it must go. */
  private dropOldest(consumer: ModelConsumer, reason: string, mustGo: (row: ModelRow) => boolean): void {
    if (this.peeked(consumer)) return;
    for (const [sequence, row] of sorted(consumer)) {
      if (row.leasedBy !== undefined) continue;
      if (!mustGo(row)) return;
      consumer.owed.delete(sequence);
      addTo(consumer.dropped, reason, 1);
      this.lost++;
    }
  }

  retain(): void {
    if (this.retention === undefined) return;
    const before = this.retention.maxAgeMs === undefined ? -Infinity : this.now - this.retention.maxAgeMs;
    for (const consumer of this.consumers.values()) {
      let excess = this.excess(consumer);
      this.dropOldest(consumer, 'retention', ({ text, at }) => {
        if (excess <= 0 && at >= before) return false;
        excess -= text.length;
        return true;
      });
    }
    let room = this.quarantineBytes() - (this.retention.maxBytes ?? Infinity) / 4;
    for (const [id, entry] of this.quarantine) {
      if (room <= 0 && entry.at >= before) return;
      room -= entry.text.length;
      this.lost++;
      this.drop(id, entry, 'retention');
    }
  }

  lapse(): void {
    for (const consumer of this.active()) {
      const owed = sorted(consumer);
      const { maxAgeMs = Infinity, maxBytes = Infinity } = this.consumerBounds ?? {};
      if (this.peeked(consumer) || owed.every(([, { leasedBy }]) => leasedBy !== undefined)) continue;
      const before = this.now - maxAgeMs;
      const away = Math.max(consumer.seen, consumer.since, owed[0]?.[1].at ?? 0) < before;
      const isAway = away && this.now - this.openedAt >= Math.min(maxAgeMs, 900_000);
      if (!isAway && bytesOf(consumer) <= maxBytes) continue;
      consumer.since = this.now;
      this.dropOldest(consumer, 'lapsed', () => true);
    }
  }

  /** What nobody is owed any more; counted by message. */
  withdraw(sequences: readonly number[]): number {
    const gone = new Set<number>();
    for (const consumer of this.consumers.values()) {
      for (const sequence of sequences) {
        if (!consumer.owed.delete(sequence)) continue;
        gone.add(sequence);
        addTo(consumer.dropped, 'withdrawn', 1);
      }
    }
    return gone.size;
  }

  free(consumer: ModelConsumer): number {
    const count = consumer.owed.size;
    if (count > 0) addTo(consumer.dropped, 'discarded', count);
    consumer.owed.clear();
    return count;
  }

  leasedBy(consumer: ModelConsumer): number {
    return [...consumer.owed.values()].filter(({ leasedBy }) => leasedBy !== undefined).length;
  }

  private endIfEmpty(claim: ModelClaim): void {
    if (claim.held.size === 0) this.claims.delete(claim.id);
  }
}

export interface Bounds {
  readonly maxAgeMs?: number;
  readonly maxBytes?: number;
}

export function bytesOf({ owed }: ModelConsumer): number {
  return [...owed.values()].reduce((sum, { text }) => sum + text.length, 0);
}

export function sorted(consumer: ModelConsumer): [number, ModelRow][] {
  return [...consumer.owed].toSorted(([a], [b]) => a - b);
}

function cut(rows: [number, ModelRow][], want: Want): [number, ModelRow][] {
  let bytes = 0;
  const end = rows.findIndex(([, { text }], index) => {
    bytes += text.length;
    return index > 0 && (index >= want.messages || bytes > want.bytes);
  });
  return end < 0 ? rows : rows.slice(0, end);
}

function addTo(counts: Record<string, number>, name: string, amount: number): void {
  counts[name] = (counts[name] ?? 0) + amount;
}
