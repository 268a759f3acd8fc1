/** Deliveries to a prelude-manager: what settles a message in either mode, and what does not. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Outcome } from '../../../src/core/outcome.ts';
import { createPreludeLinks } from '../../../src/destinations/prelude/links.ts';
import type { PreludeObject } from '../../../src/idmef/prelude/model.ts';
import { analyzers } from '../../support/fake-manager.ts';
import { alertElement } from '../../support/tiny-alerts.ts';
import { until } from '../../support/until.ts';
import { AGENT, deliver, idsOf, kinds, makeWorld, parcelOf, parcelOfTexts } from './destination-world.ts';

function element(attributes: string, analyzer = '<Analyzer analyzerid="s"/>'): string {
  return (
    `<Alert xmlns="http://iana.org/idmef"${attributes}>${analyzer}` +
    `<CreateTime ntpstamp="0xbc71f4f5.0xef449129">2000-03-09T10:01:25.93464Z</CreateTime>` +
    `<Classification text="x"/></Alert>`
  );
}

function idsOfAnalyzers(message: PreludeObject | undefined): unknown[] {
  return message === undefined ? [] : analyzers(message).map(({ fields }) => fields['analyzerid']);
}

function reasonOf(outcome: Outcome | undefined): string {
  return outcome === undefined || outcome.kind === 'ok' ? '' : outcome.reason;
}

const NOBODY = 'idmef-relay:none';
const NO_ALERT: PreludeObject = { class: 'alert', fields: {} };

describe('with idmef:rw in a program that stays, a message', () => {
  test('is settled by its echo and not before', async (t) => {
    const world = await makeWorld(t, { manager: { echo: () => 'hold' } });
    const { manager, destination } = world;
    const told: number[] = [];
    const parcel = parcelOf(['a', 'b', 'c']);
    const done = destination.deliver(parcel, (index) => void told.push(index), new AbortController().signal);
    await until(() => manager.alerts().length === 3);
    assert.deepEqual(told, []);
    manager.release();
    await done;
    assert.deepEqual(told, [0, 1, 2]);
  });

  test('is settled once when its echo comes twice, and by nobody else’s event', async (t) => {
    const { manager, destination } = await makeWorld(t, { manager: { echo: () => 'hold' } });
    const done = deliver(destination, parcelOf(['a', 'b']));
    await until(() => manager.alerts().length === 2);
    const [first] = manager.alerts();
    assert.ok(first !== undefined);
    const foreign: PreludeObject = {
      class: 'alert',
      fields: { ...first.fields, analyzer: analyzers(first).slice(1) },
    };
    manager.pass(foreign);
    manager.pass(first);
    manager.pass(first);
    manager.release();
    assert.equal(kinds(await done), 'ok ok');
  });

  test('goes behind our analyzer, in front of its own', async (t) => {
    const { manager, destination } = await makeWorld(t);
    await deliver(destination, parcelOf(['a']));
    const [alert] = manager.alerts();
    assert.deepEqual(idsOfAnalyzers(alert), [AGENT, 'sensor-1']);
    const {
      node,
      process: own,
      osversion,
      ostype,
      ...fields
    } = alert === undefined ? {} : (analyzers(alert)[0]?.fields ?? {});
    assert.deepEqual(fields, {
      analyzerid: AGENT,
      name: 'idmef-relay',
      model: 'idmef-relay',
      version: '1.2.3',
      class: 'Relay',
    });
    assert.ok(typeof ostype === 'string' && typeof osversion === 'string' && own !== undefined);
    assert.deepEqual(node, { class: 'node', fields: { category: 'unknown', name: 'relay.example' } });
  });

  test('that has been through us already is not put behind us again', async (t) => {
    const { manager, destination } = await makeWorld(t);
    const own = `<Analyzer analyzerid="${AGENT}"><Analyzer analyzerid="s"/></Analyzer>`;
    assert.equal(kinds(await deliver(destination, parcelOfTexts([element(' messageid="a"', own)]))), 'ok');
    assert.deepEqual(idsOfAnalyzers(manager.alerts()[0]), [AGENT, 's']);
  });

  test('whose last analyzer would keep the manager from echoing it is echoed all the same, and it is said', async (t) => {
    const { manager, destination } = await makeWorld(t);
    const chains: readonly (readonly [
      analyzer: string,
      ids: readonly unknown[],
      rule: string | undefined,
    ])[] = [
      [`<Analyzer analyzerid="${AGENT}"/>`, [AGENT, NOBODY], 'analyzer-given'],
      [
        `<Analyzer analyzerid="x"><Analyzer analyzerid="${AGENT}"/></Analyzer>`,
        [AGENT, 'x', AGENT, NOBODY],
        'analyzer-given',
      ],
      [`<Analyzer analyzerid="${AGENT}-2"/>`, [AGENT, `${AGENT}-2`, NOBODY], 'analyzer-given'],
      ['', [AGENT, NOBODY], 'analyzer-given'],
      ['<Analyzer name="n"/>', [AGENT, NOBODY], 'analyzerid-given'],
      ['<Analyzer analyzerid="x"><Analyzer analyzerid="0"/></Analyzer>', [AGENT, 'x', '0'], undefined],
    ];
    const texts = chains.map(([analyzer], index) => element(` messageid="m${index}"`, analyzer));
    const outcomes = await deliver(destination, parcelOfTexts(texts));
    assert.deepEqual(
      manager.alerts().map(idsOfAnalyzers),
      chains.map(([, ids]) => ids),
    );
    const rules = outcomes.map((outcome) =>
      outcome.kind === 'ok' ? outcome.changes?.[0]?.rule : outcome.kind,
    );
    assert.deepEqual(
      rules,
      chains.map(([, , rule]) => rule),
    );
    assert.equal(analyzers(manager.alerts()[4] ?? NO_ALERT).at(-1)?.fields['name'], 'n');
  });

  test('without a usable id gets one, the same each time, and it is said', async (t) => {
    const { manager, destination } = await makeWorld(t);
    const texts = [
      element(''),
      element(' messageid=""'),
      element(' messageid="0"'),
      element(' messageid="00"'),
    ];
    const outcomes = await deliver(destination, parcelOfTexts(texts, 7));
    assert.deepEqual(idsOf(manager.alerts()), [
      'idmef-relay:j1:7',
      'idmef-relay:j1:8',
      'idmef-relay:j1:9',
      '00',
    ]);
    const changes = outcomes.map((outcome) =>
      outcome.kind === 'ok' ? (outcome.changes ?? []).map(({ rule }) => rule) : [],
    );
    assert.deepEqual(changes, [['messageid-given'], ['messageid-given'], ['messageid-given'], []]);
  });

  test('waits for another one of the same key, and others overtake it', async (t) => {
    const { manager, destination } = await makeWorld(t, { manager: { echo: () => 'hold' } });
    const done = deliver(destination, parcelOf(['same', 'same', 'other']));
    await until(() => manager.alerts().length === 2);
    assert.deepEqual(idsOf(manager.alerts()), ['same', 'other']);
    manager.release();
    await until(() => manager.alerts().length === 3);
    manager.release();
    assert.equal(kinds(await done), 'ok ok ok');
    assert.deepEqual(idsOf(manager.alerts()), ['same', 'other', 'same']);
  });

  test('that the manager never confirms while it confirms later ones is refused, not lost', async (t) => {
    const { destination } = await makeWorld(t, {
      idleMs: 100,
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      manager: { echo: (message) => (message.fields['messageid'] === 'b' ? 'drop' : 'echo') },
    });
    const outcomes = await deliver(destination, parcelOf(['a', 'b', 'c']));
    assert.equal(kinds(outcomes), 'ok refused ok');
    assert.match(reasonOf(outcomes[1]), /^gives no confirmation, while it confirms what was sent later/);
  });

  test('is kept when nothing is confirmed at all, and the session is begun anew', async (t) => {
    const world = await makeWorld(t, {
      idleMs: 100,
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      manager: { echo: () => 'drop' },
    });
    const outcomes = await deliver(world.destination, parcelOf(['a', 'b']));
    assert.equal(kinds(outcomes), 'again again');
    assert.match(reasonOf(outcomes[0]), /^takes messages and has confirmed none for 0\.3 s$/);
    world.manager.options.echo = () => 'echo';
    assert.equal(kinds(await deliver(world.destination, parcelOf(['a', 'b']))), 'ok ok');
    assert.equal(world.manager.sessions.length, 2);
  });

  for (const how of ['end', 'reset'] as const) {
    test(`is kept when the session ends (${how}) before its echo; what was echoed is settled`, async (t) => {
      const { manager, destination } = await makeWorld(t, {
        // The first is our heartbeat.
        manager: { echo: (_, count) => (count <= 3 ? 'echo' : 'hold') },
      });
      const told: string[] = [];
      const parcel = parcelOf(['a', 'b', 'c', 'd']);
      const done = destination.deliver(
        parcel,
        (index, { kind }) => void told.push(`${index} ${kind}`),
        new AbortController().signal,
      );
      await until(() => manager.alerts().length === 4 && told.length === 2);
      manager.drop(how);
      await done;
      assert.deepEqual(told, ['0 ok', '1 ok', '2 again', '3 again']);
      manager.options.echo = () => 'echo';
      assert.equal(kinds(await deliver(destination, parcelOf(['c', 'd'], 3))), 'ok ok');
    });
  }

  test('under way again is settled by the late echo of its first copy', async (t) => {
    const { manager, destination } = await makeWorld(t, { manager: { echo: () => 'hold' } });
    const first = deliver(destination, parcelOf(['a']));
    await until(() => manager.alerts().length === 1);
    manager.drop('reset');
    assert.equal(kinds(await first), 'again');
    const second = deliver(destination, parcelOf(['a']));
    await until(() => manager.alerts().length === 2);
    const [copy] = manager.alerts();
    assert.ok(copy !== undefined);
    manager.pass(copy);
    assert.equal(kinds(await second), 'ok');
  });

  test('is given up when the signal aborts, and nothing is told of it then', async (t) => {
    const { manager, destination } = await makeWorld(t, { manager: { echo: () => 'hold' } });
    const controller = new AbortController();
    const told: number[] = [];
    const done = destination.deliver(
      parcelOf(['a', 'b']),
      (index) => void told.push(index),
      controller.signal,
    );
    await until(() => manager.alerts().length === 2);
    controller.abort(new Error('enough'));
    await assert.rejects(done, /enough/);
    manager.release();
    assert.equal(kinds(await echoedAgain()), 'ok');
    assert.deepEqual(told, []);

    function echoedAgain(): Promise<Outcome[]> {
      manager.options.echo = () => 'echo';
      return deliver(destination, parcelOf(['c'], 3));
    }
  });

  test('is written no further than the window', async (t) => {
    const { manager, destination } = await makeWorld(t, { manager: { echo: () => 'hold' } });
    // Three of these fill it.
    const large = (id: string): string => alertElement(id, 3 * 1024 * 1024);
    const done = deliver(destination, parcelOf(['a', 'b', 'c', 'd'], 1, large));
    await until(() => manager.alerts().length === 2);
    manager.release();
    await until(() => manager.alerts().length === 4);
    manager.release();
    assert.equal(kinds(await done), 'ok ok ok ok');
  });

  test('goes over one connection, whoever delivers', async (t) => {
    const links = createPreludeLinks();
    const { manager, destination, make } = await makeWorld(t, { links });
    const other = make();
    const [a, b] = await Promise.all([
      deliver(destination, parcelOf(['a'])),
      deliver(other, { ...parcelOf(['b']), journal: 'j2' }),
    ]);
    assert.equal(kinds([...a, ...b]), 'ok ok');
    await destination.close();
    assert.equal(kinds(await deliver(other, parcelOf(['c'], 2))), 'ok');
    assert.equal(manager.sessions.length, 1);
    await other.close();
    await until(() => manager.sessions[0]?.ended);
  });
});

describe('with idmef:w a message', () => {
  test('is settled when it is written', async (t) => {
    const { manager, destination } = await makeWorld(t, { rights: 4, longRunning: false });
    assert.equal(kinds(await deliver(destination, parcelOf(['a', 'b']))), 'ok ok');
    await destination.close();
    assert.deepEqual(idsOf(manager.alerts()), ['a', 'b']);
  });

  test('keeps what it is: no id is given, no analyzer appended', async (t) => {
    const { manager, destination } = await makeWorld(t, { rights: 4 });
    const outcomes = await deliver(destination, parcelOfTexts([element('', '')]));
    assert.deepEqual(outcomes, [{ kind: 'ok' }]);
    await until(() => manager.alerts().length === 1);
    assert.deepEqual(idsOf(manager.alerts()), [undefined]);
    assert.deepEqual(idsOfAnalyzers(manager.alerts()[0]), [AGENT]);
  });

  test('is kept when the manager closes at the first one, and so are those behind it', async (t) => {
    const { manager, destination } = await makeWorld(t, { rights: 4, manager: { unwilling: true } });
    assert.equal(kinds(await deliver(destination, parcelOf(['a', 'b', 'c']))), 'broken broken broken');
    assert.equal(manager.reported.length, 0);
  });

  test('is kept when the session has ended before', async (t) => {
    const { manager, destination } = await makeWorld(t, { rights: 4 });
    assert.equal(kinds(await deliver(destination, parcelOf(['a']))), 'ok');
    manager.drop('end');
    await until(() => manager.sessions[0]?.ended);
    assert.equal(kinds(await deliver(destination, parcelOf(['b'], 2))), 'ok');
    assert.equal(manager.sessions.length, 2);
    await destination.close();
    assert.deepEqual(idsOf(manager.alerts()), ['a', 'b']);
  });

  test('is kept when the manager takes nothing more', async (t) => {
    const { destination } = await makeWorld(t, { rights: 4, idleMs: 300, manager: { deaf: true } });
    const large = (id: string): string => alertElement(id, 2 * 1024 * 1024);
    const ids = Array.from({ length: 12 }, (_, n) => `m${n}`);
    const outcomes = await deliver(destination, parcelOf(ids, 1, large));
    assert.equal(outcomes.at(-1)?.kind, 'again');
    assert.match(reasonOf(outcomes.at(-1)), /^has taken nothing more for 0\.3 s$/);
  });
});

describe('in either mode', () => {
  for (const rights of [4, 5]) {
    test(`(rights ${rights}) a message Prelude cannot hold is refused for certain, and the others go`, async (t) => {
      const { manager, destination } = await makeWorld(t, { rights });
      const texts = [alertElement('a'), element(' messageid="b" colour="blue"'), alertElement('c')];
      const outcomes = await deliver(destination, parcelOfTexts(texts));
      assert.equal(kinds(outcomes), 'ok refused ok');
      assert.ok(outcomes[1]?.kind === 'refused' && outcomes[1].certain === true);
      assert.match(outcomes[1].reason, /colour/);
      await until(() => manager.alerts().length === 2);
      assert.equal(manager.invalid, 0);
    });
  }

  test('what is said of the way of delivery fits profile and program', async (t) => {
    const says = async (rights: number, longRunning: boolean): Promise<string> =>
      (await makeWorld(t, { rights, longRunning })).destination.notices?.().join() ?? '';
    assert.equal(await says(5, true), '');
    assert.match(
      await says(4, true),
      /^confirms nothing: delivery is unacknowledged.*registered with "idmef:rw" makes it acknowledged$/,
    );
    assert.match(await says(4, false), /^confirms nothing: delivery is unacknowledged.*--follow and/);
  });
});
