/** Catalogues: complete in both languages, strict about placeholders, forgiving about languages. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import {
  localeOfFile,
  placeholders,
  readCatalogue,
  type Catalogue,
} from '../../../src/dispatcher/render/catalogue.ts';
import { en } from '../../../src/dispatcher/render/catalogue/en.ts';
import { es } from '../../../src/dispatcher/render/catalogue/es.ts';
import { loadCatalogues } from '../../../src/dispatcher/render/load-catalogues.ts';
import { Vocabulary } from '../../../src/dispatcher/render/phrases.ts';
import { plainText } from '../../../src/dispatcher/render/texts/plain-text.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** SecARC's own file, in its form. */
const secarc = `es:
    welcome: Hola.
    unknownCmd: Comando desconocido
    newAlert: "%{severity}: alerta %{module}.%{alertType}. %{moreInfo}"
    alertReplied: Ya respondida.
    replyingAlert: "Respondida %{module}.%{alertType}: %{option}"
    notReplied: "No se pudo responder (%{module})"
    ssh:
        newConnection: "El puerto %{port} de %{ip}"
        option1: Cerrar
    perfMonitor:
        cpuUsage: "CPU al %{usage}"
`;

function good(text: string, file: string): Catalogue {
  const result = readCatalogue(text, file);
  assert.ok(result.ok, JSON.stringify(result));
  return result.catalogue;
}

describe('the built-in languages', () => {
  test('have the same keys and, in each, the same placeholders', () => {
    assert.deepEqual(Object.keys(es), Object.keys(en));
    for (const [key, text] of Object.entries(en)) {
      const twin = Object.entries(es).find(([other]) => other === key)?.[1] ?? '';
      assert.deepEqual(placeholders(twin).toSorted(), placeholders(text).toSorted(), key);
      assert.notEqual(twin, '', key);
    }
  });

  test('hold all keys of SecARC', () => {
    const keys =
      'welcome unknownCmd newAlert alertReplied replyingAlert notReplied ssh.newConnection ssh.option1 ssh.option2 ssh.ignore ' +
      'perfMonitor.cpuUsage perfMonitor.option1 perfMonitor.option2 perfMonitor.ignore webServer.errors404 webServer.option2 webServer.ignore';
    for (const key of keys.split(' ')) assert.ok(Object.hasOwn(en, key), key);
    assert.deepEqual(placeholders(en.newAlert), ['module', 'alertType', 'severity', 'moreInfo']);
  });

  test('every key with a plural has its other form', () => {
    for (const key of Object.keys(en).filter((each) => each.endsWith('.one'))) {
      assert.ok(Object.hasOwn(en, key.replace(/one$/, 'other')), key);
    }
  });
});

describe('names of files', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['bot.es.yml', 'es'],
    ['bot.pt-BR.yml', 'pt-BR'],
    ['bot.zh-Hant.yaml', 'zh-Hant'],
    ['bot.ES.yml', undefined],
    ['bot.yml', undefined],
    ['bot.es.yml.bak', undefined],
    ['messages.es.yml', undefined],
  ];
  for (const [name, locale] of cases) test(name, () => assert.equal(localeOfFile(name), locale));
});

describe('reading', () => {
  test('a file of SecARC fits as it is, placeholders moved', () => {
    const phrases = new Vocabulary([good(secarc, '/x/bot.es.yml')]).phrases('es', 'UTC');
    assert.equal(
      plainText(phrases.phrase('ssh.newConnection', { ip: '192.0.2.1', port: '22' })),
      'El puerto 22 de 192.0.2.1',
    );
    assert.equal(phrases.word('ssh.option2'), 'Bloquear IP');
  });

  test('plural forms of other languages, which may say the number in words', () => {
    const pl = good(
      'pl:\n  text:\n    alerts:\n      one: jeden alarm\n      few: "%{count} alarmy"\n      many: "%{count} alarmów"\n      other: "%{count} alarmu"\n',
      'bot.pl.yml',
    );
    const phrases = new Vocabulary([pl]).phrases('pl', 'UTC');
    const said = [1, 3, 12].map((count) => plainText(phrases.plural('text.alerts', count)));
    assert.deepEqual(said, ['jeden alarm', '3 alarmy', '12 alarmów']);
  });

  test('a language without a form of its own uses its other one, not English', () => {
    const fr = good('fr:\n  text:\n    alerts:\n      other: "alertes : %{count}"\n', 'bot.fr.yml');
    const phrases = new Vocabulary([fr]).phrases('fr', 'UTC');
    assert.equal(plainText(phrases.plural('text.alerts', 1)), 'alertes : 1');
    assert.equal(
      plainText(phrases.plural('text.moreAlerts', 1, { severities: '1 HIGH' })),
      'and one more alert: 1 HIGH',
    );
  });

  test('a key nobody asks for is no fault, but named', () => {
    const result = readCatalogue('es:\n  ftp:\n    newLogin: x\n', 'bot.es.yml');
    assert.ok(result.ok);
    assert.deepEqual(result.unknown, [{ key: 'ftp.newLogin', file: 'bot.es.yml', line: 3, column: 5 }]);
  });

  const broken: readonly (readonly [string, string, number, number, RegExp])[] = [
    [
      'a renamed placeholder',
      'es:\n  ssh:\n    newConnection: "De %{addr} (%{port})"\n',
      3,
      20,
      /has no placeholder %\{addr\}/,
    ],
    [
      'a missing placeholder',
      'es:\n  ssh:\n    newConnection: "De %{ip}"\n',
      3,
      20,
      /lacks the placeholder %\{port\}/,
    ],
    ['a number', 'es:\n  welcome: 7\n', 2, 12, /welcome must be a text/],
    ['a list', 'es:\n  welcome: [a]\n', 2, 12, /welcome must be a text/],
    ['another root', 'en:\n  welcome: x\n', 1, 1, /below `es:`/],
    ['no root', 'welcome: x\n', 1, 1, /below `es:`/],
    ['broken YAML', 'es:\n  welcome: "x\n', 3, 1, /quot/],
    ['a placeholder that opens a plain text', 'es:\n  newAlert: %{severity}\n', 2, 13, /./],
    ['a key twice', 'es:\n  welcome: a\n  welcome: b\n', 3, 3, /unique/],
  ];
  for (const [name, text, line, column, clause] of broken) {
    test(`refused: ${name}`, () => {
      const result = readCatalogue(text, 'bot.es.yml');
      assert.ok(!result.ok);
      assert.deepEqual([result.line, result.column], [line, column], result.text);
      assert.match(result.text, clause);
    });
  }

  test('control and direction characters of a catalogue go', () => {
    const { words } = good('es:\n  welcome: "a\\e[2J\\u202eb"\n', 'bot.es.yml');
    assert.equal(words.get('welcome'), 'a[2Jb');
  });
});

describe('choosing', () => {
  const fr = good('fr:\n  text:\n    when: Quand\n', 'bot.fr.yml');
  const zh = good('zh-Hant:\n  text:\n    when: 何時\n', 'bot.zh-Hant.yml');
  const vocabulary = new Vocabulary([fr, zh]);
  const cases: readonly (readonly [string, string, string])[] = [
    ['en', 'When', 'Source'],
    ['es', 'Cuándo', 'Origen'],
    ['es-MX', 'Cuándo', 'Origen'],
    ['fr', 'Quand', 'Source'],
    ['fr-CA', 'Quand', 'Source'],
    ['zh-Hant-TW', '何時', 'Source'],
    ['de', 'When', 'Source'],
    ['__proto__', 'When', 'Source'],
    ['', 'When', 'Source'],
  ];
  for (const [locale, when, source] of cases) {
    test(`${locale || 'no language'}: per key, then English`, () => {
      const phrases = vocabulary.phrases(locale, 'UTC');
      assert.deepEqual([phrases.word('text.when'), phrases.word('text.source')], [when, source]);
    });
  }

  const at = Date.UTC(2026, 2, 14, 8, 26, 53);
  const dates: readonly (readonly [string, string, string])[] = [
    ['en', 'UTC', '14 Mar 2026, 08:26:53 UTC'],
    ['en', 'Europe/Madrid', '14 Mar 2026, 09:26:53 CET'],
    ['es', 'Europe/Madrid', '14 mar 2026, 09:26:53 CET'],
    ['es', 'No/Where', '14 mar 2026, 08:26:53 UTC'],
  ];
  for (const [locale, zone, expected] of dates) {
    test(`dates in ${locale}, ${zone}`, () => {
      assert.equal(vocabulary.phrases(locale, zone).instant(at), expected);
    });
  }
});

describe('a directory', () => {
  test('all catalogues of it are read, other files are not', async (t) => {
    const dir = tempDir(t);
    const log = recordingLogger();
    writeFileSync(join(dir, 'bot.fr.yml'), 'fr:\n  text:\n    when: Quand\n    wann: x\n');
    writeFileSync(join(dir, 'notes.txt'), '{');
    const catalogues = await loadCatalogues(dir, log);
    assert.deepEqual(
      catalogues.map(({ locale }) => locale),
      ['fr'],
    );
    assert.match(
      log.events('catalogue-key')[0]?.text ?? '',
      /bot\.fr\.yml:4:5: nothing asks for text\.wann$/,
    );
  });

  const faults: readonly (readonly [string, string | Buffer, RegExp])[] = [
    [
      'a broken file',
      'fr:\n  text:\n    alerts:\n      other: rien\n      two: "%{n}"\n',
      /bot\.fr\.yml:5:12: text\.alerts\.two has no placeholder %\{n\}/,
    ],
    ['no UTF-8', Buffer.from([0x66, 0x72, 0x3a, 0xff]), /bot\.fr\.yml is not UTF-8/],
  ];
  for (const [name, content, message] of faults) {
    test(`${name} refuses the start`, async (t) => {
      const dir = tempDir(t);
      writeFileSync(join(dir, 'bot.fr.yml'), content);
      await assert.rejects(loadCatalogues(dir, recordingLogger()), (error) => {
        assert.ok(error instanceof RelayError);
        assert.equal(error.code, 'CONFIG');
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test('a directory that is not there refuses it too', async (t) => {
    await assert.rejects(
      loadCatalogues(join(tempDir(t), 'none'), recordingLogger()),
      /cannot be read: ENOENT/,
    );
  });
});
