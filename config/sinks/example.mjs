/**
 * An own sink for alert-dispatcher: copy it into the directory named as `modules_dir` in dispatcher.yml (root's, writable for nobody
 * else), change it, and use its name as the type of an endpoint:
 *
 *     endpoints:  { pagers: { type: pager, url: https://pager.example.org/call, token_file: /etc/idmef-relay/pager.token } }
 *     recipients: { oncall: { endpoint: pagers, number: "4711" } }
 *
 * `send` gets what is due. Only { ok: true } takes it off the queue; { error } tries it again, { error, retry: false } gives it up.
 */

export const sink = {
  name: 'pager',
  summary: 'the pagers of our site',
  // people: silences, digests and fallbacks apply. machine: every alert, once.
  audience: 'people',
  batch: 1,
  params: {
    endpoint: [
      { name: 'url', required: true },
      // Never shown anywhere; token_file is read by the service.
      { name: 'token', required: true, secret: true },
    ],
    recipient: [{ name: 'number', required: true }],
  },

  async send(batch, { endpoint, recipient, signal }) {
    // batch.text: all of it, as rendered for the recipient. batch.alerts: one by one, with text, view and XML.
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${endpoint.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ number: recipient.number, text: batch.text, id: batch.idempotencyKey }),
      redirect: 'error',
      signal,
    });
    if (response.ok) return { ok: true };
    const seconds = Number(response.headers.get('retry-after') ?? 0);
    return {
      error: `the pager service answers ${response.status}`,
      ...(seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
    };
  },
};
