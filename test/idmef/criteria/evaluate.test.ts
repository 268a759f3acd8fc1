/** Criteria on messages: which of messages.ts each matches. Beside test/integration/criteria.test.ts, for machines without libprelude. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createSubject } from '../../../src/idmef/criteria/create-subject.ts';
import { parseCriteria } from '../../../src/idmef/criteria/parse-criteria.ts';
import { messages } from './messages.ts';

function matching(text: string): string {
  const parsed = parseCriteria(text);
  assert.ok(parsed.ok, parsed.ok ? '' : `${parsed.column}: ${parsed.text}`);
  return Object.entries(messages)
    .filter(([, body]) => parsed.criteria.matches(createSubject(body)))
    .map(([name]) => name)
    .join(' ');
}

const alerts = 'scan bare correlated tool snmp';

const tables: Readonly<Record<string, readonly (readonly [text: string, names: string])[]>> = {
  presence: [
    ['alert', alerts],
    ['heartbeat', 'heartbeat'],
    ['!heartbeat', alerts],
    ['alert.source', 'scan snmp'],
    ['alert.source.node', 'scan'],
    ['alert.source(2)', 'scan'],
    ['alert.source(3)', ''],
    ['alert.target(-2)', 'snmp'],
    ['alert.source.node.address.netmask', ''],
    ['alert.correlation_alert.alertident', 'correlated'],
    ["alert.additional_data('count')", 'scan'],
  ],
  'several values': [
    ['alert.source.node.address.address = 10.0.0.2', 'scan'],
    ['alert.source(0).node.address(-1).address = 10.0.0.2', 'scan'],
    ['alert.source(1).node.address.address = 10.0.0.2', ''],
    ['alert.source.node.address.address != 10.0.0.2', 'bare correlated tool snmp heartbeat'],
    ['!alert.source.node.address.address = 10.0.0.2', 'bare correlated tool snmp heartbeat'],
    ['alert.source.node.address.address ~ "^10"', 'scan'],
    ['alert.target.node.address.address !~ "^10"', 'scan'],
    ['alert.analyzer(0).name = Relay', 'scan'],
    ['alert.analyzer(-1).name = Suricata', 'scan snmp'],
    ["alert.additional_data('note').data = 'second note'", 'scan'],
    ['alert.target.file.file_access.permission = write', 'tool'],
    ['alert.source.process.arg(1) = "-p 1-100"', 'scan'],
  ],
  order: [
    ['alert.assessment.impact.severity >= medium', 'scan correlated'],
    ['alert.assessment.impact.severity < medium', 'tool snmp'],
    ['alert.assessment.impact.severity >= 4', 'correlated'],
    ['alert.target.service.port > 255', 'scan'],
    ['alert.target.service.port < 0x1bc', 'scan'],
    ['alert.assessment.confidence.confidence > 0.7', 'correlated'],
    ["alert.additional_data('count').data > 5", 'scan'],
    ["alert.additional_data('note').data > 5", ''],
    ['alert.target.file.data_size >= 200', 'tool'],
  ],
  text: [
    ['alert.classification.text = unknown', 'bare'],
    ['alert.classification.text = Unknown', ''],
    ['alert.classification.text =* Unknown', 'bare'],
    ['alert.classification.text <> "*a*e*"', 'tool'],
    ["alert.classification.text <> '*«*»*'", 'correlated'],
    ["alert.classification.text <>* '*«ÑANDÚ»*'", 'correlated'],
    ["alert.classification.text <> '?????scan*'", ''],
    ["alert.classification.text <>* '?????scan*'", 'scan'],
    ["alert.classification.text substr '*walk'", 'snmp'],
    ["alert.classification.text <> '[B-P]*'", 'scan correlated tool'],
    ["alert.classification.text <> '[!B-P]*'", 'bare snmp'],
    ["alert.target.service.web_service.url <> '*[<?]*'", 'scan'],
    ["alert.classification.text <> '*[[:punct:]]'", 'scan'],
    ["alert.classification.text <> '*\\**'", 'scan'],
    ["alert.classification.text ~ '^[A-Z]+ '", 'snmp'],
    ["alert.classification.text ~* '^[A-Z]+ '", 'scan correlated tool snmp'],
    ['alert.additional_data.data <> World', 'scan'],
    ['alert.additional_data.data <>* world', 'scan'],
    ['alert.assessment.impact.severity <> "*e*"', 'scan'],
    ['alert.classification.text = "Port Scan *x* [y]"', 'scan'],
    ['alert.target(0).service.web_service.url <> "*?b=c&d"', 'scan'],
  ],
  defaults: [
    ['alert.source.spoofed = unknown', 'scan snmp'],
    ['alert.assessment.impact.type = other', 'correlated snmp'],
    ['alert.assessment.impact.type', 'scan correlated tool snmp'],
    ['alert.target.node.category = unknown', 'scan correlated snmp'],
    ['alert.assessment.impact.completion', 'scan correlated'],
  ],
  networks: [
    ['alert.source.node.address.address in 10.0.0.0/8', 'scan'],
    ['alert.source.node.address.address in 192.168.0.0/16', 'scan'],
    ['alert.source.node.address.address !in 10.0.0.0/8', ''],
    ['alert.target.node.address.address in {192.0.2.0/24, 2001:db8::/32}', 'scan'],
    ['alert.target.node.address.address in (fe80::/10 || 2001:db8::5)', 'scan snmp'],
    ['alert.target.node.address.address !in {172.16.0.0/12}', 'scan'],
    ['alert.target(0).node.address.address !in {172.16.0.0/12}', 'scan snmp'],
    ["alert.target.node.address.address in '10.0.0.0/8'", 'snmp'],
    ['alert.target.node.name in 10.0.0.0/8', ''],
  ],
  times: [
    ['alert.create_time = 2024-03-04T06:06:07.5+01:00', 'scan'],
    ['alert.create_time > 2024-03-05T00:00:00Z && alert', 'bare tool snmp'],
    ["alert.create_time = 'wday:monday gmtoff:0'", 'scan snmp'],
    ["alert.create_time = 'year:2024 month:december gmtoff:0'", 'bare'],
    ["alert.create_time = 'month:january gmtoff:1'", 'bare'],
    ["alert.create_time = 'mday:6 hour:14 gmtoff:2'", 'tool'],
    ["alert.create_time >= 'month:4 gmtoff:0'", 'bare snmp'],
    ["alert.create_time = 'yday:63 gmtoff:0'", 'scan'],
    ['alert.detect_time < 2024-03-01T00:00:00Z', 'scan'],
    ['alert.detect_time != 2024-02-29T23:59:59Z', 'bare correlated tool snmp heartbeat'],
  ],
  together: [
    ['alert.messageid = m1 || alert.messageid = bare && heartbeat', 'scan'],
    ['(alert.messageid = m1 || alert.messageid = bare) && alert.source', 'scan'],
    ['alert.messageid = m1 | alert.messageid = bare', 'scan bare'],
    ['!(alert.source || alert.target)', 'bare heartbeat'],
    ['!!alert.source', 'scan snmp'],
    ['!alert.messageid = m1 & alert.source', 'snmp'],
    ['alert.messageid = (m1 || bare)', 'scan bare'],
    ['alert.messageid != (m1 && bare)', 'correlated tool snmp heartbeat'],
    ['ALERT.Messageid = m1', 'scan'],
  ],
  'quotes and escapes': [
    ['alert.messageid = "m\\x31"', 'scan'],
    ["alert.messageid = 'm1'&&alert.source", 'scan'],
    ["alert.classification.text = 'Port Scan *x* [y]'", 'scan'],
    ['alert.classification.text ~ "\\[y\\]$"', 'scan'],
    ['alert.classification.text != "\\"\\\\\\\'\\n"', `${alerts} heartbeat`],
  ],
};

for (const [title, table] of Object.entries(tables)) {
  describe(title, () => {
    for (const [text, names] of table) {
      test(text, () => {
        assert.equal(matching(text), names);
      });
    }
  });
}

test('without a zone, times are those of this host', () => {
  const local = new Date(2024, 2, 4, 1, 2, 3);
  const parsed = parseCriteria(
    "alert.create_time = '2024-03-04 01:02:03' && alert.create_time = 'mday:4 hour:1'",
  );
  assert.ok(parsed.ok);
  const body = messages['bare']!.toString().replace('2024-12-31T23:59:59Z', local.toISOString());
  assert.equal(parsed.criteria.matches(createSubject(Buffer.from(body))), true);
});
