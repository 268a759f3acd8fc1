/** placeholder */
import type { Retention } from '../model/store.ts';
import type { Ledger } from './ledger.ts';

export function tidyStep(_ledger: Ledger, _now: number, _retention: Retention): boolean {
  return false;
}
