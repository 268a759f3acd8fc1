/** Values as operators write them, as zod schemas: durations, sizes, names, addresses, networks, criteria. Used by every schema of the configuration. */

import { z } from 'zod';

import { parseAddress, parseNetwork } from '../../core/network.ts';
import { durationMs, sizeBytes } from '../../core/quantities.ts';
import { parseCriteria } from '../../idmef/criteria/parse-criteria.ts';
import type { ListenAddress } from '../model/config.ts';

/** Endpoints, recipients, sources: letters, digits, `_ . -`, as AlertGateway's channels (20) and longer. */
export const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, {
  error: 'a name has 1 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or digit',
});

/** A file must be named by an absolute path: a service has no directory of its own. */
export const path = z.string().regex(/^\//, { error: 'must be an absolute path' });

/** `30s`, `15m`, `24h`, `7d`, in milliseconds; 0 needs no unit. */
export const duration = quantity(durationMs, 'must be a duration such as 30s, 15m, 24h or 7d');

/** A duration of something that must take some time: 0 is a mistake, often meant for "never". */
export const span = duration.refine((ms) => ms > 0, { error: 'must be longer than 0' });

/** A span, or `never`. */
export const spanOrNever = z.union([z.literal('never').transform(() => undefined), span]);

export const size = quantity(sizeBytes, 'must be a size such as 512M or 20G');

/** A number with a unit, which is a text but for plain numbers. */
function quantity(read: (text: string) => number, error: string): z.ZodType<number, string | number> {
  return z.union([z.string(), z.number()], { error }).transform((text, context) => {
    const value = read(String(text));
    if (!Number.isNaN(value)) return value;
    context.addIssue({ code: 'custom', message: `${error}, not '${text}'` });
    return z.NEVER;
  });
}

export const severity = z.enum(['info', 'low', 'medium', 'high']);

/** One or several. */
export const names = z.union([name.transform((one) => [one]), z.array(name)]);

export const texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

export const network = z.string().superRefine((text, context) => {
  if (parseNetwork(text) === undefined) {
    context.addIssue({
      code: 'custom',
      message: `must be a network such as 10.0.0.0/8 or an address, not '${text}'`,
    });
  }
});

export const networks = z.union([network.transform((one) => [one]), z.array(network)]);

/** Prelude's criteria, compiled. */
export const criteria = z.string().transform((text, context) => {
  const parsed = parseCriteria(text);
  if (parsed.ok) return parsed.criteria;
  context.addIssue({ code: 'custom', message: `column ${parsed.column} of '${text}': ${parsed.text}` });
  return z.NEVER;
});

/** `127.0.0.1:4848`, `[::1]:4848`. The address is never left out: what listens is said. */
export const listen = z.string().transform((text, context): ListenAddress => {
  const match = /^(?:\[([0-9A-Fa-f:.%a-z]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const address = match?.[1] ?? match?.[2];
  if (address !== undefined && parseAddress(address) !== undefined && port <= 65_535)
    return { address, port };
  context.addIssue({
    code: 'custom',
    message: `must be address and port, such as 127.0.0.1:4848 or [::]:4848, not '${text}'`,
  });
  return z.NEVER;
});

export const timeZone = z.string().superRefine((text, context) => {
  try {
    Intl.DateTimeFormat('en', { timeZone: text });
  } catch {
    context.addIssue({ code: 'custom', message: `must be a time zone such as Europe/Madrid, not '${text}'` });
  }
});

export const url = z.string().superRefine((text, context) => {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    context.addIssue({ code: 'custom', message: 'must be an http or https URL' });
  }
});
