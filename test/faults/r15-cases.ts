/**
 * The table of r15-http-abuse.ts: bytes a peer may send, the statuses it must get in order, and whether the connection
 * must end with them. Where framing is in doubt it must (RFC 9112 §6.3, §11.2). None of these requests may take a message:
 * every sound GET only peeks, and what is hidden in bodies is a GET that would take all.
 */

export interface AbuseCase {
  readonly name: string;
  readonly bytes: string | Buffer;
  /** Final statuses in order; 100 is listed too. */
  readonly statuses: readonly number[];
  /** Nothing may follow on this connection. */
  readonly closed: boolean;
  /** Answers without content although they announce its length. */
  readonly head?: true;
}

/** Would take everything, if somebody took it for a request. */
const SMUGGLED = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const PEEK = 'Prefer: peek\r\n';
const DOCUMENT =
  '<idmef:IDMEF-Message xmlns:idmef="http://iana.org/idmef"><idmef:Heartbeat messageid="r15"><idmef:Analyzer/>' +
  '<idmef:CreateTime ntpstamp="0xbc72541d.0x00000000">2000-03-09T18:47:25+02:00</idmef:CreateTime>' +
  '</idmef:Heartbeat></idmef:IDMEF-Message>';
/** What a cut or unreadable document is. */
const NO_XML = '<idmef:IDMEF-Message';

/** A sound GET that only looks, with more header lines. */
const get = (lines = '', target = '/'): string =>
  `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${PEEK}${lines}\r\n`;
const post = (lines: string, body = '', target = '/'): string =>
  `POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n${lines}\r\n${body}`;
const chunk = (data: string, extension = ''): string =>
  `${data.length.toString(16)}${extension}\r\n${data}\r\n`;

const open = (name: string, bytes: string | Buffer, ...statuses: number[]): AbuseCase => ({
  name,
  bytes,
  statuses,
  closed: false,
});
const closed = (name: string, bytes: string | Buffer, ...statuses: number[]): AbuseCase => ({
  name,
  bytes,
  statuses,
  closed: true,
});
const bad = (name: string, bytes: string | Buffer): AbuseCase => closed(name, bytes, 400);

function accept(): AbuseCase[] {
  const served = [
    'text/xml',
    'TEXT/XML',
    'application/xml',
    '*/*',
    'text/*',
    'application/*',
    'text/html, */*;q=0.1',
    'text/xml;q=0.001',
    'text/xml; q=1.000',
    'text/html;q=0, text/xml',
    'text/xml;charset=utf-8',
    'application/xml, text/xml;q=0.9',
    '*/*;q=0, text/xml',
    'text/plain, application/xml;q=0.2',
    '',
  ];
  const refused = [
    'text/html',
    'text/xml;q=0',
    'text/xml;q=0, application/xml;q=0',
    '*/*;q=0',
    'text/*;q=0',
    'application/json',
    'image/png, text/html;q=0.5',
    'text/xml;q=0.0, */*',
    'nonsense',
    'text',
    '/',
    ',,,',
    '"text/xml"',
  ];
  return [
    ...served.map((value) => open(`Accept: ${value}`, get(`Accept: ${value}\r\n`), 200)),
    ...refused.map((value) => open(`Accept: ${value}`, get(`Accept: ${value}\r\n`), 406)),
    open('Accept twice', get('Accept: text/html\r\nAccept: text/xml\r\n'), 200),
  ];
}

function coding(): AbuseCase[] {
  const rows: readonly (readonly [string, number])[] = [
    ['gzip', 200],
    ['gzip, deflate, br', 200],
    ['identity', 200],
    ['*', 200],
    ['', 200],
    ['br', 200],
    ['identity;q=0.5, gzip;q=1', 200],
    ['identity;q=0', 406],
    ['*;q=0', 406],
    ['gzip, *;q=0', 406],
    ['gzip;q=1, identity;q=0', 406],
    ['identity, *;q=0', 200],
    ['gzip;q=nonsense', 200],
    [';q=0', 200],
    ['gzip;;;,,,', 200],
  ];
  return rows.map(([value, status]) =>
    open(`Accept-Encoding: ${value}`, get(`Accept-Encoding: ${value}\r\n`), status),
  );
}

function targets(): AbuseCase[] {
  const rows: readonly (readonly [string, number])[] = [
    ['/', 200],
    ['/?', 200],
    ['/?x=1', 200],
    ['/#fragment', 200],
    ['http://localhost/', 200],
    ['https://localhost:3128/?q', 200],
    ['HTTPS://elsewhere.example/', 200],
    ['http://localhost', 200],
    ['//', 404],
    ['///', 404],
    ['/.', 404],
    ['/..', 404],
    ['/%2f', 404],
    ['/%00', 404],
    ['/%', 404],
    ['/%zz', 404],
    ['/%ff%fe', 404],
    ['/%c0%ae%c0%ae/', 404],
    ['/../../etc/passwd', 404],
    ['/index.html', 404],
    ['/leases', 404],
    ['/leases/', 404],
    ['/leases/a/b', 404],
    ['/leases/a%20b', 404],
    ['/leases/token', 405],
    ['/leases/token/release', 405],
    ['/metrics', 403],
    ['/healthz', 403],
    ['/metrics/', 404],
    ['/Metrics', 404],
    ['/healthz?verbose', 403],
    [`/${'a'.repeat(8_000)}`, 404],
    ['*', 404],
    ['ftp://localhost/', 404],
  ];
  const unsound = ['', '/ x', '/\x00', '/\x01', '/\r', '/\t', '/\x7f'];
  return [
    ...rows.map(([target, status]) => open(`GET ${target.slice(0, 60)}`, get('', target), status)),
    ...unsound.map((target) => bad(`target ${JSON.stringify(target)}`, get('', target))),
    bad('target of invalid UTF-8', Buffer.from(get('', '/\xff\xfe\x80'), 'latin1')),
    bad('target of UTF-8', Buffer.from(get('', '/\u00e9'), 'utf8')),
    open('two spaces before the target', get('', ' /'), 200),
    closed('target too long', get('', `/${'a'.repeat(20_000)}`), 431),
  ];
}

function methods(): AbuseCase[] {
  const line = (method: string, target = '/', lines = ''): string =>
    `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`;
  const known = [
    'PUT',
    'DELETE',
    'PATCH',
    'TRACE',
    'PROPFIND',
    'MKCOL',
    'LOCK',
    'SEARCH',
    'PURGE',
    'SUBSCRIBE',
  ];
  return [
    ...known.map((method) => open(`${method} /`, line(method), 405)),
    ...known.slice(2).map((method) => open(`${method} of a lease`, line(method, '/leases/x'), 405)),
    ...['POST', 'DELETE', 'PUT'].map((method) => open(`${method} /metrics`, line(method, '/metrics'), 405)),
    { ...open('HEAD /', line('HEAD', '/', PEEK), 200), head: true },
    { ...open('HEAD /nothing', line('HEAD', '/nothing'), 404), head: true },
    { ...open('HEAD /metrics', line('HEAD', '/metrics'), 403), head: true },
    open('OPTIONS /', line('OPTIONS'), 204),
    open('OPTIONS *', line('OPTIONS', '*'), 204),
    open('OPTIONS /nothing', line('OPTIONS', '/nothing'), 404),
    open('DELETE of an unknown lease', line('DELETE', '/leases/x'), 410),
    open('PUT of an unknown lease', line('PUT', '/leases/x'), 410),
    open('POST release of an unknown lease', line('POST', '/leases/x/release'), 410),
    closed('CONNECT', line('CONNECT', 'localhost:25')),
    ...['FOO', 'get', 'GeT', 'G ET', 'GET\t', 'GET\x00', '{}', 'PRI', ''].map((method) =>
      bad(`method ${JSON.stringify(method)}`, line(method)),
    ),
  ];
}

function framing(): AbuseCase[] {
  const length = `Content-Length: ${SMUGGLED.length}\r\n`;
  const te = 'Transfer-Encoding: chunked\r\n';
  const lengths = [
    '-1',
    '+5',
    '5 5',
    '5, 5',
    '5,6',
    '0x5',
    'abc',
    '',
    '1e1',
    '99999999999999999999',
    '5;a',
    '\x0b5',
  ];
  const codings = [
    'gzip',
    'identity',
    'chunked, identity',
    'chunked, chunked',
    'xchunked',
    'chunked;a=b',
    '"chunked"',
  ];
  const sizes = ['-1', '0x5', 'zz', ' 5', '5 ', 'fffffffffffffffff', '', '5\x00'];
  return [
    bad('CL and TE', post(`${length}${te}`, `0\r\n\r\n${SMUGGLED}`)),
    bad('TE and CL', post(`${te}${length}`, `0\r\n\r\n${SMUGGLED}`)),
    bad('GET with CL and TE', get(`${length}${te}`) + SMUGGLED),
    bad('two different CL', post(`${length}Content-Length: 0\r\n`, SMUGGLED)),
    bad('two equal CL', post(`${length}${length}`, SMUGGLED)),
    ...lengths.map((value) =>
      bad(`Content-Length: ${JSON.stringify(value)}`, post(`Content-Length: ${value}\r\n`, SMUGGLED)),
    ),
    ...codings.map((value) =>
      bad(`Transfer-Encoding: ${value}`, post(`Transfer-Encoding: ${value}\r\n`, `0\r\n\r\n${SMUGGLED}`)),
    ),
    bad('TE twice, the last not chunked', post(`${te}Transfer-Encoding: gzip\r\n`, `0\r\n\r\n${SMUGGLED}`)),
    ...sizes.map((size) =>
      closed(`chunk size ${JSON.stringify(size)}`, post(te, `${size}\r\nhello\r\n0\r\n\r\n${SMUGGLED}`), 400),
    ),
    closed('chunk longer than said', post(te, `2\r\nhello\r\n0\r\n\r\n${SMUGGLED}`), 400),
    closed('chunk ended by LF', post(te, `5\nhello\n0\n\n${SMUGGLED}`), 400),
    open('body of an unwanted method', `PUT / HTTP/1.1\r\nHost: x\r\n${length}\r\n${SMUGGLED}`, 405),
    open('body of GET', get(length) + SMUGGLED, 200),
    open('body of DELETE', `DELETE /leases/x HTTP/1.1\r\nHost: x\r\n${length}\r\n${SMUGGLED}`, 410),
    open(
      'body of a wrong type',
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/html\r\n${length}\r\n${SMUGGLED}`,
      415,
    ),
    closed('chunked body of GET', get(te) + `${chunk(SMUGGLED)}0\r\n\r\n`, 200),
    closed(
      'chunked body of an unwanted method',
      `PUT / HTTP/1.1\r\nHost: x\r\n${te}\r\n${chunk(SMUGGLED)}0\r\n\r\n`,
      405,
    ),
    closed(
      '100 MB announced, unwanted',
      `PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n${SMUGGLED}`,
      405,
    ),
    closed('100 MB announced', post('Content-Length: 100000000\r\n', SMUGGLED), 413),
    open('a body that is a request', post(length, SMUGGLED), 422),
    open('a body that is cut XML', post(`Content-Length: ${NO_XML.length}\r\n`, NO_XML), 422),
    open('an empty body', post('Content-Length: 0\r\n'), 422),
    open('no body', post(''), 422),
    open('a chunked body that is a request', post(te, `${chunk(SMUGGLED)}0\r\n\r\n`), 422),
    open('chunk extensions', post(te, `${chunk(DOCUMENT, ';a=b;c="d"')}0\r\n\r\n`), 201),
    open('trailers', post(te, `${chunk(DOCUMENT)}0\r\nX-Trailer: 1\r\n\r\n`), 201),
    bad('a trailer that frames', post(te, `${chunk(DOCUMENT)}0\r\nContent-Length: 5\r\n\r\n${SMUGGLED}`)),
    open(
      'chunks of one byte',
      post(
        te,
        `${DOCUMENT.split('')
          .map((one) => chunk(one))
          .join('')}0\r\n\r\n`,
      ),
      201,
    ),
    open('a sound POST', post(`Content-Length: ${DOCUMENT.length}\r\n`, DOCUMENT), 201),
    open(
      'a sound POST and a GET after it',
      post(`Content-Length: ${DOCUMENT.length}\r\n`, DOCUMENT) + get(),
      201,
      200,
    ),
    open('a POST and one more line', post(`Content-Length: ${DOCUMENT.length}\r\n`, `${DOCUMENT}\r\n`), 201),
    open('Content-Encoding of a body', post(`Content-Encoding: gzip\r\n${length}`, SMUGGLED), 415),
    open('a POST elsewhere', post(length, SMUGGLED, '/elsewhere'), 404),
  ];
}

function heads(): AbuseCase[] {
  const names = ['X\x00Y', 'X Y', 'X\tY', 'X(Y', 'X"Y', 'X,Y', 'X/Y', 'X\x7fY', '', ' X', 'X '];
  return [
    ...names.map((name) => bad(`header name ${JSON.stringify(name)}`, get(`${name}: 1\r\n`))),
    ...['a\x00b', 'a\nb', 'a\rb'].map((value) =>
      bad(`header value ${JSON.stringify(value)}`, get(`X: ${value}\r\n`)),
    ),
    bad('folded header', get('X: a\r\n b\r\n')),
    bad('folded header of a tab', get('X: a\r\n\tb\r\n')),
    bad('folded Transfer-Encoding', post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${SMUGGLED}`)),
    bad('head of bare LF', 'GET / HTTP/1.1\nHost: localhost\nPrefer: peek\n\n'),
    bad('one bare LF', get('X: 1\n')),
    bad('bare CR', 'GET / HTTP/1.1\rHost: x\r\r'),
    bad('no Host', `GET / HTTP/1.1\r\n${PEEK}\r\n`),
    bad('two Hosts', `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n${PEEK}\r\n`),
    bad('nonsense', 'nonsense\r\n\r\n'),
    bad('HTTP/0.9', 'GET /\r\n\r\n'),
    bad('HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    ...[
      'HTTP/1.2',
      'HTTP/3.0',
      'HTTP/1',
      'HTTP/11',
      'HTTP/1.',
      'http/1.1',
      'HTTP/1.1x',
      'HTTPS/1.1',
      'ICE/1.0',
    ].map((version) => bad(`version ${version}`, `GET / ${version}\r\nHost: x\r\n${PEEK}\r\n`)),
    closed('HTTP/1.0', `GET / HTTP/1.0\r\n${PEEK}\r\n`, 200),
    closed('Connection: close', get('Connection: close\r\n'), 200),
    open('values of UTF-8 and Latin-1', Buffer.from(get('X: \xe9\xff\r\n'), 'latin1'), 200),
    open('a header without a value', get('X:\r\n'), 200),
    open('500 header lines', get('X: 1\r\n'.repeat(500)), 200),
    closed('20 kB of one header', get(`X: ${'y'.repeat(20_000)}\r\n`), 431),
    closed('10,000 header lines', get('X: 1\r\n'.repeat(10_000)), 431),
    open('empty lines before a request', `\r\n\r\n${get()}`, 200),
    open('Prefer of nonsense', get('Prefer: =;;,"\\"\r\nPrefer: lease=\r\n'), 200),
    open('Prefer of quotes that do not end', get('X: 1\r\nPrefer: foo="\r\n'), 200),
    open('TE: trailers', get('TE: trailers\r\nConnection: TE\r\n'), 200),
    open('Range', get('Range: bytes=0-5\r\n'), 200),
    open('If-None-Match', get('If-None-Match: *\r\n'), 200),
  ];
}

function others(): AbuseCase[] {
  const upgrade = (value: string): string => get(`Connection: Upgrade\r\nUpgrade: ${value}\r\n`);
  const expect = (value: string): string =>
    post(`Expect: ${value}\r\nContent-Length: ${DOCUMENT.length}\r\n`, DOCUMENT);
  return [
    ...['h2c', 'websocket', 'TLS/1.0', 'HTTP/2.0'].map((value) =>
      open(`Upgrade: ${value}`, upgrade(value), 200),
    ),
    open(
      'Upgrade to h2c with settings',
      get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'),
      200,
    ),
    open('Expect: 100-continue', expect('100-continue'), 100, 201),
    open('Expect: 100-Continue', expect('100-Continue'), 100, 201),
    closed('Expect: 200-ok', expect('200-ok'), 417),
    closed('Expect without a body', get('Expect: 100-continue\r\n'), 200),
    closed(
      'Expect with an unwanted body',
      `PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
      405,
    ),
    open('2 sent ahead', get() + get(), 200, 200),
    open('8 sent ahead', get().repeat(8), ...Array.from({ length: 8 }, () => 200)),
    open(
      'sound, then 404, then 405',
      `${get()}${get('', '/x')}PUT / HTTP/1.1\r\nHost: x\r\n\r\n`,
      200,
      404,
      405,
    ),
  ];
}

export const abuseCases: readonly AbuseCase[] = [
  ...accept(),
  ...coding(),
  ...targets(),
  ...methods(),
  ...framing(),
  ...heads(),
  ...others(),
];
