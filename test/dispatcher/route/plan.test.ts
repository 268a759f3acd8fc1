/** What becomes of a message: who gets it, on which terms, and what keeps it from people. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Plan } from '../../../src/dispatcher/model/plan.ts';
import {
  alert,
  criteria,
  heartbeat,
  interval,
  MONDAY,
  node,
  origin,
  recipient,
  silence,
  world,
} from './fixture.ts';

/** `soc`, or `soc!silence`: each pair in one word. */
function words({ pairs }: Plan): string {
  return pairs
    .map((pair) => `${pair.recipient}${pair.suppress === undefined ? '' : `!${pair.suppress.reason}`}`)
    .join(' ');
}

const people = node({ to: ['siem', 'soc'] });
const both = [recipient('siem'), recipient('soc')];

describe('machines and people', () => {
  test('an alert goes to both, and has an incident for people alone', () => {
    const { incidents, pairs } = world(people, both).plan(alert({ severity: 'medium', source: '192.0.2.1' }));
    assert.equal(incidents.length, 1);
    assert.deepEqual(pairs, [
      { recipient: 'siem', audience: 'machine', route: 'route', priority: 3100, waitMs: 0 },
      {
        recipient: 'soc',
        audience: 'people',
        route: 'route',
        priority: 3100,
        waitMs: 30_000,
        repeat: { firstMs: 3_600_000, maxMs: 86_400_000 },
        incident: 0,
      },
    ]);
  });

  test('a heartbeat goes to machines, without an incident', () => {
    const { plan } = world(people, [recipient('siem', { minSeverity: 4 }), recipient('soc')]);
    assert.deepEqual(plan(heartbeat), {
      incidents: [],
      pairs: [{ recipient: 'siem', audience: 'machine', route: 'route', priority: 100, waitMs: 0 }],
    });
  });

  test('what machines alone get has no incident', () => {
    assert.deepEqual(world(node({ to: ['siem'] }), both).plan(alert()).incidents, []);
  });

  test('high alerts wait for nothing; what is urgent goes first; unrated counts as medium', () => {
    const { plan } = world(people, both);
    const waits = ['info', 'low', 'medium', 'high', undefined].map((severity) => {
      const [, pair] = plan(alert(severity === undefined ? {} : { severity })).pairs;
      return [pair?.waitMs, pair?.priority];
    });
    assert.deepEqual(waits, [
      [30_000, 1100],
      [30_000, 2100],
      [30_000, 3100],
      [0, 4100],
      [30_000, 3100],
    ]);
  });
});

describe('a recipient’s own filter', () => {
  const cases: readonly (readonly [
    rest: Parameters<typeof recipient>[1],
    severity: string | undefined,
    expected: string,
  ])[] = [
    [{ minSeverity: 3 }, 'low', 'siem'],
    [{ minSeverity: 3 }, 'medium', 'siem soc'],
    [{ minSeverity: 3 }, undefined, 'siem soc'],
    [{ minSeverity: 4 }, undefined, 'siem'],
    [{ when: criteria("alert.classification.text <> 'Port*'") }, 'low', 'siem soc'],
    [{ when: criteria('alert.classification.text = other') }, 'high', 'siem'],
  ];
  for (const [rest, severity, expected] of cases) {
    test(`${JSON.stringify(rest)} and ${severity ?? 'unrated'}: ${expected}`, () => {
      const { plan } = world(people, [recipient('siem'), recipient('soc', rest)]);
      assert.equal(words(plan(alert(severity === undefined ? {} : { severity }))), expected);
    });
  }

  test('is a machine’s too', () => {
    const { plan } = world(people, [recipient('siem', { minSeverity: 4 }), recipient('soc')]);
    assert.equal(words(plan(alert({ severity: 'low' }))), 'soc');
  });
});

describe('switched off', () => {
  const off = [recipient('siem', { enabled: false }), recipient('soc', { enabled: false })];

  test('G-AG: disabled channels do not send', () => {
    const { plan } = world(people, off);
    assert.equal(words(plan(alert())), 'siem!disabled soc!disabled');
    assert.equal(words(plan(alert(), { forced: ['soc'] })), 'soc!disabled');
  });
});

describe('posts to a channel', () => {
  const silenced = world(
    node({
      to: ['siem', 'soc'],
      mute: [interval('always')],
      threshold: { paths: [], seconds: 60, limit: 1 },
    }),
    [...both, recipient('mine', { minSeverity: 4, when: criteria('heartbeat') })],
    [silence()],
  );

  test('go to exactly these, past routes, filters, silences and windows', () => {
    assert.deepEqual(silenced.plan(alert({ severity: 'low' }), { forced: ['mine', 'mine', 'siem'] }), {
      incidents: [],
      pairs: [
        { recipient: 'mine', audience: 'people', route: 'forced', priority: 2100, waitMs: 0 },
        { recipient: 'siem', audience: 'machine', route: 'forced', priority: 2100, waitMs: 0 },
      ],
    });
  });

  test('to a channel that is gone have a fate all the same', () => {
    const [pair] = silenced.plan(alert(), { forced: ['gone'] }).pairs;
    assert.deepEqual(pair?.suppress, { reason: 'disabled', detail: 'there is no recipient gone any more' });
  });
});

describe('silences', () => {
  const cases: readonly (readonly [what: string, rest: Parameters<typeof silence>[0], expected: string])[] = [
    ['in force', {}, 'siem soc!silence phone!silence'],
    ['of other alerts', { criteria: 'alert.classification.text = other' }, 'siem soc phone'],
    ['not yet', { from: MONDAY + 1 }, 'siem soc phone'],
    ['from now on', { from: MONDAY }, 'siem soc!silence phone!silence'],
    ['until now', { until: MONDAY }, 'siem soc phone'],
    ['ended by hand', { expiredBy: 'bea' }, 'siem soc phone'],
    ['of one recipient', { recipient: 'phone' }, 'siem soc phone!silence'],
    ['of a machine', { recipient: 'siem' }, 'siem soc phone'],
    ['of this sensor', { sensor: 'dmz1' }, 'siem soc!silence phone!silence'],
    ['of another sensor', { sensor: 'dmz2' }, 'siem soc phone'],
    ['of the profile it was fetched under', { sensor: 'profile1' }, 'siem soc!silence phone!silence'],
    ['that cannot be read', { criteria: 'alert.nothing' }, 'siem soc phone'],
  ];
  for (const [what, rest, expected] of cases) {
    test(what, () => {
      const { plan } = world(
        node({ to: ['siem', 'soc', 'phone'] }),
        [...both, recipient('phone')],
        [silence(rest)],
      );
      const fetched = { origin: { ...origin, profile: 'profile1' } };
      assert.equal(words(plan(alert({ severity: 'high' }), fetched)), expected);
    });
  }

  test('look at who was authenticated, not at what the alert says of itself', () => {
    const { plan } = world(people, both, [silence({ sensor: 'dmz1' })]);
    const forged = alert({ analyzer: 'dmz1', data: { sensor: 'dmz1' } });
    assert.equal(words(plan(forged, { origin: { source: 'rest', owner: 'dmz1' } })), 'siem soc');
  });

  test('are named with author, end and reason', () => {
    const [, pair] = world(people, both, [silence()]).plan(alert()).pairs;
    assert.equal(pair?.suppress?.detail, 'silence 7 by ana until 2026-01-05T11:00:00Z: maintenance');
  });
});

describe('windows', () => {
  const at = (text: string): number => Date.parse(text);
  const cases: readonly (readonly [
    what: string,
    rest: Parameters<typeof node>[0],
    at: number,
    expected: string,
  ])[] = [
    ['active now', { active: [interval('mon-fri 08:00-18:00')] }, MONDAY, 'siem soc'],
    [
      'active another time',
      { active: [interval('sat,sun'), interval('22:00-06:00')] },
      MONDAY,
      'siem soc!window',
    ],
    ['one of two', { active: [interval('sat,sun'), interval('mon')] }, MONDAY, 'siem soc'],
    ['mute now', { mute: [interval('10:00-10:01')] }, MONDAY, 'siem soc!window'],
    ['mute a minute ago', { mute: [interval('09:00-10:00')] }, MONDAY, 'siem soc'],
    ['both', { active: [interval('always')], mute: [interval('mon')] }, MONDAY, 'siem soc!window'],
    ['in a zone', { active: [interval('11:00-11:01', 'Europe/Madrid')] }, MONDAY, 'siem soc'],
    [
      'in a zone in summer',
      { active: [interval('12:00-12:01', 'Europe/Madrid')] },
      at('2026-07-06T10:00:30Z'),
      'siem soc',
    ],
    [
      'a night',
      { mute: [interval('sun 22:00-06:00', 'Europe/Madrid')] },
      at('2026-01-05T04:59:59Z'),
      'siem soc!window',
    ],
    [
      'after a night',
      { mute: [interval('sun 22:00-06:00', 'Europe/Madrid')] },
      at('2026-01-05T05:00:00Z'),
      'siem soc',
    ],
  ];
  for (const [what, rest, when, expected] of cases) {
    test(what, () => {
      const { plan } = world(node({ to: ['siem', 'soc'], ...rest }), both);
      assert.equal(words(plan(alert(), {}, when)), expected);
    });
  }
});

describe('incidents', () => {
  const key = (plan: Plan): string => plan.incidents[0]?.key ?? '';

  test('are one for the same values, whatever the rest and the route', () => {
    const route = node({
      routes: [{ when: 'alert.assessment.impact.severity >= high', to: ['soc'] }, { to: ['soc'] }],
    });
    const { plan } = world(route, both);
    const keys = [
      alert({ source: '192.0.2.1', severity: 'low', messageid: '1' }),
      alert({ source: '192.0.2.1', severity: 'high', messageid: '2', target: '192.0.2.9' }),
      alert({ source: '192.0.2.2' }),
      alert({ source: '192.0.2.1', text: 'Other' }),
      alert(),
    ].map((body) => key(plan(body)));
    assert.equal(keys[0], keys[1]);
    assert.equal(new Set(keys).size, 4);
    assert.match(keys[0] ?? '', /^[0-9a-f]{32}$/);
  });

  test('of a route that groups by nothing are one', () => {
    const { plan } = world(node({ to: ['soc'], groupBy: [] }), both);
    assert.equal(key(plan(alert({ source: '192.0.2.1' }))), key(plan(alert({ text: 'Other' }))));
  });

  test('paths of group_by have their root or not', () => {
    const keys = [['classification.text'], ['alert.classification.text'], ['Alert.Classification.Text']].map(
      (groupBy) => key(world(node({ to: ['soc'], groupBy }), both).plan(alert())),
    );
    assert.equal(new Set(keys).size, 1);
  });

  test('a path of group_by that is none stops the router from being made', () => {
    assert.throws(() => world(node({ groupBy: ['classification.txt'] }), []), {
      code: 'CONFIG',
      message: 'route: classification.txt: classification has no "txt": did you mean "text"?',
    });
    assert.throws(() => world(node({ groupBy: ['source'] }), []), /"source" is a class/);
  });

  test('several routes of one incident: it has the longest window and all escalations', () => {
    const escalate = (to: string) => [{ afterMs: 900_000, to, unless: 'acked' as const }];
    const route = node({
      routes: [
        { to: ['soc'], continue: true, windowMs: 1000, escalate: escalate('phone') },
        { to: ['phone'], windowMs: 2000, escalate: [...escalate('phone'), ...escalate('boss')] },
      ],
    });
    const { incidents, pairs } = world(route, [...both, recipient('phone'), recipient('boss')]).plan(alert());
    assert.equal(incidents.length, 1);
    assert.equal(incidents[0]?.windowMs, 2000);
    assert.deepEqual(
      incidents[0]?.escalate.map(({ to }) => to),
      ['phone', 'boss'],
    );
    assert.deepEqual(
      pairs.map(({ incident }) => incident),
      [0, 0],
    );
  });

  test('nobody is woken for what was kept from everybody, nor who is switched off or silenced', () => {
    const escalate = ['phone', 'off', 'quiet'].map((to) => ({ afterMs: 1, to, unless: 'acked' as const }));
    const route = node({ to: ['soc'], escalate });
    const recipients = [
      ...both,
      recipient('phone'),
      recipient('off', { enabled: false }),
      recipient('quiet'),
    ];
    const steps = (...silences: Parameters<typeof silence>[0][]) =>
      world(
        route,
        recipients,
        silences.map((rest) => silence(rest)),
      )
        .plan(alert())
        .incidents[0]?.escalate.map(({ to }) => to);
    assert.deepEqual(steps({ recipient: 'quiet' }), ['phone']);
    assert.deepEqual(steps({}), []);
    assert.deepEqual(steps({ recipient: 'soc' }), []);
  });
});

describe('life of an alert', () => {
  const { plan } = world(people, [recipient('siem'), recipient('soc', { minSeverity: 4 })]);
  const lifecycle = (action: 'engage' | 'release', key = 'k') => ({ lifecycle: { action, key } });

  test('engage and release are one incident, which release closes without telling people', () => {
    const engaged = plan(alert({ severity: 'high' }), lifecycle('engage'));
    const released = plan(alert({ severity: 'high', text: 'Other' }), lifecycle('release'));
    assert.equal(engaged.incidents[0]?.key, released.incidents[0]?.key);
    assert.equal(engaged.incidents[0]?.closes, undefined);
    assert.equal(released.incidents[0]?.closes, true);
    assert.equal(words(engaged), 'siem soc');
    assert.equal(words(released), 'siem soc!lifecycle');
    assert.equal(released.pairs[1]?.incident, 0);
  });

  test('a release closes though its recipients do not want it', () => {
    const released = plan(alert({ severity: 'info' }), lifecycle('release'));
    assert.equal(words(released), 'siem');
    assert.equal(released.incidents[0]?.closes, true);
  });

  test('nobody closes what another sender opened', () => {
    const keyOf = (sensor: string) =>
      plan(alert(), { ...lifecycle('release'), origin: { source: 'idmef', sensor } }).incidents[0]?.key;
    assert.notEqual(keyOf('dmz1'), keyOf('dmz2'));
    assert.equal(keyOf('dmz1'), keyOf('dmz1'));
  });
});

describe('thresholds', () => {
  const { plan } = world(
    node({
      to: ['siem', 'soc'],
      threshold: { paths: ['source.node.address.address'], seconds: 60, limit: 3 },
    }),
    both,
  );

  test('are people’s, with a counter for each value', () => {
    const counters = ['192.0.2.1', '192.0.2.1', '192.0.2.2'].map((source) =>
      plan(alert({ source })).pairs.map(({ threshold }) => threshold),
    );
    assert.equal(counters[0]?.[0], undefined);
    assert.deepEqual({ ...counters[0]?.[1], key: '' }, { key: '', seconds: 60, limit: 3 });
    assert.equal(counters[0]?.[1]?.key, counters[1]?.[1]?.key);
    assert.notEqual(counters[0]?.[1]?.key, counters[2]?.[1]?.key);
  });
});
