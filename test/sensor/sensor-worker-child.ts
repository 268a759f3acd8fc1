/** A process with nothing but the sensor's worker in it, to be killed. Argument: its configuration as JSON. */

import { startSensorWorker, type SensorWorkerConfig } from '../../src/app/sensor-worker.ts';
import { recordingLogger } from '../support/recording-logger.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test beside this file writes it
const config = JSON.parse(process.argv[2] ?? '{}') as SensorWorkerConfig;
await startSensorWorker(config, recordingLogger());
process.stdout.write('started\n');
