/** Accept headers → may XML be sent (RFC 9110 §12.5.1). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsXml } from '../../src/sensor/conneg.ts';

const table: readonly (readonly [string | undefined, boolean])[] = [
  [undefined, true],
  ['', true],
  ['*/*', true],
  ['text/xml', true],
  ['TEXT/XML', true],
  ['Application/Xml', true],
  ['text/*', true],
  ['application/*', true],
  ['text/html', false],
  ['text/html, */*', true],
  ['text/html, */*;q=0.1', true],
  ['*/*;q=0', false],
  ['text/xml;q=0', false],
  ['text/xml;q=0.0', false],
  ['text/xml;Q=0', false],
  ['text/xml; q = 0', false],
  ['text/xml;q=0, */*', false],
  ['text/xml;q=0.001', true],
  ['text/*;q=0, application/xml', false],
  ['text/*;q=0, text/xml', true],
  ['*/*;q=0, application/xml', false],
  ['text/xml, */*;q=0', true],
  ['application/xml;q=0.9, text/html', true],
  ['application/xhtml+xml', false],
  ['application/json', false],
  ['text/xml;charset=utf-8;q=0.5', true],
  ['text/xml;note="a,b;q=0"', true],
  ['text/html;note="x, text/xml"', false],
  ['application/xml, text/xml;q=0.9', true],
  [' text/xml ,text/plain', true],
  ['xml', false],
  ['text/xml;q=high', true],
];

for (const [accept, expected] of table) {
  test(`Accept: ${accept ?? '(none)'} is ${expected ? 'served' : '406'}`, () => {
    assert.equal(acceptsXml(accept), expected);
  });
}
