/**
 * Bytes of Prelude's native protocol: against vectors, and values that do not fit. That libprelude reads the same in
 * them is tested in test/integration/prelude-codec.test.ts.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { encodeMessage, priorityOf } from '../../src/idmef/prelude/encode.ts';
import type { PreludeObject, PreludeValue } from '../../src/idmef/prelude/model.ts';
import type { ClassName } from '../../src/idmef/prelude/table.ts';
import { fromPaths, type PathValue } from '../support/prelude-paths.ts';
import { sharedPath } from './project-root.ts';

const alert: readonly PathValue[] = [
  ['alert.additional_data(0).type', 'ntpstamp'],
  ['alert.additional_data(0).data', 0xdeadbeef_00000001n],
  ['alert.additional_data(1).meaning', 'm'],
  ['alert.additional_data(1).data', ''],
  ['alert.assessment.impact.severity', 'high'],
  ['alert.assessment.confidence.confidence', 0.5],
  ['alert.target(0).file(0).data_size', 2 ** 40 + 1],
  ['alert.source(0).service.ip_version', 4],
  ['alert.source(0).service.port', 80],
  ['alert.source(0).node.address(0).vlan_num', -3],
  ['alert.source(0).process.pid', 4_294_967_295],
  ['alert.source(0).process.arg(0)', 'a'],
  ['alert.source(0).process.arg(1)', ''],
  ['alert.source(0).process.arg(2)', 'b'],
  ['alert.classification.ident', ''],
  ['alert.classification.text', 'é'],
  ['alert.create_time', '2020-04-30T10:56:06.250000-03:30'],
  ['alert.analyzer(0).analyzerid', '42'],
  ['alert.messageid', 'id'],
];

const alertBytes = [
  '1b 00000000', // alert
  '1d 00000003 696400',
  '12 00000000', // analyzer
  '1d 00000003 343200',
  'fe 00000000',
  '1e 0000000c 5eaadffe 0003d090 ffffcec8', // create_time: seconds, microseconds, offset
  '02 00000000', // classification, its empty ident left out
  '1e 00000003 c3a900',
  'fe 00000000',
  '0b 00000000', // source
  '1e 00000004 00000000', // spoofed is not set
  '0a 00000000', // node
  '1e 00000004 00000000',
  '05 00000000', // address
  '1e 00000004 00000000',
  '20 00000004 fffffffd',
  'fe 00000000',
  'fe 00000000',
  '06 00000000', // process
  '1f 00000004 ffffffff',
  '21 00000002 6100',
  '21 00000001 00',
  '21 00000002 6200',
  'fe 00000000',
  '09 00000000', // service
  '1e 00000001 04',
  '22 00000002 0050',
  'fe 00000000',
  'fe 00000000',
  '11 00000000', // target
  '1e 00000004 00000000',
  '0f 00000000', // file; fstype, which is optional, is left out
  '23 00000008 0000010000000001',
  '25 00000004 00000000',
  'fe 00000000',
  'fe 00000000',
  '17 00000000', // assessment
  '14 00000000', // impact; so is completion
  '1d 00000004 00000004',
  '1f 00000004 00000000',
  'fe 00000000',
  '16 00000000', // confidence
  '1d 00000004 00000000',
  '1e 00000004 3f000000',
  'fe 00000000',
  'fe 00000000',
  '00 00000000', // additional_data
  '1d 00000004 00000005',
  '1f 00000004 00000004', // data: 64 bits
  '1f 00000008 deadbeef00000001',
  'fe 00000000',
  '00 00000000', // additional_data without data
  '1e 00000002 6d00',
  '1d 00000004 00000000',
  'fe 00000000',
  'fe 00000000',
  'fe 00000000',
];

const heartbeat: readonly PathValue[] = [
  ['heartbeat.heartbeat_interval', 600],
  ['heartbeat.additional_data(0).type', 'integer'],
  ['heartbeat.additional_data(0).data', '-5'],
  ['heartbeat.create_time', '1970-01-01T00:00:00Z'],
];

const heartbeatBytes = [
  '1c 00000000',
  '1e 0000000c 00000000 00000000 00000000',
  '20 00000004 00000258',
  '00 00000000',
  '1d 00000004 00000004',
  '1f 00000004 00000006', // data: text
  '1f 00000003 2d3500',
  'fe 00000000',
  'fe 00000000',
  'fe 00000000',
];

function hex(message: PreludeObject): string {
  return encodeMessage(message).toString('hex');
}

describe('the bytes of a message', () => {
  test('of an alert are in the table’s order, whatever the order of its fields', () =>
    assert.equal(hex(fromPaths(alert)), alertBytes.join('').replaceAll(' ', '')));

  test('of a heartbeat', () =>
    assert.equal(hex(fromPaths(heartbeat)), heartbeatBytes.join('').replaceAll(' ', '')));

  const vector = sharedPath('reference', 'prelude-native-vector.json');
  const skip = existsSync(vector) ? {} : { skip: `no ${vector} beside the project` };
  test('are those libprelude wrote', skip, () => {
    const { set }: { set: PathValue[] } = JSON.parse(readFileSync(vector, 'utf8'));
    const written = readFileSync(sharedPath('reference', 'prelude-native-vector.hex'), 'utf8').trim();
    assert.equal(hex(fromPaths(set)), written);
  });

  test('hold texts of every length, within ASCII and beyond', () => {
    for (const character of ['x', 'é', '日', '😀']) {
      for (const length of [1, 39, 40, 41, 1000, 1024, 5000, 100_000]) {
        const text = character.repeat(length);
        const bytes = encodeMessage({ class: 'alert', fields: { messageid: text } });
        const size = Buffer.byteLength(text) + 1;
        assert.equal(bytes.length, 5 + 5 + size + 5 + 5);
        assert.equal(bytes.readUInt32BE(6), size);
        assert.equal(bytes.toString('utf8', 10, 10 + size), `${text}\0`);
      }
    }
  });
});

test('priority follows severity; heartbeats go first', () => {
  const of = (severity: string | undefined): PreludeObject =>
    fromPaths([
      ['alert.assessment.impact.type', 'dos'],
      ...(severity === undefined ? [] : [['alert.assessment.impact.severity', severity] as const]),
    ]);
  const priorities = [undefined, 'info', 'low', 'medium', 'high'].map((severity) => priorityOf(of(severity)));
  assert.deepEqual(priorities, [0, 1, 1, 2, 3]);
  assert.equal(priorityOf({ class: 'alert', fields: {} }), 0);
  assert.equal(priorityOf({ class: 'heartbeat', fields: {} }), 3);
});

describe('a value that does not fit its field is a bug:', () => {
  const at = { seconds: 0, microseconds: 0, offsetSeconds: 0 };
  const cases: readonly (readonly [ClassName, string, PreludeValue])[] = [
    ['alert', 'messageid', 7],
    ['alert', 'messageid', ['a']],
    ['alert', 'analyzer', ['a']],
    ['alert', 'create_time', '2020-04-30T10:56:06Z'],
    ['alert', 'create_time', { ...at, seconds: -1 }],
    ['alert', 'create_time', { ...at, seconds: 2 ** 32 }],
    ['alert', 'create_time', { ...at, seconds: 0.5 }],
    ['alert', 'create_time', { ...at, microseconds: 1_000_000 }],
    ['alert', 'create_time', { ...at, offsetSeconds: 2 ** 31 }],
    ['alert', 'classification', 'text'],
    ['source', 'spoofed', 'maybe'],
    ['source', 'spoofed', 'constructor'],
    ['service', 'ip_version', 256],
    ['service', 'ip_version', -1],
    ['service', 'port', 65_536],
    ['service', 'port', '80'],
    ['process', 'pid', 2 ** 32],
    ['process', 'pid', Number.NaN],
    ['process', 'arg', [{ class: 'user', fields: {} }]],
    ['address', 'vlan_num', 2 ** 31],
    ['address', 'vlan_num', -(2 ** 31) - 1],
    ['file', 'data_size', -1],
    ['file', 'data_size', 2n ** 64n],
    ['file', 'data_size', -1n],
    ['confidence', 'confidence', '0.5'],
    ['additional_data', 'data', 5],
    ['additional_data', 'data', -1n],
  ];
  for (const [name, field, value] of cases) {
    const shown = typeof value === 'object' ? JSON.stringify(value) : String(value);
    test(`${name}.${field} = ${shown}`, () =>
      assert.throws(() => encodeMessage({ class: name, fields: { [field]: value } }), {
        code: 'BUG',
        message: new RegExp(`^${field} of a message for Prelude`),
      }));
  }
});
