/**
 * A sensor full of alerts, a following poller with read-back acknowledgement, and a real prelude-manager, for scenarios that
 * break one of them in the middle: what did the poller settle, what does the manager's report hold?
 *
 * Settled is what neither the sensor nor the poller's journal owes any more. xmlmod writes unbuffered, so its file holds at
 * any instant, also after a kill, all that the manager has reported. Alerts are made from their ids (fault-alert.ts), so
 * the report can be judged without keeping what was sent.
 */

import { closeSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

import { openReadOnly } from '../../src/journal/open.ts';
import { makePki } from '../support/pki.ts';
import { noPrelude, startPreludeManager, type PreludeManager } from '../support/prelude-manager.ts';
import { startProgram, type Program } from '../support/program.ts';
import { startTestSensor, type TestSensor } from '../support/test-sensor.ts';
import { messageids } from '../support/tiny-alerts.ts';
import type { Endings } from './endings.ts';
import { faultElement } from './fault-alert.ts';
import { judgeJournal } from './score.ts';

export interface PreludeRig {
  readonly manager: PreludeManager;
  readonly profile: string;
  readonly report: ReportReader;
  /** Puts alerts with these ids into the sensor. */
  fill(ids: readonly string[]): Promise<void>;
  /** Follows; `url` of the manager or of a proxy before it. Whoever starts it again has killed it before. */
  startPoller(url: string): Program;
  poller(): Program | undefined;
  /** Ids that the sensor or the poller's journal still owes. */
  owed(): Set<string>;
  /** How many the poller's journal has settled. */
  settled(): number;
  /** What the poller's journal says against the law, once the program is dead. */
  broken(): Promise<string[]>;
}

export async function makePreludeRig(
  directory: string,
  endings: Endings,
  permissions: 'idmef:rw' | 'idmef:w' = 'idmef:rw',
): Promise<PreludeRig> {
  const missing = noPrelude();
  if (missing !== false) throw new Error(missing);
  const pki = await makePki(join(directory, 'pki'));
  const sensorDir = join(directory, 'sensor');
  mkdirSync(sensorDir);
  const sensor: TestSensor = await startTestSensor(endings, { pki, dir: sensorDir, consuming: true });
  const manager = await startPreludeManager(join(directory, 'prelude'), { reports: ['xml'] });
  endings.after(() => manager.remove());
  const profile = await manager.register(permissions);
  const state = join(directory, 'manager');
  let poller: Program | undefined;
  endings.after(() => poller?.kill('SIGKILL'));
  const path = join(state, 'profiles', `localhost-${sensor.port}`, 'journal.db');

  return {
    manager,
    profile,
    report: new ReportReader(manager.xmlFile),
    fill: async (ids) => {
      for (let at = 0; at < ids.length; at += 250) {
        const bodies = ids.slice(at, at + 250).map((id) => Buffer.from(faultElement(id)));
        await sensor.journal.append(bodies.map((body) => ({ body, severity: 0 })));
      }
    },
    startPoller: (url) => {
      const { certFile, keyFile } = pki.client;
      const tls = [
        '--cert',
        certFile,
        '--key',
        keyFile,
        '--cacert',
        pki.caFile,
        '--timeout',
        '2',
        '--lease',
        '5',
      ];
      const ends = ['--sensor', `https://localhost:${sensor.port}/`, '--manager', url, '--follow'];
      poller = startProgram('http-proxy', [...tls, ...ends, '--state', state, '--min-free', '1M']);
      return poller;
    },
    poller: () => poller,
    // The sensor first: what it is rid of by then, the poller's journal has had.
    owed: () => new Set([...owedIn(join(sensorDir, 'journal.db')), ...owedIn(path)]),
    settled: () => {
      const db = openReadOnly(path);
      const row = db.get<{ n: number }>("SELECT sum(value) AS n FROM counter WHERE name LIKE 'settled%'");
      db.close();
      return row?.n ?? 0;
    },
    broken: async () => (await judgeJournal(path)).broken,
  };
}

/** What consumers are owed, leased or not: read beside the program that owns the journal. */
function owedIn(path: string): string[] {
  const db = openReadOnly(path);
  try {
    const rows = db.all<{ body: Uint8Array }>(
      'SELECT body FROM delivery JOIN message USING (seq) WHERE state = 0',
    );
    return rows.flatMap(({ body }) => messageids(body));
  } finally {
    db.close();
  }
}

const BEGIN = '<IDMEF-Message>';
const END = '</IDMEF-Message>';

/** Reads an xmlmod file on from where it was, and counts alerts by id, but for the poller's reports about itself. */
export class ReportReader {
  /** How often each was reported. */
  readonly times = new Map<string, number>();
  /** Of those that say something else than what went in. */
  readonly altered: string[] = [];
  readonly #path: string;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  read(): void {
    const file = openSync(this.#path, 'r');
    const piece = Buffer.alloc(1 << 22);
    for (let got = readSync(file, piece, 0, piece.length, this.#offset); got > 0;) {
      this.#offset += got;
      this.#take(Buffer.concat([this.#rest, piece.subarray(0, got)]));
      got = readSync(file, piece, 0, piece.length, this.#offset);
    }
    closeSync(file);
  }

  #take(bytes: Buffer): void {
    const last = bytes.lastIndexOf(END);
    const stop = last < 0 ? 0 : last + END.length;
    this.#rest = bytes.subarray(stop);
    // One that a kill cut off has the beginning of the next behind it.
    for (const document of bytes.subarray(0, stop).toString('utf8').split(BEGIN)) {
      const own = document.includes('<Analyzer analyzerid="idmef-relay@');
      if (document.startsWith('<Alert') && document.endsWith(END) && !own) this.#count(document);
    }
  }

  #count(document: string): void {
    const id = /^<Alert messageid="([^"]*)"/.exec(document)?.[1] ?? '';
    this.times.set(id, (this.times.get(id) ?? 0) + 1);
    if (meaning(document) !== meaning(faultElement(id))) this.altered.push(id);
  }
}

/** What tells two fault alerts apart beside their id: analyzer, severity, and the text that fills them. */
function meaning(document: string): string {
  const analyzer = document.includes('analyzerid="faults"');
  const severity = /severity="(\w+)"/.exec(document)?.[1];
  const fill = /meaning="fill"><(?:\w+:)?string>([^<]*)</.exec(document)?.[1] ?? '';
  return `${analyzer} ${severity} ${fill}`;
}
