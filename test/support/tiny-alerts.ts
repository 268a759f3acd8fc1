/** Small IDMEF documents for tests: valid alerts told apart by their messageid, and a broken one. */

const NS = 'http://iana.org/idmef';

/** One Alert element with its own namespace declaration, valid by the RFC, about `bytes` long. */
export function alertElement(messageid: string, bytes = 0): string {
  const head =
    `<idmef:Alert xmlns:idmef="${NS}" messageid="${messageid}">` +
    `<idmef:Analyzer analyzerid="sensor-1"/>` +
    `<idmef:CreateTime ntpstamp="0xbc71f4f5.0xef449129">2000-03-09T10:01:25.93464Z</idmef:CreateTime>` +
    `<idmef:Classification text="port scan"/>`;
  const tail = `</idmef:Alert>`;
  const fill = bytes - head.length - tail.length - 120;
  const data =
    fill <= 0
      ? ''
      : `<idmef:AdditionalData type="string" meaning="fill"><idmef:string>${'x'.repeat(fill)}</idmef:string></idmef:AdditionalData>`;
  return `${head}${data}${tail}`;
}

/** Invalid by the RFC: no Classification, no Analyzer. */
export function invalidElement(messageid: string): string {
  return (
    `<idmef:Alert xmlns:idmef="${NS}" messageid="${messageid}">` +
    `<idmef:CreateTime ntpstamp="0xbc71f4f5.0xef449129">2000-03-09T10:01:25.93464Z</idmef:CreateTime>` +
    `<idmef:Colour>blue</idmef:Colour></idmef:Alert>`
  );
}

export function document(...elements: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<idmef:IDMEF-Message xmlns:idmef="${NS}">${elements.join('')}</idmef:IDMEF-Message>\n`;
}

/** The messageids of a document's messages, in order. */
export function messageids(text: string | Uint8Array): string[] {
  const words = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
  return [...words.matchAll(/<(?:[\w-]+:)?(?:Alert|Heartbeat)\s[^>]*?messageid="([^"]*)"/g)].map(
    (match) => match[1] ?? '',
  );
}
