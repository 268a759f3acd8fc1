/** ntopng's text, Prelude's templates, URLs that may be links. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { composeAlert, type AlertParts, type DatumParts } from '../../../src/idmef/compose.ts';
import type { AlertView } from '../../../src/dispatcher/model/alert-view.ts';
import { alertView } from '../../../src/dispatcher/render/alert-view.ts';
import { formatNtopngText, type NtopngTextOptions } from '../../../src/dispatcher/render/ntopng-text.ts';
import { safeUrl } from '../../../src/dispatcher/render/safe-url.ts';
import { createEngine } from '../../../src/dispatcher/render/template/engine.ts';
import { liquidOf } from '../../../src/dispatcher/render/template/prelude-template.ts';

async function view(
  fields: Readonly<Record<string, string>>,
  parts: Partial<AlertParts> = {},
): Promise<AlertView> {
  const data = Object.entries(fields).map(([meaning, value]): DatumParts => ({
    meaning,
    type: 'string',
    value,
  }));
  return alertView(
    await composeAlert({
      messageid: 'm',
      analyzer: { analyzerid: 'a', name: 'ntopng' },
      createTime: Date.UTC(2026, 2, 14, 8, 26, 53),
      classification: 'TCP SYN flood',
      severity: 'high',
      sources: [{ address: '192.0.2.1' }],
      data,
      ...parts,
    }),
  );
}

describe('ntopng: the text its own recipients get', () => {
  const fields = {
    entity: 'Host 192.0.2.1@0',
    'ntopng.ifid': '3',
    'ntopng.ifname': 'eth0',
    'ntopng.alert_entity_val': '192.0.2.1@0',
    'ntopng.action': 'engage',
    'ntopng.msg': 'too many <SYN> & more',
  };
  const cases: readonly (readonly [string, NtopngTextOptions, string])[] = [
    [
      'as it is',
      {},
      '[14/03/2026 08:26:53][3][eth0][High][TCP SYN flood]([Host][192.0.2.1@0])[Engaged] too many &lt;SYN&gt; &amp; more',
    ],
    [
      'nohtml',
      { nohtml: true },
      '[14/03/2026 08:26:53][3][eth0][High][TCP SYN flood]([Host][192.0.2.1@0])[Engaged] too many <SYN> & more',
    ],
    [
      'without severity and entity, in another zone',
      { nohtml: true, showSeverity: false, showEntity: false, timeZone: 'Europe/Madrid' },
      '[14/03/2026 09:26:53][3][eth0][TCP SYN flood][Engaged] too many <SYN> & more',
    ],
  ];
  for (const [name, options, expected] of cases) {
    test(name, async () => assert.equal(formatNtopngText(await view(fields), options), expected));
  }

  test('released', async () => {
    const text = formatNtopngText(await view({ ...fields, 'ntopng.action': 'release' }), {});
    assert.match(text, /\)\[Released\] /);
  });

  test('of an alert that ntopng never saw', async () => {
    assert.equal(
      formatNtopngText(await view({}, { impact: 'seen', severity: 'low' })),
      '[14/03/2026 08:26:53][Low][TCP SYN flood]([192.0.2.1]) seen',
    );
  });
});

describe('Prelude: mail templates', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a path', '* $alert.classification.text :', '* {{ alert | path: "alert.classification.text" }} :'],
    [
      'indices, and a full stop after a path',
      '$alert.analyzer(-1).name, $alert.source(*).node.address(0).address.',
      '{{ alert | path: "alert.analyzer(-1).name" }}, {{ alert | path: "alert.source(*).node.address(0).address" }}.',
    ],
    [
      'a condition: its lines are none of the text',
      'a\n#if $alert.correlation_alert.name\nb $alert.correlation_alert.name\n#end if\nc\n',
      'a\n{% assign found = alert | path: "alert.correlation_alert.name" %}{% if found != "" %}b {{ alert | path: "alert.correlation_alert.name" }}\n{% endif %}c\n',
    ],
    ['what is no path stays', '$5 $alerts # if $alert', '$5 $alerts # if $alert'],
    ['what has something of Liquid is Liquid', '{{ tag }} $alert.messageid', '{{ tag }} $alert.messageid'],
    ['so is what names nothing', 'an alert', 'an alert'],
  ];
  for (const [name, prelude, liquid] of cases) test(name, () => assert.equal(liquidOf(prelude), liquid));

  test('the result says what Prelude would', () => {
    const source = liquidOf(
      'x: $alert.a\n#if $alert.b\nb: $alert.b\n#end if\n#if $alert.c\nc: $alert.c\n#end if\nend',
    );
    const engine = createEngine('plain');
    const data = { alert: { paths: { 'alert.a': '1, 2', 'alert.b': '', 'alert.c': '<3>' } } };
    assert.equal(engine.render(engine.parse(source), data, 1_000), 'x: 1, 2\nc: <3>\nend');
  });
});

describe('URLs', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['https://x.example/a?b=c&d=e#f', 'https://x.example/a?b=c&d=e#f'],
    ['HTTP://X.example', 'http://x.example/'],
    ['ftp://x.example/y', 'ftp://x.example/y'],
    ['https://x.example/a b|c)(`"\'<>*', 'https://x.example/a%20b%7Cc%29%28%60%22%27%3C%3E%2A'],
    ['https://bücher.example/ä', 'https://xn--bcher-kva.example/%C3%A4'],
    ['javascript:alert(1)', undefined],
    ['data:text/html,x', undefined],
    ['https://user:pw@x.example/', undefined],
    ['https://bank.example@evil.example/', undefined],
    ['http://[::1]/', undefined],
    ['//x.example', undefined],
    ['https://', undefined],
    [`https://x.example/${'a'.repeat(3_000)}`, undefined],
  ];
  for (const [url, href] of cases) test(url.slice(0, 50), () => assert.equal(safeUrl(url)?.href, href));
});
