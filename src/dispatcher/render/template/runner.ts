/**
 * The renderer's end of the template thread: one job at a time, each with a deadline; a thread that takes longer, or more heap, is
 * ended, and a new one started for the next job.
 *
 * Made by renderer.ts, and by src/app for checks. The thread starts with the first job and keeps no process alive while it has nothing to
 * do. `run` never rejects: what went wrong is a fault like any other of the template. A deadline that passed while this thread was
 * busy itself is looked at once more: the answer may be there.
 */

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

import { messageOf, systemCode } from '../../../core/errors.ts';
import { templateLimits } from '../../../core/limits.ts';
import type { Answer, Job, Notice } from './protocol.ts';

export interface TemplateWorkerOptions {
  /** Of one rendering; default templateLimits.deadlineMs. */
  readonly deadlineMs?: number;
  /** Until a new thread is ready; default templateLimits.startMs. */
  readonly startMs?: number;
  /** Heap, MiB; default templateLimits.heapMib. */
  readonly heapMib?: number;
}

export interface TemplateRunner {
  run(job: Job): Promise<Answer>;
  close(): Promise<void>;
}

interface Waiting {
  readonly job: Job;
  readonly resolve: (answer: Answer) => void;
}

export function createTemplateRunner(options: TemplateWorkerOptions = {}): TemplateRunner {
  return new ThreadRunner(options);
}

class ThreadRunner implements TemplateRunner {
  readonly #deadlineMs: number;
  readonly #startMs: number;
  readonly #heapMib: number;
  readonly #waiting: Waiting[] = [];
  #current: Waiting | undefined;
  #thread: { readonly worker: Worker; ready: boolean } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Called when nothing is left to do. */
  #drained: (() => void) | undefined;

  constructor({
    deadlineMs = templateLimits.deadlineMs,
    startMs = templateLimits.startMs,
    heapMib = templateLimits.heapMib,
  }: TemplateWorkerOptions) {
    this.#deadlineMs = deadlineMs;
    this.#startMs = startMs;
    this.#heapMib = heapMib;
  }

  async run(job: Job): Promise<Answer> {
    if (this.#closed) return fault('the dispatcher is stopping');
    if (this.#waiting.length >= templateLimits.waiting) return fault('too many renderings wait');
    return new Promise((resolve) => {
      this.#waiting.push({ job, resolve });
      this.#next();
    });
  }

  /** What is under way or waits may come to its end for one more deadline; a reload loses no template's text. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#current !== undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#deadlineMs);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const all = [...(this.#current === undefined ? [] : [this.#current]), ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const { resolve } of all) resolve(fault('the dispatcher is stopping'));
    await this.#end();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) {
      this.#thread?.worker.unref();
      this.#drained?.();
      return;
    }
    this.#thread ??= this.#start();
    this.#thread.worker.ref();
    if (this.#thread.ready) this.#ask();
    else this.#limit(this.#startMs, `the template thread has not started within ${this.#startMs} ms`);
  }

  #ask(): void {
    if (this.#current === undefined) return;
    this.#limit(this.#deadlineMs, `the template takes longer than ${this.#deadlineMs} ms`);
    try {
      this.#thread?.worker.postMessage(this.#current.job, []);
    } catch (error) {
      this.#answer(fault(messageOf(error)));
    }
  }

  #limit(ms: number, text: string): void {
    clearTimeout(this.#timer);
    // Timers come before messages when both are due: after a turn of the loop an answer that was in time has been read.
    const timer = setTimeout(() => setImmediate(() => this.#expire(timer, text)), ms);
    this.#timer = timer;
  }

  #expire(timer: NodeJS.Timeout, text: string): void {
    if (this.#timer !== timer) return;
    void this.#end();
    this.#answer(fault(text));
  }

  #answer(answer: Answer): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const current = this.#current;
    this.#current = undefined;
    current?.resolve(answer);
    this.#next();
  }

  #start(): { readonly worker: Worker; ready: boolean } {
    // The URL is not rewritten by the compiler: the entry has the extension of this file, built or not.
    const entry = new URL(`./template-worker-thread${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(entry, {
      env: {},
      argv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: this.#heapMib,
        maxYoungGenerationSizeMb: templateLimits.youngMib,
        stackSizeMb: templateLimits.stackMib,
      },
    });
    const thread = { worker, ready: false };
    // What a thread says that was ended meanwhile counts for nothing.
    const isCurrent = (): boolean => this.#thread === thread;
    worker.on('message', (notice: Notice) => {
      if (!isCurrent()) return;
      if (notice.kind === 'answer') this.#answer(notice.answer);
      else {
        thread.ready = true;
        this.#ask();
      }
    });
    const lost = (text: string): void => {
      if (!isCurrent()) return;
      this.#thread = undefined;
      this.#answer(fault(text));
    };
    worker.on('error', (error) =>
      lost(
        systemCode(error) === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `the template needs more than ${this.#heapMib} MiB`
          : messageOf(error),
      ),
    );
    worker.on('exit', (code) => lost(`the template thread ended with ${code}`));
    return thread;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.worker.terminate();
  }
}

function fault(text: string): Answer {
  return { ok: false, line: 1, column: 1, text };
}
