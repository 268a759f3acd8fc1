/** Waiting, as a port: the service passes real timers, the simulation and the contract suite a virtual clock. */

import type { Clock } from '../../core/ports.ts';

export interface Timers extends Clock {
  /** Calls `work` once, so many milliseconds from now. Returns how to cancel it. Does not keep the process alive. */
  after(ms: number, work: () => void): () => void;
}
