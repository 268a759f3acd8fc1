/** `route explain`: the plan it shows is the plan that is made, and the words say why. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { routeText } from '../../../src/dispatcher/route/explain-text.ts';
import { alert, interval, node, recipient, silence, world } from './fixture.ts';

const route = node({
  to: ['siem'],
  routes: [
    { when: 'alert.classification.text <> "Test*" && alert.source', to: ['lab'], routes: [{ to: ['lab2'] }] },
    {
      when: 'alert.assessment.impact.severity >= medium',
      to: ['soc', 'phone', 'night'],
      continue: true,
      escalate: [{ afterMs: 900_000, to: 'boss', unless: 'acked' }],
      threshold: { paths: ['source.node.address.address'], seconds: 60, limit: 5 },
    },
    { to: ['soc', 'lab'], mute: [interval('always')] },
  ],
});
const recipients = ['siem', 'soc', 'phone', 'night', 'lab', 'boss'].map((name) =>
  recipient(name, name === 'phone' ? { minSeverity: 4 } : {}),
);
const { router, input, plan } = world(route, recipients, [silence({ recipient: 'night' })]);

test('the explanation has the very plan', () => {
  for (const severity of ['info', 'medium', 'high']) {
    const body = alert({ severity, source: '192.0.2.1' });
    assert.deepEqual(router.explain(input(body)).plan, plan(body));
  }
  const forced = alert();
  assert.deepEqual(
    router.explain(input(forced, { forced: ['soc'] })).plan,
    plan(forced, { forced: ['soc'] }),
  );
});

describe('in words', () => {
  test('an alert', () => {
    const text = routeText(
      router.explain(input(alert({ severity: 'medium', source: '192.0.2.1', text: 'Port scan&#x202e;' }))),
    );
    assert.equal(
      text.replaceAll(/\([0-9a-f]{8},/g, '(KEY,'),
      [
        'alert "a1" "Port scan "',
        'routes:',
        '  route: match  to siem',
        '    route.routes[0]: no match',
        '      when alert.classification.text <> "Test*" && alert.source',
        '      no   alert.classification.text <> "Test*"   (it has "Port scan ")',
        '      yes  alert.source   (it has "Source")',
        '      route.routes[0].routes[0]: not asked',
        '    route.routes[1]: match  to soc, phone, night',
        '      yes  alert.assessment.impact.severity >= medium   (it has "medium")',
        '    route.routes[2]: match  to soc, lab',
        'incidents:',
        '  [MEDIUM] Port scan — 192.0.2.1 (KEY, open for 24 h, to boss after 15 min unless acked)',
        'recipients:',
        '  siem (machine, route.routes[1]): at once, priority 3100',
        '  soc (people, route.routes[1]): after 30 s, priority 3100, repeated after 1 h, at most every 24 h, the first 5 in 60 s',
        '  night (people, route.routes[1]): suppressed(silence): silence 7 by ana until 2026-01-05T11:00:00Z: maintenance',
        '  lab (people, route.routes[2]): suppressed(window): route.routes[2] is mute in always',
        '  phone (route.routes[1]): not for it: severity medium is below high',
      ].join('\n'),
    );
  });

  test('a post to a channel', () => {
    assert.equal(
      routeText(router.explain(input(alert({ text: '' }), { forced: ['soc'] }))),
      [
        'alert "a1"',
        'routes:',
        '  posted to a channel: no route is asked',
        'incidents:',
        '  none',
        'recipients:',
        '  soc (people, forced): at once, priority 3100',
      ].join('\n'),
    );
  });

  test('nobody', () => {
    const lonely = world(node({ when: 'heartbeat' }), []);
    assert.match(
      routeText(lonely.router.explain(lonely.input(alert()))),
      /route: no match\n {4}no {3}heartbeat {3}\(it has none\)[^]*recipients:\n {2}nobody$/,
    );
  });
});
