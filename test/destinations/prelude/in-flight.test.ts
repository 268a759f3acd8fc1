/** What confirms a message, what keeps another waiting, and when one is waited for no longer. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { preludeSessionLimits } from '../../../src/core/limits.ts';
import { InFlight, keyOfOurs, type Fate } from '../../../src/destinations/prelude/in-flight.ts';
import { encodeMessage } from '../../../src/idmef/prelude/encode.ts';
import type { PreludeObject, PreludeTime } from '../../../src/idmef/prelude/model.ts';

const OWN = '1978572970187651';
const SILENCE = 10_000;
const noon: PreludeTime = { seconds: 1_800_000_000, microseconds: 250, offsetSeconds: 0 };

interface Written {
  readonly messageid?: string;
  /** Outermost first; '' for one without. */
  readonly analyzers?: readonly string[];
  readonly time?: PreludeTime | 'none';
}

function payload({ messageid = 'a', analyzers = [OWN, 'sensor'], time = noon }: Written): Buffer {
  const analyzer: PreludeObject[] = analyzers.map((analyzerid) => ({
    class: 'analyzer',
    fields: { analyzerid: analyzerid === '' ? undefined : analyzerid },
  }));
  const create_time = time === 'none' ? undefined : time;
  return encodeMessage({ class: 'alert', fields: { messageid, analyzer, create_time } });
}

interface World {
  readonly inFlight: InFlight;
  readonly fates: Record<string, Fate>;
  readonly send: (id: string, written?: Written, at?: number, priority?: number) => void;
}

function world(): World {
  const inFlight = new InFlight(OWN, SILENCE);
  const fates: Record<string, Fate> = {};
  return {
    inFlight,
    fates,
    send: (id, written = {}, at = 0, priority = 1) => {
      const bytes = payload(written);
      const settle = (fate: Fate): void => {
        fates[id] = fate;
      };
      inFlight.add({ key: keyOfOurs(bytes), id, bytes: bytes.length, priority, at, settle });
    },
  };
}

const echoes: readonly (readonly [title: string, sent: Written, echo: Written, confirms: boolean])[] = [
  ['as it was sent', {}, {}, true],
  ['with the manager in front', {}, { analyzers: ['manager', OWN, 'sensor'] }, true],
  ['through two managers', {}, { analyzers: ['manager', 'relay', OWN, 'sensor'] }, true],
  ['behind analyzers without an id', {}, { analyzers: ['', OWN, 'sensor'] }, true],
  ['of originals without an id', { analyzers: [OWN, '', 's'] }, { analyzers: ['m', OWN, '', 's'] }, true],
  ['in another zone', {}, { time: { ...noon, offsetSeconds: 7200 } }, true],
  ['of another id', {}, { messageid: 'b' }, false],
  ['of another second', {}, { time: { ...noon, seconds: noon.seconds + 1 } }, false],
  ['of another microsecond', {}, { time: { ...noon, microseconds: 251 } }, false],
  ['without the time it had', {}, { time: 'none' }, false],
  ['of another sensor through us', {}, { analyzers: ['manager', OWN, 'other'] }, false],
  ['with one more behind us', {}, { analyzers: ['manager', OWN, 'x', 'sensor'] }, false],
  ['of somebody else', {}, { analyzers: ['manager', 'sensor'] }, false],
  ['with an id that only contains ours', {}, { analyzers: [`1${OWN}`, 'sensor'] }, false],
];

describe('an echo', () => {
  for (const [title, sent, echo, confirms] of echoes) {
    test(`${title} ${confirms ? 'confirms' : 'does not confirm'} the message`, () => {
      const { inFlight, fates, send } = world();
      send('j:1', sent);
      assert.equal(inFlight.hear(payload(echo), 1), confirms);
      assert.deepEqual(fates, confirms ? { 'j:1': 'confirmed' } : {});
      assert.equal(inFlight.size, confirms ? 0 : 1);
    });
  }

  test('that cannot be read is nobody’s', () => {
    const { inFlight, send } = world();
    send('j:1');
    assert.equal(inFlight.hear(Buffer.from(`${OWN}\0`), 1), false);
    assert.equal(inFlight.hear(payload({}).subarray(0, -3), 1), false);
  });

  test('that comes twice confirms once', () => {
    const { inFlight, send } = world();
    send('j:1');
    assert.equal(inFlight.hear(payload({}), 1), true);
    assert.equal(inFlight.hear(payload({}), 1), false);
  });
});

describe('the window', () => {
  test('is full by number, and by bytes, but one message always goes', () => {
    const { inFlight, send } = world();
    assert.equal(inFlight.hasRoom(preludeSessionLimits.windowBytes * 2), true);
    send('j:0', { messageid: 'm0' });
    assert.equal(inFlight.hasRoom(preludeSessionLimits.windowBytes), false);
    inFlight.hear(payload({ messageid: 'm0' }), 1);
    for (let n = 0; n < preludeSessionLimits.windowMessages; n++) {
      assert.equal(inFlight.hasRoom(1), true);
      send(`j:${n}`, { messageid: `m${n}` });
    }
    assert.equal(inFlight.hasRoom(1), false);
    assert.equal(inFlight.hear(payload({ messageid: 'm7' }), 1), true);
    assert.equal(inFlight.hasRoom(1), true);
  });
});

describe('the window of a session that has confirmed nothing yet', () => {
  test('is small, and again after a session is lost', () => {
    const { inFlight, send } = world();
    const fill = (name: string): number => {
      let sent = 0;
      while (sent < preludeSessionLimits.windowMessages && inFlight.hasRoom(1)) {
        send(`j:${name}${sent}`, { messageid: `${name}${sent}` });
        sent += 1;
      }
      return sent;
    };
    assert.equal(fill('a'), preludeSessionLimits.unprovenMessages);
    inFlight.hear(payload({ messageid: 'a0' }), 1);
    assert.equal(fill('b'), preludeSessionLimits.windowMessages - preludeSessionLimits.unprovenMessages + 1);
    inFlight.loseAll(2);
    assert.equal(fill('c'), preludeSessionLimits.unprovenMessages);
  });
});

describe('a second message of the same key', () => {
  const key = keyOfOurs(payload({}));

  test('waits until the first is confirmed', () => {
    const { inFlight, send } = world();
    assert.equal(inFlight.isFree(key, 'j:2', 0), true);
    send('j:1');
    assert.equal(inFlight.isFree(key, 'j:2', 0), false);
    inFlight.hear(payload({}), 1);
    assert.equal(inFlight.isFree(key, 'j:2', 1), true);
  });

  test('waits for the echo of a lost copy too, the message itself does not', () => {
    const { inFlight, fates, send } = world();
    send('j:1');
    inFlight.loseAll(0);
    assert.deepEqual(fates, { 'j:1': 'lost' });
    assert.equal(inFlight.isFree(key, 'j:1', 1), true);
    assert.equal(inFlight.isFree(key, 'j:2', 1), false);
    send('j:1', {}, 1);
    // One of two copies is confirmed, the other may still come.
    assert.equal(inFlight.hear(payload({}), 2), true);
    assert.deepEqual(fates, { 'j:1': 'confirmed' });
    assert.equal(inFlight.isFree(key, 'j:2', 3), false);
    assert.equal(inFlight.hear(payload({}), 4), false);
    assert.equal(inFlight.isFree(key, 'j:2', 5), true);
  });

  test('waits for lost copies no longer than the limit', () => {
    const { inFlight, send } = world();
    send('j:1');
    inFlight.loseAll(100);
    const end = 100 + preludeSessionLimits.lateEchoMs;
    assert.equal(inFlight.isFree(key, 'j:2', end - 1), false);
    assert.equal(inFlight.isFree(key, 'j:2', end), true);
    inFlight.tick(end);
    assert.equal(inFlight.isFree(key, 'j:2', end - 1), true);
  });
});

describe('time', () => {
  test('does not run out while messages are confirmed', () => {
    const { inFlight, fates, send } = world();
    send('j:1', { messageid: 'a' }, 0, 1);
    send('j:2', { messageid: 'b' }, 0, 2);
    inFlight.hear(payload({ messageid: 'b' }), SILENCE - 1);
    assert.equal(inFlight.tick(SILENCE * 2 - 2), false);
    assert.deepEqual(fates, { 'j:2': 'confirmed' });
  });

  test('runs out when nothing is confirmed any more', () => {
    const { inFlight, fates, send } = world();
    send('j:1');
    assert.equal(inFlight.tick(SILENCE - 1), false);
    assert.equal(inFlight.tick(SILENCE), true);
    // What it means is the session's to say.
    assert.deepEqual(fates, {});
    inFlight.loseAll(SILENCE);
    assert.deepEqual(fates, { 'j:1': 'lost' });
  });

  test('a message is passed over when later ones of its priority were confirmed', () => {
    const { inFlight, fates, send } = world();
    send('j:1', { messageid: 'a' }, 0);
    send('j:2', { messageid: 'b' }, 1);
    inFlight.hear(payload({ messageid: 'b' }), 2);
    assert.equal(inFlight.tick(SILENCE + 1), false);
    assert.deepEqual(fates, { 'j:2': 'confirmed' });
    assert.equal(inFlight.tick(SILENCE + 2), false);
    assert.deepEqual(fates, { 'j:2': 'confirmed', 'j:1': 'passed-over' });
  });

  test('… also while the manager goes on confirming', () => {
    const { inFlight, fates, send } = world();
    send('j:1', { messageid: 'a' }, 0);
    for (let at = 1000; at <= SILENCE; at += 1000) {
      send(`j:${at}`, { messageid: `m${at}` }, at);
      inFlight.hear(payload({ messageid: `m${at}` }), at);
      inFlight.tick(at);
      assert.equal(fates['j:1'], at < SILENCE ? undefined : 'passed-over');
    }
  });

  test('… not when only messages of other queues were', () => {
    const { inFlight, fates, send } = world();
    send('j:1', { messageid: 'a' }, 0, 1);
    send('j:2', { messageid: 'b' }, 1, 3);
    inFlight.hear(payload({ messageid: 'b' }), 2);
    assert.equal(inFlight.tick(SILENCE + 2), true);
    assert.deepEqual(fates, { 'j:2': 'confirmed' });
  });

  test('those who wait are woken by an echo, a lost session, and each tick', async () => {
    const { inFlight, send } = world();
    send('j:1');
    for (const happen of [
      () => void inFlight.hear(payload({}), 1),
      () => inFlight.loseAll(1),
      () => void inFlight.tick(1),
    ]) {
      const woken = inFlight.changed();
      happen();
      await woken;
    }
  });
});
