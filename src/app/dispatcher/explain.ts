/** `route explain`: how a message would go now, as data and as text. */

import type { Inbound } from '../../dispatcher/model/message.ts';
import { routeText } from '../../dispatcher/route/explain-text.ts';
import type { ExplainingRouter } from '../../dispatcher/route/router.ts';

export function explainInbound(
  router: ExplainingRouter,
  { body, ...inbound }: Inbound,
  at: number,
): { readonly text: string; readonly data: unknown } {
  const { facts } = router.read(body);
  const data = router.explain({ body, facts, inbound, at });
  return { text: `${routeText(data)}\n`, data };
}
