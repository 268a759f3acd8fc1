/** The criteria language as text: what is read, and what is refused with which words at which column. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { criteriaLimits } from '../../../src/core/limits.ts';
import { createSubject } from '../../../src/idmef/criteria/create-subject.ts';
import { parseCriteria } from '../../../src/idmef/criteria/parse-criteria.ts';
import { parsePath } from '../../../src/idmef/criteria/paths.ts';
import { classes, type ClassName } from '../../../src/idmef/prelude/table.ts';
import { messages } from './messages.ts';

function fault(text: string): string {
  const parsed = parseCriteria(text);
  return parsed.ok ? 'read' : `${parsed.column}: ${parsed.text}`;
}

describe('refused', () => {
  const cases: readonly (readonly [text: string, fault: string])[] = [
    ['', '1: a path, ! or ( is expected here'],
    ['   ', '4: a path, ! or ( is expected here'],
    ['alert.clasification.text', '7: alert has no "clasification": did you mean "classification"?'],
    ['alert.create-time', '7: alert has no "create-time": did you mean "create_time"?'],
    [
      'alert.source.adress',
      '14: source has no "adress": it has ident, spoofed, interface, node, user, process, service',
    ],
    [
      'alert.target(0).spoofed',
      '17: target has no "spoofed": it has ident, decoy, interface, node, user, process, service, file',
    ],
    ['alarm.classification.text', '1: a path begins with alert or heartbeat, not "alarm"'],
    ['alert.messageid.x', '17: "messageid" has nothing below it'],
    ['alert.messageid.', '17: a name is missing in the path'],
    ['alert.messageid(0)', '16: there is one "messageid" only, so it takes no index'],
    ['alert.source("a").node', '13: "source" takes a number as index, not a name'],
    ['alert.source(01).node', '13: "01" is no index: 0 is the first, -1 the last, * all'],
    ['alert.source(x).node', '13: an operator is expected here: && or ||'],
    ['alert.messageid =', '18: a value is missing behind "="'],
    ["alert.messageid = ''", '19: an empty value matches nothing: ask for the path alone, or !path'],
    ["alert.messageid = 'a", "19: the quote ' is not closed"],
    ["alert.messageid = 'a'b", '22: a blank or an operator is missing behind the quote'],
    ["alert.messageid = don't", '22: put quotes round a value that has one in it'],
    ['alert.messageid = =a', '19: put quotes round a value that begins with "="'],
    ['alert.messageid = a b', '21: an operator is expected here: && or ||'],
    ['alert.messageid = (a b)', '22: a closing parenthesis is missing'],
    ['(alert.messageid', '17: a closing parenthesis is missing'],
    ['alert.messageid)', '16: an operator is expected here: && or ||'],
    ['alert.messageid && ', '20: a path, ! or ( is expected here'],
    ['alert.messageid and alert.source', '17: an operator is expected here: && or ||'],
    [
      'alert.classification = x',
      '24: "alert.classification" is a class, of which only the presence can be asked: leave "=" out',
    ],
    ['alert.messageid > a', '19: text has no order, so ">" cannot be asked of it'],
    ['alert.target.service.port <> 4', '30: it is a number, of which "<>" cannot be asked'],
    ['alert.target.service.port = 70000', '29: "70000" is not a number from 0 to 65535'],
    [
      'alert.target.service.port = 080',
      '29: "080" is octal for libprelude and decimal for others: leave its zeros out',
    ],
    ['alert.assessment.impact.severity >= hihg', '37: "hihg" is no keyword of it: did you mean "high"?'],
    [
      'alert.assessment.impact.severity = severe',
      '36: "severe" is no keyword of it: it is one of info, low, medium, high',
    ],
    ['alert.create_time ~ 2024', '21: it is a time, of which "~" cannot be asked'],
    [
      'alert.create_time > 2024-02-30',
      '21: "2024-02-30" is no time: write 2026-03-04, 2026-03-04T05:06:07+01:00 or \'wday:monday hour:3\'',
    ],
    ["alert.create_time = 'hour:25'", '21: "hour:25" is no hour: it is 0 to 23'],
    [
      "alert.create_time = 'moon:full'",
      '21: "moon:full" is no part of a time: there are year, month, yday, mday, wday, hour, min, sec, gmtoff',
    ],
    ["alert.create_time = 'gmtoff:2'", '21: a part of a time is missing beside gmtoff'],
    [
      'alert.additional_data.data > abc',
      '30: additional data has an order as numbers only, and "abc" is none',
    ],
    [
      'alert.source.node.address.address in 10.0.0.1/8',
      '38: "10.0.0.1/8" is no network: write 192.0.2.0/24 or 2001:db8::/32, without bits beyond the prefix',
    ],
    [
      'alert.source.node.address.address in {10.0.0.0/8, x}',
      '38: "x" is no network: write 192.0.2.0/24 or 2001:db8::/32, without bits beyond the prefix',
    ],
    ['alert.target.service.port in 10.0.0.0/8', '30: networks are asked of addresses, which are text'],
    ["alert.messageid ~ '('", '19: the regular expression cannot be read: missing closing ): `(`'],
    ["alert.messageid ~ '(a)\\1'", '19: back-references cannot be matched in linear time'],
    ["alert.messageid ~ 'a(?=b)'", '19: looking ahead or behind cannot be matched in linear time'],
    ["alert.messageid ~ '(?<!a)b'", '19: looking ahead or behind cannot be matched in linear time'],
    [
      "alert.messageid ~ 'a++'",
      '19: atomic groups and possessive repetitions cannot be matched in linear time',
    ],
    ["alert.messageid ~ '\\<a\\>'", '19: the ends of words are written \\b, and < without a backslash'],
    [
      "alert.messageid ~ '((a{50}){50}){50}'",
      '19: the regular expression cannot be read: invalid repeat count: `{50}`',
    ],
    [
      "alert.messageid ~ '[a-z]{900}(b[c-k]){900}[^x]{900}'",
      '19: the pattern is too large when its repetitions are written out',
    ],
  ];
  for (const [text, expected] of cases) {
    test(text, () => {
      assert.equal(fault(text), expected);
    });
  }

  test('more than the limits', () => {
    const { chars, depth, conditions, patternChars, pathChars } = criteriaLimits;
    const nested = (count: number): string => `${'('.repeat(count)}alert${')'.repeat(count)}`;
    const many = (count: number): string => Array.from({ length: count }, () => 'alert').join('||');
    assert.equal(fault(nested(depth)), 'read');
    assert.match(fault(nested(depth + 1)), /more than 32 parentheses/);
    assert.match(fault(`${'!'.repeat(depth + 1)}alert`), /more than 32 parentheses/);
    assert.equal(fault(many(conditions)), 'read');
    assert.match(fault(many(conditions + 1)), /more than 500 conditions/);
    assert.equal(fault('alert.messageid = a'.padEnd(chars)), 'read');
    assert.match(fault('alert.messageid = a'.padEnd(chars + 1)), /more than 16384 characters/);
    assert.match(fault(`alert.messageid ~ ${'a'.repeat(patternChars + 1)}`), /more than 1000 characters/);
    assert.match(fault(`alert${'.source'.repeat(pathChars)}`), /the path is too long/);
  });
});

test('every path of the model is one', () => {
  let count = 0;
  const walk = (of: ClassName, path: string, above: readonly ClassName[]): void => {
    for (const [name, spec] of Object.entries(classes[of].fields)) {
      const here = `${path}.${name}`;
      const parsed = parsePath(here.toUpperCase());
      assert.ok(parsed.ok, here);
      assert.equal(parsed.path.text, here);
      assert.equal(parsed.path.leaf === undefined, spec.kind === 'object');
      count += 1;
      if (spec.kind === 'object' && !above.includes(spec.of)) walk(spec.of, here, [...above, spec.of]);
    }
  };
  walk('alert', 'alert', ['alert']);
  walk('heartbeat', 'heartbeat', ['heartbeat']);
  assert.ok(count > 250, String(count));
});

test('conditions are explained with what the message has', () => {
  const parsed = parseCriteria(
    "!(alert.classification.text <>* '*scan*') || alert.target.service.port = (80||443) && alert.source.user",
  );
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.criteria.explain?.(createSubject(messages['scan']!)), [
    { text: "alert.classification.text <>* '*scan*'", matches: true, values: ['Port Scan *x* [y]'] },
    { text: 'alert.target.service.port = 80', matches: false, values: ['443'] },
    { text: 'alert.target.service.port = 443', matches: true, values: ['443'] },
    { text: 'alert.source.user', matches: true, values: ['User'] },
  ]);
});
