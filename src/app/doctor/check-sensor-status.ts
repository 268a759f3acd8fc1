/**
 * What a sensor says of itself in `IDMEF-Status`, as a diagnosis each. Called by check-sensor.ts.
 */

import { doctorLimits } from '../../core/limits.ts';
import { parseSensorStatus } from '../../poller/sensor-status.ts';
import type { Examination } from './examination.ts';
import { countText, durationText } from './words.ts';

export async function checkSensorStatus(
  exam: Examination,
  peer: string,
  header: string | undefined,
): Promise<void> {
  const status = parseSensorStatus(header);
  if (status === undefined) return;
  const { pending, oldestMs, stuck, corrupt, dropped = 0, paused } = status;
  if (paused === true) await exam.find('sensor', 'sensor-paused', { peer });
  if (stuck > 0) await exam.find('sensor', 'sensor-stuck', { peer, count: countText(stuck, 'file') });
  if (corrupt > 0) await exam.find('sensor', 'sensor-corrupt', { peer, count: countText(corrupt, 'file') });
  if (dropped > 0) {
    await exam.find('sensor', 'sensor-dropped', { peer, count: countText(dropped, 'message') });
  }
  if (oldestMs > doctorLimits.backlogMs) {
    const count = countText(pending, 'message');
    await exam.find('sensor', 'sensor-backlog', { peer, count, age: durationText(oldestMs) });
  } else {
    const age = pending > 0 ? `, the oldest for ${durationText(oldestMs)}` : '';
    await exam.ok('sensor', `${countText(pending, 'message')} waiting there${age}`);
  }
}
