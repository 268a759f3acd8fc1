/**
 * How fast messages pass into Prelude's model and out of it in the dialect: alerts of about 600 bytes and of about 3 kB.
 *
 * Run by `npm run bench -- carry`. What the poller does for each message on its way to Prelude, on one thread; the CPU time
 * beside it tells what a busy machine hides. `first` is the first pass of the process.
 */

import { carry } from '../../src/idmef/prelude/carry.ts';
import type { PreludeObject } from '../../src/idmef/prelude/model.ts';
import { secefDocument } from '../../src/idmef/prelude/secef-document.ts';
import { readDocument } from '../../src/idmef/read-document.ts';
import { sampleAlert } from '../support/sample-alerts.ts';

const ALERTS = 20_000;
const PASSES = 6;

function small(n: number): Buffer {
  const second = String(n % 60).padStart(2, '0');
  const stamp = (0xe9e3_0050 + (n % 60)).toString(16);
  return Buffer.from(
    `<idmef:Alert xmlns:idmef="http://iana.org/idmef" messageid="6567fa23-a5f6-4d7b-a202-${String(n).padStart(12, '0')}">` +
      '<idmef:Analyzer analyzerid="sensor-7" name="sshd-watch"/>' +
      `<idmef:CreateTime ntpstamp="0x${stamp}.0x00000000">2024-05-06T07:08:${second}Z</idmef:CreateTime>` +
      '<idmef:Source><idmef:Node><idmef:Address category="ipv4-addr"><idmef:address>192.0.2.50</idmef:address>' +
      '</idmef:Address></idmef:Node></idmef:Source><idmef:Classification text="Login failed"/>' +
      '<idmef:Assessment><idmef:Impact severity="low" type="user"/></idmef:Assessment>' +
      '<idmef:AdditionalData type="string" meaning="rule"><idmef:string>1042</idmef:string></idmef:AdditionalData></idmef:Alert>',
  );
}

function large(n: number): Uint8Array {
  const verdict = readDocument(sampleAlert(n), 'strict');
  const [message] = verdict.readable ? verdict.messages : [];
  if (message === undefined) throw new Error('a sample cannot be read');
  return message.bytes;
}

function model(bytes: Uint8Array): PreludeObject {
  const carried = carry(bytes);
  if (!carried.ok || carried.changes.length > 0)
    throw new Error(`a sample does not pass: ${JSON.stringify(carried)}`);
  return carried.message;
}

function report(name: string, each: (index: number) => unknown): void {
  const perSecond: number[] = [];
  const perCpuSecond: number[] = [];
  for (let pass = 0; pass < PASSES; pass += 1) {
    const cpu = process.cpuUsage();
    const start = process.hrtime.bigint();
    for (let index = 0; index < ALERTS; index += 1) each(index);
    perSecond.push(ALERTS / (Number(process.hrtime.bigint() - start) / 1e9));
    const { user, system } = process.cpuUsage(cpu);
    perCpuSecond.push(ALERTS / ((user + system) / 1e6));
  }
  const show = (value: number): string => value.toFixed(0).padStart(7);
  process.stdout.write(
    `${name.padEnd(30)} first ${show(perSecond[0]!)}/s   best ${show(Math.max(...perSecond))}/s ` +
      `${show(Math.max(...perCpuSecond))}/s of CPU\n`,
  );
}

for (const [size, make] of [
  ['small', small],
  ['large', large],
] as const) {
  const messages = Array.from({ length: ALERTS }, (_, index) => make(index));
  const bytes = Math.round(messages.reduce((sum, message) => sum + message.length, 0) / ALERTS);
  report(`${size} (${bytes} B) into the model`, (index) => model(messages[index]!));
  report(`${size} (${bytes} B) to the dialect`, (index) => secefDocument(model(messages[index]!)));
}
