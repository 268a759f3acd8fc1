/**
 * How fast documents are read and validated: 10,000 alerts of about 3 kB (29 MB), cold and warm.
 *
 * Run by `npm run bench`, or alone: `node .build/test/bench/validate.js`. Cold is the first pass of the process,
 * in batches of 500 as the poller takes them; warm is the median of the next five. The single files are what the
 * spool intake reads.
 */

import { readDocument } from '../../src/idmef/read-document.ts';
import type { ValidationMode } from '../../src/idmef/verdict.ts';
import { sampleAlert, sampleBatch } from '../support/sample-alerts.ts';

const ALERTS = 10_000;
const BATCH = 500;

const batches = Array.from({ length: ALERTS / BATCH }, (_, index) => sampleBatch(index * BATCH, BATCH));
const whole = sampleBatch(0, ALERTS);
const files = Array.from({ length: ALERTS }, (_, index) => sampleAlert(index));

function megabytesPerSecond(inputs: readonly Uint8Array[], mode: ValidationMode): number {
  const bytes = inputs.reduce((sum, input) => sum + input.length, 0);
  const start = process.hrtime.bigint();
  for (const input of inputs) {
    const verdict = readDocument(input, mode);
    if (!verdict.readable || !verdict.valid)
      throw new Error(`a sample is not valid: ${JSON.stringify(verdict)}`);
  }
  return bytes / 1e6 / (Number(process.hrtime.bigint() - start) / 1e9);
}

function report(name: string, inputs: readonly Uint8Array[], mode: ValidationMode): void {
  const cold = megabytesPerSecond(inputs, mode);
  const warm = Array.from({ length: 5 }, () => megabytesPerSecond(inputs, mode)).toSorted((a, b) => a - b);
  const line = `${name.padEnd(34)} ${mode.padEnd(8)} first ${cold.toFixed(0).padStart(4)} MB/s   then ${(warm[2] ?? 0).toFixed(0).padStart(4)} MB/s\n`;
  process.stdout.write(line);
}

process.stdout.write(
  `Node ${process.versions.node}, ${(whole.length / 1e6).toFixed(1)} MB, ${ALERTS} alerts\n`,
);
report(`batches of ${BATCH} (process is cold)`, batches, 'strict');
report('one document', [whole], 'strict');
report('one file each', files, 'strict');
report(`batches of ${BATCH}`, batches, 'lenient');
report('one file each', files, 'off');
