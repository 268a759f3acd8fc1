/**
 * Files per second from the spool into the journal, durable, with reading (well-formedness, limits, root).
 *
 * node .build/test/bench/intake.js [--files N] [--dir DIR] [--mode delete|move|leave]; goal ≥ 12,000 files/s
 *. First round cold, then warm ones; the directory decides between disk and memory (/dev/shm).
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

import { readDocument } from '../../src/idmef/read-document.ts';
import { JournalCore } from '../../src/journal/core.ts';
import { systemClock } from '../../src/os/clock.ts';
import { systemRandom } from '../../src/os/random.ts';
import { Intake } from '../../src/sensor/intake/intake.ts';
import { sampleAlert } from '../support/sample-alerts.ts';

const { values: flags } = parseArgs({
  options: {
    files: { type: 'string', default: '10000' },
    dir: { type: 'string', default: tmpdir() },
    mode: { type: 'string', default: 'delete' },
    rounds: { type: 'string', default: '4' },
  },
});
const count = Number(flags.files);
const quiet = (): void => undefined;
const log = { error: quiet, warning: quiet, notice: quiet, info: quiet, debug: quiet };
const base = mkdtempSync(join(flags.dir, 'intake-bench-'));
try {
  for (let round = 1; round <= Number(flags.rounds); round += 1) measure(round);
} finally {
  rmSync(base, { recursive: true, force: true });
}

function measure(round: number): void {
  const dir = join(base, String(round));
  const [spoolDir, stateDir, moveDir] = [join(dir, 'spool'), join(dir, 'state'), join(dir, 'done')];
  for (const made of [dir, spoolDir, stateDir, moveDir]) mkdirSync(made);
  let bytes = 0;
  for (let n = 0; n < count; n += 1) {
    const alert = sampleAlert(n);
    bytes += alert.length;
    writeFileSync(join(spoolDir, `alert-${n}.xml`), alert);
  }
  const core = new JournalCore({
    path: join(stateDir, 'journal.db'),
    clock: systemClock,
    random: systemRandom,
  });
  const intake = new Intake(
    {
      spoolDir,
      stateDir,
      minFree: { bytes: 0 },
      delete: flags.mode === 'delete',
      ...(flags.mode === 'move' ? { moveDir } : {}),
    },
    { clock: systemClock, log, ledger: core, readDocument: (document) => readDocument(document, 'off') },
  );
  const before = process.cpuUsage();
  const start = performance.now();
  let slowest = 0;
  for (let at = start, rest = 0; rest === 0;) {
    rest = intake.step();
    const now = performance.now();
    slowest = Math.max(slowest, now - at);
    at = now;
  }
  const ms = performance.now() - start;
  const cpu = process.cpuUsage(before);
  const { pending = 0 } = core.stats().consumers[0] ?? {};
  const rss = Math.round(process.memoryUsage().rss / 1e6);
  const rate = Math.round((pending / ms) * 1000);
  process.stdout.write(
    `${round === 1 ? 'cold' : 'warm'} ${flags.mode}: ${pending} files (${(bytes / 1e6).toFixed(1)} MB) in ${ms.toFixed(0)} ms = ` +
      `${rate}/s (goal 12,000), cpu ${((cpu.user + cpu.system) / 1000).toFixed(0)} ms, longest slice ${slowest.toFixed(1)} ms, RSS ${rss} MB\n`,
  );
  intake.close();
  core.close();
  rmSync(dir, { recursive: true, force: true });
}
