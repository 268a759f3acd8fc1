/**
 * How fast messages become bytes of Prelude's native protocol, and echoes are told from others.
 *
 * Run by `npm run bench`, or alone: `node .build/test/bench/prelude-codec.js`. The small alert is what a gateway of sensors
 * sends most, the large one has about the content of the samples elsewhere. `echo` is what every event of a manager
 * costs a reader: cut out of the stream, and its key found. First is the first pass of the process, then the median of
 * five.
 */

import { frame, FrameReader, messageTags } from '../../src/destinations/prelude/frames.ts';
import { decodeMessage, echoKey } from '../../src/idmef/prelude/decode.ts';
import { encodeMessage, priorityOf } from '../../src/idmef/prelude/encode.ts';
import type { PreludeObject } from '../../src/idmef/prelude/model.ts';
import { fromPaths, type PathValue } from '../support/prelude-paths.ts';

const MESSAGES = 20_000;
const NOW = Date.parse('2020-04-30T08:56:06Z');

const small: readonly PathValue[] = [
  ['alert.messageid', '0f9a1c52-7d1e-4f43-9f0b-1b6a5a0c2d3e'],
  ['alert.analyzer(0).analyzerid', '2732752047496184'],
  ['alert.analyzer(0).name', 'sshd'],
  ['alert.create_time', '2020-04-30T10:56:06.250000+02:00'],
  ['alert.classification.text', 'Failed login'],
  ['alert.source(0).node.address(0).category', 'ipv4-addr'],
  ['alert.source(0).node.address(0).address', '192.0.2.1'],
  ['alert.target(0).node.name', 'gw.example'],
  ['alert.target(0).service.port', 22],
  ['alert.assessment.impact.severity', 'medium'],
];
const large: readonly PathValue[] = [
  ...small,
  ...Array.from({ length: 20 }, (_, index): PathValue[] => [
    [`alert.additional_data(${index}).type`, 'string'],
    [`alert.additional_data(${index}).meaning`, `what the sensor says, ${index}`],
    [`alert.additional_data(${index}).data`, 'Connexion refusée '.repeat(3)],
  ]).flat(),
];

function perSecond(work: () => unknown): number {
  const start = process.hrtime.bigint();
  work();
  return MESSAGES / (Number(process.hrtime.bigint() - start) / 1e9);
}

function report(name: string, work: () => unknown): void {
  const first = perSecond(work);
  const then = Array.from({ length: 5 }, () => perSecond(work)).toSorted((a, b) => a - b);
  const figure = (value: number): string => Math.round(value).toLocaleString('en-US').padStart(11);
  process.stdout.write(`${name.padEnd(30)} first ${figure(first)}/s   then ${figure(then[2] ?? 0)}/s\n`);
}

function times(work: (index: number) => unknown): () => void {
  return () => {
    for (let index = 0; index < MESSAGES; index += 1) {
      if (work(index) === undefined) throw new Error('a sample is no message');
    }
  };
}

function echoes(stream: Buffer): void {
  const reader = new FrameReader();
  let found = 0;
  for (let at = 0; at < stream.length; at += 65_536) {
    for (const { payload } of reader.read(stream.subarray(at, at + 65_536))) {
      if (echoKey(payload) !== undefined) found += 1;
    }
  }
  if (found !== MESSAGES) throw new Error(`${found} echoes of ${MESSAGES}`);
}

function bench(name: string, message: PreludeObject): void {
  const payload = encodeMessage(message);
  const one = frame(messageTags.idmef, priorityOf(message), payload, NOW);
  const stream = Buffer.concat(Array.from({ length: MESSAGES }, () => one));
  process.stdout.write(`${name}, ${payload.length} bytes\n`);
  const encoded = times(() => frame(messageTags.idmef, priorityOf(message), encodeMessage(message), NOW));
  report('  encode, with its header', encoded);
  report('  echo', () => {
    echoes(stream);
  });
  report(
    '  decode',
    times(() => decodeMessage(payload)),
  );
}

bench('small alert', fromPaths(small));
bench('large alert', fromPaths(large));
