/** Repeated refusals: the first is said, the others are counted and summed up; floods are bounded. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handshakeLogLimits as limits } from '../../src/core/limits.ts';
import { RefusalTable } from '../../src/tls/refusal-table.ts';
import { manualClock } from '../support/manual-clock.ts';
import { recordingLogger } from '../support/recording-logger.ts';

function table() {
  const clock = manualClock();
  const logger = recordingLogger();
  return { clock, logger, table: new RefusalTable(logger, clock) };
}

test('said at once, then after a minute, then each hour, with a count', (t) => {
  const { clock, logger, table: refusals } = table();
  t.after(() => refusals.close());
  const texts = (): readonly string[] => logger.lines.map(({ text }) => text);
  for (let port = 1; port <= 500; port += 1) refusals.add(`192.0.2.1:${port}`, 'expired', 'warning');
  refusals.add('[2001:db8::1]:77', 'expired', 'warning');
  assert.deepEqual(texts(), [
    '192.0.2.1:1: TLS handshake refused: expired',
    '[2001:db8::1]:77: TLS handshake refused: expired',
  ]);
  clock.advance(limits.firstSummaryMs);
  refusals.sumUp();
  assert.equal(texts().at(-1), '192.0.2.1: TLS handshake refused 499 times more: expired');
  refusals.add('192.0.2.1:9', 'expired', 'warning');
  clock.advance(limits.firstSummaryMs);
  refusals.sumUp();
  assert.equal(texts().length, 3, 'not before an hour');
  clock.advance(limits.summaryMs);
  refusals.sumUp();
  assert.equal(texts().at(-1), '192.0.2.1: TLS handshake refused once more: expired');
  clock.advance(limits.summaryMs);
  refusals.sumUp();
  refusals.add('192.0.2.1:9', 'expired', 'warning');
  assert.equal(texts().at(-1), '192.0.2.1:9: TLS handshake refused: expired', 'forgotten after a quiet hour');
  assert.deepEqual(refusals.counts(), { expired: 503 });
});

test('many addresses cost few lines, and all are counted', (t) => {
  const { clock, logger, table: refusals } = table();
  t.after(() => refusals.close());
  for (let host = 0; host < 5000; host += 1) {
    refusals.add(`[2001:db8::${host.toString(16)}]:1`, 'not TLS', 'warning');
  }
  assert.equal(logger.lines.length, limits.newPerMinute);
  clock.advance(limits.firstSummaryMs);
  refusals.sumUp();
  assert.equal(
    logger.lines.at(-1)?.text,
    `${5000 - limits.newPerMinute} further TLS handshakes refused, of many addresses`,
  );
  assert.equal(logger.lines.length, limits.newPerMinute + 1);
  for (let reason = 0; reason < 500; reason += 1) refusals.add('192.0.2.1:1', `reason ${reason}`, 'info');
  const counts = refusals.counts();
  assert.ok(Object.keys(counts).length <= limits.reasons + 1);
  assert.equal(
    Object.values(counts).reduce((sum, count) => sum + count, 0),
    5500,
  );
});

test('what was counted and not yet said is said at the end', () => {
  const { logger, table: refusals } = table();
  for (let i = 0; i < 3; i += 1) refusals.add('192.0.2.1:1', 'expired', 'warning');
  refusals.close();
  assert.equal(logger.events('handshake-refused-again')[0]?.fields['count'], 2);
});
