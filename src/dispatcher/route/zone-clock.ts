/**
 * Whether an instant lies in a weekly window of some time zone, summer time included: what a clock on the wall there shows.
 *
 * Used by the router for `active` and `mute`. A night that loses an hour is shorter, one that has it twice is longer, as for
 * the people who live there. Asking Intl costs some microseconds, so the last minute asked for is remembered by zone.
 */

import type { TimeInterval, TimeWindow } from '../model/config.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

interface WallTime {
  /** 0 Sunday. */
  readonly day: number;
  /** Of the day. */
  readonly minute: number;
}

class ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  #minute = Number.NaN;
  #last: WallTime = { day: 0, minute: 0 };

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  }

  at(ms: number): WallTime {
    const minute = Math.floor(ms / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#last = this.#read(ms);
    }
    return this.#last;
  }

  #read(ms: number): WallTime {
    const parts = new Map(this.#format.formatToParts(ms).map(({ type, value }) => [type, value]));
    return {
      day: NAMES.indexOf(parts.get('weekday') ?? ''),
      minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    };
  }
}

function isInside({ days, from, to }: TimeWindow, { day, minute }: WallTime): boolean {
  if (days.includes(day) && minute >= from && minute < to) return true;
  // What is left of yesterday's.
  return days.includes((day + 6) % 7) && minute < to - DAY_MINUTES;
}

/** The clocks of the zones of one configuration. */
export class ZoneClocks {
  readonly #clocks = new Map<string, ZoneClock>();

  /** The first of the intervals that has this instant (wall ms) in it. */
  within(intervals: readonly TimeInterval[], ms: number): TimeInterval | undefined {
    return intervals.find(({ timeZone, windows }) => {
      const wall = this.#clock(timeZone).at(ms);
      return windows.some((window) => isInside(window, wall));
    });
  }

  #clock(timeZone: string): ZoneClock {
    let clock = this.#clocks.get(timeZone);
    if (clock === undefined) {
      clock = new ZoneClock(timeZone);
      this.#clocks.set(timeZone, clock);
    }
    return clock;
  }
}
