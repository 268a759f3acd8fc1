/**
 * The message tree: what is not changed is written byte for byte as it was read; what is changed is well-formed.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  appendChild,
  attributeOf,
  childElements,
  newElement,
  ownText,
  placeOf,
  removeAttribute,
  removeChild,
  renameElement,
  setAttribute,
  setText,
  textNode,
} from '../../src/idmef/tree-edit.ts';
import { parseTree, writeTree } from '../../src/idmef/tree.ts';
import type { TreeElement } from '../../src/idmef/tree.ts';

function edit(xml: string, change: (root: TreeElement) => void): string {
  const root = parseTree(Buffer.from(xml));
  change(root);
  return writeTree(root);
}

test('an untouched tree is written as it was', () => {
  for (const xml of [
    '<a/>',
    '<a />',
    '<a></a>',
    '<a\n b = "1>2" c=\'"\' ></a >',
    '<i:a xmlns:i="u">\r\n<!-- <b> --><?p ?>?><![CDATA[<c>]]]]><![CDATA[>]]>x &amp; &#x1F600;<i:b/></i:a>',
    '<a>😀é</a>',
  ]) {
    assert.equal(
      edit(xml, () => undefined),
      xml,
    );
  }
});

test('values are decoded beside the verbatim text', () => {
  const root = parseTree(
    Buffer.from('<a x="1&#10;2\n3&quot;&amp;lt;" y=\'a"b\'>q&#x41;&lt;<![CDATA[&lt;]]>\r\nz</a>'),
  );
  assert.equal(attributeOf(root, 'x'), '1\n2 3"&lt;');
  assert.equal(attributeOf(root, 'y'), 'a"b');
  assert.equal(ownText(root), 'qA<&lt;\nz');
});

test('namespaces follow their declarations', () => {
  const root = parseTree(
    Buffer.from('<p:a xmlns:p="u1" xmlns="u2"><b xmlns=""><c/></b><d xmlns:p="u3"><p:e/></d><f/></p:a>'),
  );
  const found: string[] = [];
  const visit = (element: TreeElement): void => {
    found.push(`${element.local}=${element.namespace}`);
    element.children.forEach((child) => child.kind === 'element' && visit(child));
  };
  visit(root);
  assert.deepEqual(found, ['a=u1', 'b=', 'c=', 'd=u2', 'e=u3', 'f=u2']);
});

test('a change rewrites the tag it touches and nothing else', () => {
  const xml = '<i:a  x=\'1\' y="2"><i:b  z="3"/><i:c>t</i:c ></i:a>';
  assert.equal(
    edit(xml, (root) => setAttribute(root, 'x', '<&"\n')),
    '<i:a x="&lt;&amp;&quot;&#10;" y="2"><i:b  z="3"/><i:c>t</i:c ></i:a>',
  );
  assert.equal(
    edit(xml, (root) => removeAttribute(root, 'x')),
    '<i:a y="2"><i:b  z="3"/><i:c>t</i:c ></i:a>',
  );
  assert.equal(
    edit(xml, (root) => renameElement(root, 'n')),
    '<i:n x="1" y="2"><i:b  z="3"/><i:c>t</i:c ></i:n>',
  );
  assert.equal(
    edit('<a>\n x<!--c-->\n</a>', (root) => setText(root, 'y]]>&')),
    '<a>\n y]]&gt;&amp;\n<!--c--></a>',
  );
});

test('an element that was empty can get children', () => {
  assert.equal(
    edit('<i:a b="1" />', (root) => appendChild(root, newElement(root, 'c', { d: '1' }, [textNode('x')]))),
    '<i:a b="1" ><i:c d="1">x</i:c></i:a>',
  );
});

test('appended and removed children keep the lines', () => {
  const xml = '<a>\n  <b/>\n  <c/>\n</a>';
  const add = (root: TreeElement): void => appendChild(root, newElement(root, 'd'));
  const remove = (root: TreeElement): void => removeChild(root, childElements(root)[0]!);
  assert.equal(edit(xml, add), '<a>\n  <b/>\n  <c/>\n  <d></d>\n</a>');
  assert.equal(edit(xml, remove), '<a>\n  <c/>\n</a>');
});

test('places count only among equals', () => {
  const root = parseTree(Buffer.from('<a><b/><c/><b><d/></b></a>'));
  const second = childElements(root)[2]!;
  assert.equal(placeOf([root, second], childElements(second)[0]!), 'b[2]/d');
  assert.equal(placeOf([], root), '');
});
