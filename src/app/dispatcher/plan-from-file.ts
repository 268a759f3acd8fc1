/** An AlertGateway's file → the plan of its import, with the sink types there are here. */

import { type ImportPlan, planImport } from '../../dispatcher/import/plan-import.ts';
import { readAlertGateway } from './read-alertgateway.ts';
import { createSinkTypes } from './sink-types.ts';

export async function planFromFile(file: string): Promise<ImportPlan> {
  const types = await createSinkTypes()(undefined);
  const fileOnly = new Set(
    [...types.values()].filter((type) => type.fileOnly === true).map(({ type }) => type),
  );
  return planImport(readAlertGateway(file), fileOnly);
}
