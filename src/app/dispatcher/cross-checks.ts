/**
 * What the schemas do not see: an endpoint and a recipient that contradict each other, alerts that would go to a watchdog, tables of
 * names that are none, templates that cannot be used. Called by load-configuration.ts, so that what they find refuses the configuration.
 */

import { templateLimits } from '../../core/limits.ts';
import type { ConfigProblem } from '../../dispatcher/config/problem.ts';
import type { Fault, KeyPath } from '../../dispatcher/input/check-input.ts';
import type { DispatcherConfig, RouteNode } from '../../dispatcher/model/config.ts';
import type { SinkType } from '../../dispatcher/model/sink.ts';
import { checkTemplate } from '../../dispatcher/render/template/check-template.ts';
import { createTemplateRunner } from '../../dispatcher/render/template/runner.ts';
import { ntopngNamesFaults } from '../../dispatcher/sources/http/ntopng-names.ts';
import { watchdogType } from '../../dispatcher/sinks/own/watchdog/watchdog.ts';

/** @param at where the value of a path stands */
export async function crossChecks(
  config: DispatcherConfig,
  types: ReadonlyMap<string, SinkType>,
  at: (fault: Fault) => ConfigProblem,
): Promise<readonly ConfigProblem[]> {
  const names = ntopngNamesFaults(config.sources.ntopng?.names ?? {});
  const found = [...pairs(config, types), ...watchdogs(config), ...names, ...(await templates(config))];
  return found.map(at);
}

function pairs({ endpoints, recipients }: DispatcherConfig, types: ReadonlyMap<string, SinkType>): Fault[] {
  const byName = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
  return recipients.flatMap((recipient) => {
    const endpoint = byName.get(recipient.endpoint);
    const text = endpoint === undefined ? undefined : types.get(endpoint.type)?.check?.(endpoint, recipient);
    return text === undefined ? [] : [{ path: ['recipients', recipient.name], text }];
  });
}

/** A watchdog has nothing to do with alerts. */
function watchdogs({ endpoints, recipients, route, reportTo }: DispatcherConfig): Fault[] {
  const types = new Map(endpoints.map(({ name, type }) => [name, type]));
  const deaf = new Set(
    recipients.filter(({ endpoint }) => types.get(endpoint) === watchdogType.type).map(({ name }) => name),
  );
  const wrong = (path: KeyPath, names: readonly (string | undefined)[]): Fault[] =>
    names
      .filter((name) => name !== undefined && deaf.has(name))
      .map((name) => ({ path, text: `${name} is a watchdog, which takes no alerts` }));
  const ofNode = ({ to, escalate, routes }: RouteNode, path: KeyPath): Fault[] => [
    ...wrong([...path, 'to'], to),
    ...wrong(
      [...path, 'escalate'],
      escalate.map((step) => step.to),
    ),
    ...routes.flatMap((child, index) => ofNode(child, [...path, 'routes', index])),
  ];
  return [
    ...wrong(['report_to'], [reportTo]),
    ...recipients.flatMap(({ name, fallback }) => wrong(['recipients', name, 'fallback'], [fallback])),
    ...ofNode(route, ['route']),
  ];
}

/** Each with samples, in a thread of its own: they are text of operators. */
async function templates({ recipients }: DispatcherConfig): Promise<Fault[]> {
  const templated = recipients.filter(({ template }) => template !== undefined);
  if (templated.length === 0) return [];
  // A busy host must not refuse a sound template: here it has four times as long as later.
  const runner = createTemplateRunner({ deadlineMs: 4 * templateLimits.deadlineMs });
  try {
    const found: Fault[] = [];
    for (const { name, template = '' } of templated) {
      const checked = await checkTemplate(template, { runner });
      if (checked.ok) continue;
      const text = `line ${checked.line} of the template: ${checked.text}`;
      found.push({ path: ['recipients', name, 'template'], text });
    }
    return found;
  } finally {
    await runner.close();
  }
}
