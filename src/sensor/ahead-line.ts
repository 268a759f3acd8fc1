/**
 * What one consumer will ask for next, asked of the journal before it asks. Made by ahead.ts, one for each consumer.
 *
 * On when the last two leased GETs wished the same (no lane, at most leaseLimits.defaultBytes) and the last was
 * less than aheadLimits.idleMs ago. Then each answer, and each notice that something became due, puts one question to the
 * journal: more of the next batch while it is not full, and the numbers. One question at a time.
 *
 * The journal's messages arrive in order, so a notice that came before an answer is in that answer; what is
 * answered from memory is right as of the last notice, or as of aheadLimits.patienceMs ago. Whoever gets nothing here asks the
 * journal, which ends all reservations in the same breath (src/journal/reserving.ts): `drop` forgets them here.
 */

import { aheadLimits, leaseLimits } from '../core/limits.ts';
import type { Clock } from '../core/ports.ts';
import type { ConsumerStats, Journal, Reservation, Want } from '../journal/journal.ts';
import { follows, isSame, joinClaims, roomFor, sizeOf } from './ahead-batch.ts';
import type { AheadBatch, Piece } from './ahead-batch.ts';

export interface LineDeps {
  readonly journal: Pick<Journal, 'reserve' | 'grant' | 'release'>;
  readonly clock: Clock;
  /** Takes so many bytes of the common room; false when there are none. Negative gives back. */
  readonly take: (bytes: number) => boolean;
}

export class AheadLine {
  readonly #consumer: string;
  readonly #deps: LineDeps;
  /** Of the last leased GET. */
  #want: Want | undefined;
  #isOn = false;
  #heardAt = 0;
  #pieces: Piece[] = [];
  /** The journal's last answer, and how much had been granted when it was asked. */
  #known: { readonly stats: ConsumerStats; readonly journal: string; readonly granted: number } | undefined;
  #granted = 0;
  /** Notices so far; how many when the question of `#known` was put; and how many an answer has to know of. */
  #notices = 0;
  #asked = -1;
  #owed = 0;
  /** More is due than the batch takes. */
  #isFull = false;
  /** Changes when the pieces, and what is under way to them, are void. */
  #epoch = 0;
  #question: Promise<boolean> | undefined;
  /** It is for numbers only. */
  #isIdle = false;
  /** What was fetched last was the rest of a batch that went without it. */
  #isShort = false;
  #questionAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(consumer: string, deps: LineDeps) {
    this.#consumer = consumer;
    this.#deps = deps;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** For a leased GET: what there is, that there is nothing, or undefined: ask the journal. */
  async take(want: Want): Promise<AheadBatch | undefined> {
    if (!this.#arm(want)) return undefined;
    const arrived = this.#notices;
    await this.#askUntil(() => this.#isCurrent(arrived) || this.#isBatch());
    if (!this.#isCurrent(arrived) && !this.#isFull) {
      const asking = this.#askUntil(() => this.#isCurrent(arrived));
      await Promise.race([asking, pause(aheadLimits.patienceMs)]);
    }
    // Another one was here first: the next batch is being fetched.
    if (!this.#isBatch() && this.#rest() > 0 && !this.#isIdle) await this.#question;
    const isNothing = this.#pieces.length === 0 && this.#isCurrent(arrived) && this.#rest() <= 0;
    return this.#isOn && (this.#isBatch() || isNothing) ? this.#handOut() : undefined;
  }

  /** Something became due. `own`: and whoever asks from now on must find it. */
  notice(own = false): void {
    this.#notices += 1;
    if (own) this.#owed = this.#notices;
    this.next();
  }

  /** The consumer has its answer; if the journal gave it, nothing is known here. */
  answered(): void {
    if (this.#known === undefined) this.next();
  }

  /** Asks ahead, when that is on: soon, at most each gapMs. */
  next(): void {
    if (!this.#isOn || this.#question !== undefined || this.#timer !== undefined) return;
    const wait = this.#questionAt + aheadLimits.gapMs - this.#deps.clock.monotonic();
    if (wait <= 0) {
      void this.#ask();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.next();
    }, wait);
    this.#timer.unref();
  }

  /** Time passes: ends what nobody has come for, or renews the numbers. */
  tick(): void {
    const now = this.#deps.clock.monotonic();
    if (now - this.#heardAt >= aheadLimits.idleMs) this.stop();
    else if (now - this.#questionAt >= aheadLimits.refreshMs) this.next();
  }

  /** The journal is asked directly, or has something back: what is here is no longer the next. */
  drop(): void {
    this.#epoch += 1;
    this.#known = undefined;
    this.#asked = -1;
    this.#deps.take(-sizeOf(this.#pieces).bytes);
    this.#pieces = [];
    this.#isFull = false;
  }

  /** Gives back what lies here, and asks no more. */
  stop(): void {
    this.#isOn = false;
    this.#want = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.giveBack();
  }

  giveBack(): void {
    const pieces = this.#pieces;
    this.drop();
    for (const { claim } of pieces) this.#release(claim.id);
  }

  #arm(want: Want): boolean {
    const fits = want.minSeverity === undefined && want.bytes <= leaseLimits.defaultBytes;
    const isOn = fits && isSame(this.#want, want);
    if (!isOn) this.stop();
    this.#want = want;
    this.#isOn = isOn;
    this.#heardAt = this.#deps.clock.monotonic();
    return isOn;
  }

  #isCurrent(notices: number): boolean {
    return this.#asked >= notices && this.#asked >= this.#owed;
  }

  /** As large as it would be if the journal were asked, as far as is known. */
  #isBatch(): boolean {
    return this.#pieces.length > 0 && this.#asked >= this.#owed && (this.#isFull || this.#rest() <= 0);
  }

  /** Pending, and not lying here; as of the last answer. */
  #rest(): number {
    if (this.#known === undefined) return 0;
    const { stats, granted } = this.#known;
    return stats.pending - (this.#granted - granted) - sizeOf(this.#pieces).count;
  }

  #handOut(): AheadBatch | undefined {
    const { stats, journal, granted } = this.#known ?? {};
    if (stats === undefined || journal === undefined || granted === undefined) return undefined;
    const pieces = this.#pieces;
    const claim = joinClaims(pieces);
    this.#pieces = [];
    this.#granted += claim?.count ?? 0;
    this.#deps.take(-(claim?.bytes ?? 0));
    const ids = pieces.map((piece) => piece.claim.id);
    // One that is void by now is so for its holder too: the acknowledgement says it.
    this.#deps.journal.grant(this.#consumer, ids).catch(() => undefined);
    this.#isFull = false;
    // At once, or after what is being fetched already, because that comes before.
    if (claim !== undefined && (this.#question === undefined || this.#isIdle)) void this.#ask();
    const pending = Math.max(0, stats.pending - (this.#granted - granted));
    return {
      journal: pieces[0]?.journal ?? journal,
      claim,
      bodies: pieces.map(({ bodies }) => bodies),
      stats: { ...stats, pending },
    };
  }

  async #askUntil(isEnough: () => boolean): Promise<void> {
    while (this.#isOn && !isEnough()) {
      if (!(await (this.#question ?? this.#ask()))) return;
    }
  }

  #ask(): Promise<boolean> {
    const question = this.#put().finally(() => {
      if (this.#question !== question) return;
      this.#question = undefined;
      if (this.#asked >= 0 && (this.#asked < this.#notices || this.#isShort)) this.next();
      this.#isShort = false;
    });
    this.#question = question;
    return question;
  }

  /** False when the answer is of no use. */
  async #put(): Promise<boolean> {
    const { journal, take, clock } = this.#deps;
    const epoch = this.#epoch;
    const notices = this.#notices;
    const granted = this.#granted;
    this.#questionAt = clock.monotonic();
    const room = this.#want === undefined ? undefined : roomFor(this.#pieces, this.#want);
    const isRoom = room !== undefined && take(room.bytes);
    const pieces = this.#pieces;
    const held = pieces.map(({ claim }) => claim.id);
    this.#isIdle = !isRoom;
    try {
      const answer = await journal.reserve(this.#consumer, isRoom ? room : undefined, held);
      if (epoch !== this.#epoch) {
        if (answer.claim !== undefined) this.#release(answer.claim.id);
        return false;
      }
      if (!this.#accept(answer)) {
        this.giveBack();
        return false;
      }
      this.#known = { stats: answer.stats, journal: answer.journal, granted };
      this.#asked = notices;
      // With another batch begun meanwhile it was not this one that had no room.
      if (pieces === this.#pieces) this.#isFull = (isRoom || room === undefined) && this.#rest() > 0;
      else this.#isShort = isRoom;
      return true;
    } catch {
      // Whoever comes asks the journal, and is told.
      if (epoch === this.#epoch) this.giveBack();
      return false;
    } finally {
      if (isRoom) take(-room.bytes);
    }
  }

  /** False when what lies here is not the next any more. */
  #accept({ journal, claim, bodies, intact }: Reservation): boolean {
    const known = this.#pieces[0]?.journal ?? journal;
    const piece = claim === undefined ? undefined : { journal, claim, bodies };
    const good = (intact || this.#pieces.length === 0) && known === journal;
    const inOrder = piece === undefined || follows(this.#pieces, piece);
    if (piece !== undefined) {
      this.#pieces.push(piece);
      this.#deps.take(piece.claim.bytes);
    }
    return good && inOrder;
  }

  #release(claim: number): void {
    // Gone already where an ordinary lease came first, or the journal began anew.
    this.#deps.journal.release(claim).catch(() => undefined);
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
