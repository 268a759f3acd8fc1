/** The facts of a message, and the line its incident goes by. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { routeLimits } from '../../../src/core/limits.ts';
import { createSubject } from '../../../src/idmef/criteria/create-subject.ts';
import { createFactsReader } from '../../../src/dispatcher/route/facts.ts';
import { incidentTitle } from '../../../src/dispatcher/route/incident-title.ts';
import { messages } from '../../idmef/criteria/messages.ts';
import { alert } from './fixture.ts';

const read = createFactsReader();

describe('facts', () => {
  test('of an alert', () => {
    assert.deepEqual(read(createSubject(messages['scan']!)), {
      facts: {
        kind: 'alert',
        severity: 3,
        messageid: 'm1',
        analyzer: 'probe-7',
        classification: 'Port Scan *x* [y]',
        source: '10.0.0.1',
        target: '2001:db8::5',
        createTime: Date.parse('2024-03-04T05:06:07.5Z'),
      },
      analyzerChain: ['relay', 'probe-7'],
    });
  });

  test('of a heartbeat', () => {
    const { facts, analyzerChain } = read(createSubject(messages['heartbeat']!));
    assert.deepEqual(facts, {
      kind: 'heartbeat',
      severity: 0,
      messageid: 'hb',
      analyzer: 'probe-7',
      classification: '',
      source: '',
      target: '',
      createTime: Date.parse('2024-03-04T05:06:07Z'),
    });
    assert.deepEqual(analyzerChain, ['probe-7']);
  });

  test('a node’s name where there is no address, a name where there is no analyzerid', () => {
    const { facts } = read(createSubject(messages['correlated']!));
    assert.equal(facts.target, 'www');
    const named = Buffer.from(alert().toString().replace('analyzerid="probe"', 'name="Snort"'));
    assert.deepEqual(read(createSubject(named)).analyzerChain, ['Snort']);
  });

  test('what a message lacks', () => {
    const empty = read(createSubject(Buffer.from('<Alert xmlns="http://iana.org/idmef"/>')));
    assert.deepEqual(empty, {
      facts: {
        kind: 'alert',
        severity: 0,
        messageid: '',
        analyzer: '',
        classification: '',
        source: '',
        target: '',
        createTime: undefined,
      },
      analyzerChain: [''],
    });
  });

  test('long texts are cut between characters', () => {
    const { facts } = read(createSubject(alert({ text: `x${'😀'.repeat(400)}` })));
    assert.equal(facts.classification.length, routeLimits.factChars - 1);
    assert.doesNotMatch(facts.classification, /[\uD800-\uDBFF]$/);
  });
});

describe('titles', () => {
  const cases: readonly (readonly [
    severity: 0 | 1 | 2 | 3 | 4,
    classification: string,
    source: string,
    target: string,
    title: string,
  ])[] = [
    [4, 'Brute force', '198.51.100.7', '192.0.2.10', '[HIGH] Brute force — 198.51.100.7 → 192.0.2.10'],
    [0, 'Brute force', '', '', 'Brute force'],
    [1, '', '198.51.100.7', '', '[INFO] unnamed alert — 198.51.100.7'],
    [2, 'x', '', 'www', '[LOW] x — → www'],
    [3, ' a\r\nb\u202Ec\u0007 ', '\u001B[31mred', '', '[MEDIUM] a b c — [31mred'],
    [0, '\u200B\n', '', '', 'unnamed alert'],
  ];
  for (const [severity, classification, source, target, title] of cases) {
    test(title, () => {
      assert.equal(incidentTitle({ severity, classification, source, target }), title);
    });
  }

  test('have an end', () => {
    const title = incidentTitle({ severity: 4, classification: '😀'.repeat(500), source: '', target: '' });
    assert.equal(Array.from(title).length, routeLimits.titleChars);
    assert.ok(title.endsWith('😀…'));
  });
});
