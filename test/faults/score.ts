/** Adds up what a scenario found, and turns verdicts into its result. */

import { openJournal } from '../../src/journal/in-process.ts';
import type { JournalStats } from '../../src/journal/journal.ts';
import { brokenLaws } from '../../src/journal/law.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import type { Verdict } from './oracle.ts';
import type { FaultResult } from './scenario.ts';

const MOST_FAILURES = 20;

export class Score {
  runs = 0;
  faults = 0;
  readonly figures: string[] = [];
  readonly #failures: string[] = [];
  readonly #sum = { obligations: 0, lost: 0, unexpected: 0, altered: 0, duplicates: 0 };

  /** What one run came to; what is wrong with it is named with `where`. */
  add(verdict: Verdict, where: string): void {
    for (const key of ['obligations', 'lost', 'unexpected', 'altered', 'duplicates'] as const) {
      this.#sum[key] += verdict[key];
    }
    const { lost, unexpected, altered, lostWhere: at } = verdict;
    if (lost + unexpected + altered === 0) return;
    const places =
      lost > 0 ? ` (${at.prefix} before, ${at.middle} between, ${at.postfix} after what came)` : '';
    const examples = verdict.examples.filter((example) => !example.startsWith('duplicates'));
    this.fail(
      `${where}: ${lost} lost${places}, ${unexpected} unexpected, ${altered} altered: ${examples.join(', ')}`,
    );
  }

  fail(sentence: string): void {
    if (this.#failures.length < MOST_FAILURES) this.#failures.push(sentence);
    else if (this.#failures.length === MOST_FAILURES) this.#failures.push('and more');
  }

  get bad(): boolean {
    return this.#failures.length > 0;
  }

  result(): FaultResult {
    const { runs, faults, figures } = this;
    return { runs, faults, ...this.#sum, failures: this.#failures, figures };
  }
}

/** The journal's numbers, and what breaks the law of conservation or was dropped without anybody asking for it. */
export async function judgeJournal(path: string): Promise<{ stats: JournalStats; broken: string[] }> {
  const journal = await openJournal({ path, clock: systemClock, random: systemRandom, readOnly: true });
  try {
    const stats = await journal.stats();
    const broken = brokenLaws(stats);
    for (const { name, dropped, dead } of stats.consumers) {
      const reasons = Object.entries(dropped).filter(([, count]) => count !== 0);
      if (reasons.length > 0) broken.push(`consumer ${name} dropped ${JSON.stringify(dropped)}`);
      if (dead !== 0) broken.push(`consumer ${name} has ${dead} dead`);
    }
    return { stats, broken };
  } finally {
    await journal.close();
  }
}
