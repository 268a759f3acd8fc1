/**
 * The exit code of a run that met several faults: the one that most needs a person.
 *
 * Called by profile-run.ts for one profile and by src/app/http-proxy.ts over all profiles. ARCHITECTURE.md: Poller names
 * the codes; their order here: 70 a bug · 64 usage · 78 configuration · 74 journal or disk (pulling has
 * stopped) · 76 the sensor's TLS or HTTP (somebody must mend it) · 69 the sensor is down (it may come back) ·
 * 75 a destination does not take (alerts kept) · 65 something was quarantined · 0.
 */

const order = [70, 64, 78, 74, 76, 69, 75, 65, 0];

export function worstExit(codes: Iterable<number>): number {
  let worst = 0;
  for (const code of codes) if (rank(code) < rank(worst)) worst = code;
  return worst;
}

function rank(code: number): number {
  const at = order.indexOf(code);
  return at < 0 ? 0 : at;
}
