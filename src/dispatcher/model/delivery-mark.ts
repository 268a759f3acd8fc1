/**
 * What our own deliveries carry, so that one which comes back is known: an AdditionalData of this meaning whose text is the id of
 * the dispatcher that made it. The door refuses its own and counts them as `loop`; those of another dispatcher are welcome.
 *
 * Put in by what composes or forwards IDMEF (reports, the idmef sink); sinks for text write `MEANING=ID` where readers look.
 */

/** Meaning of the AdditionalData. */
export const DELIVERY_MARK = 'idmef-relay-delivery';

/** Name of the source of messages that the dispatcher makes itself: they carry the mark and are no loop. */
export const OWN_SOURCE = 'dispatcher';

/** The host in `X-Idmef-Relay: <host>; …`, which mails and requests to such receivers as the sources bear. */
export function markHost(hostname: string): string {
  return hostname.replace(/[^0-9A-Za-z.-]/g, '').toLowerCase() || 'localhost';
}
