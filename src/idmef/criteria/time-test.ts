/** Relations of times: with an instant, or with parts of the calendar (calendar.ts). Instants are compared whatever their zones. */

import { compareCalendar, instantOf, readCalendar } from './calendar.ts';
import { holds, refused, type Relation, type ValueTest } from './relation.ts';

export function timeTest({ operator, nocase, text }: Relation, value: string): ValueTest {
  if (nocase || operator === '~' || operator === 'glob') {
    return refused(`it is a time, of which "${text}" cannot be asked`);
  }
  const parts = readCalendar(value);
  if (typeof parts === 'string') return refused(parts);
  const wanted = parts === undefined ? instantOf(value) : 0;
  if (wanted === undefined) {
    return refused(
      `"${value}" is no time: write 2026-03-04, 2026-03-04T05:06:07+01:00 or 'wday:monday hour:3'`,
    );
  }
  return {
    ok: true,
    test: (given) => {
      const instant = instantOf(given);
      if (instant === undefined) return false;
      return holds(operator, parts === undefined ? instant - wanted : compareCalendar(instant, parts));
    },
  };
}
