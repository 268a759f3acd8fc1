/**
 * Alerts as sensors write them: one document of about 3 kB each, varied, valid under RFC 4765, always the same
 * for the same number.
 *
 * `sampleAlert(n)` is a spool file (declaration, root, one Alert). `sampleMessage(n)` is the self-contained
 * element the journal keeps of it. Used by tests and benches of every part.
 */

import { RFC_NAMESPACE } from '../../src/idmef/envelope.ts';

/** Size of a sample document, bytes; padded to it with an AdditionalData string. */
const documentBytes = 2999;
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
const rootStart = `<idmef:IDMEF-Message xmlns:idmef="${RFC_NAMESPACE}" version="1.0">\n`;
const rootEnd = '\n</idmef:IDMEF-Message>\n';

/** One spool file with alert number `n`. */
export function sampleAlert(n: number): Buffer {
  return Buffer.from(`${declaration}${rootStart}${alert(n)}${rootEnd}`);
}

/** The element of `sampleAlert(n)` with the namespace it inherits: what a journal stores. */
export function sampleMessage(n: number): Buffer {
  return Buffer.from(alert(n).replace('<idmef:Alert', `<idmef:Alert xmlns:idmef="${RFC_NAMESPACE}"`));
}

/** One document with the alerts `first` to `first + count - 1`, as an answer of a sensor. */
export function sampleBatch(first: number, count: number): Buffer {
  const alerts = Array.from({ length: count }, (_, index) => sampleMessage(first + index));
  return Buffer.concat([
    Buffer.from(`${declaration}<idmef:IDMEF-Message xmlns:idmef="${RFC_NAMESPACE}">`),
    ...alerts,
    Buffer.from('</idmef:IDMEF-Message>\n'),
  ]);
}

/** A document with one heartbeat. */
export function sampleHeartbeat(n: number): Buffer {
  const time = timeElement('CreateTime', n, 0);
  return Buffer.from(
    `${declaration}${rootStart}<idmef:Heartbeat messageid="hb-${n}">\n` +
      `  <idmef:Analyzer analyzerid="sensor-${n % 40}" name="snort"/>\n  ${time}\n` +
      `  <idmef:HeartbeatInterval>600</idmef:HeartbeatInterval>\n</idmef:Heartbeat>${rootEnd}`,
  );
}

interface Attack {
  readonly text: string;
  readonly severity: string;
  readonly type: string;
  readonly origin: string;
  readonly name: string;
}

const attacks: readonly [Attack, ...Attack[]] = [
  { text: 'Ping of death', severity: 'high', type: 'dos', origin: 'cve', name: 'CVE-1999-128' },
  { text: 'SSH login failed', severity: 'low', type: 'user', origin: 'vendor-specific', name: 'sshd:4' },
  { text: 'Portscan détecté', severity: 'info', type: 'recon', origin: 'bugtraqid', name: '1023' },
  {
    text: 'Webshell &lt;upload&gt; &amp; run',
    severity: 'medium',
    type: 'admin',
    origin: 'osvdb',
    name: '7',
  },
  {
    text: 'File integrity: /etc/passwd',
    severity: 'high',
    type: 'file',
    origin: 'cve',
    name: 'CVE-2021-3156',
  },
];

function alert(n: number): string {
  const attack = attacks[n % attacks.length] ?? attacks[0];
  const head =
    `<idmef:Alert messageid="${messageid(n)}">\n` +
    `  <idmef:Analyzer analyzerid="sensor-${n % 40}" name="snort" manufacturer="www.snort.org" ` +
    `model="Snort" version="2.9.${n % 20}" class="NIDS" ostype="Linux" osversion="3.10.0-${n % 900}.el7">\n` +
    `  <idmef:Node category="dns">\n    <idmef:location>DMZ ${n % 7}</idmef:location>\n` +
    `    <idmef:name>ids${n % 40}.dmz.example.com</idmef:name>\n  </idmef:Node>\n` +
    `  <idmef:Process>\n    <idmef:name>snort</idmef:name>\n    <idmef:pid>${1000 + (n % 30000)}</idmef:pid>\n` +
    `    <idmef:path>/usr/sbin/snort</idmef:path>\n  </idmef:Process>\n  </idmef:Analyzer>\n` +
    `  ${timeElement('CreateTime', n, 420)}\n  ${timeElement('DetectTime', n, 0)}\n` +
    `  ${timeElement('AnalyzerTime', n, 500)}\n` +
    endpoint('Source', 'spoofed="no"', n, 'attacker') +
    endpoint('Target', 'decoy="unknown" interface="eth0"', n + 77, 'server') +
    `  <idmef:Classification text="${attack.text}">\n  <idmef:Reference origin="${attack.origin}">\n` +
    `    <idmef:name>${attack.name}</idmef:name>\n` +
    `    <idmef:url>https://example.com/ref?id=${attack.name}&amp;n=${n}</idmef:url>\n` +
    `  </idmef:Reference>\n  </idmef:Classification>\n` +
    `  <idmef:Assessment>\n  <idmef:Impact severity="${attack.severity}" completion="failed" ` +
    `type="${attack.type}">seen ${n} times</idmef:Impact>\n` +
    `  <idmef:Confidence rating="numeric">0.${n % 10}5</idmef:Confidence>\n  </idmef:Assessment>\n` +
    data('rule', 'integer', String(n % 5000)) +
    data('ratio', 'real', `${n % 100}.5e-2`) +
    data('first seen', 'date-time', instant(n).text);
  const tail = '</idmef:Alert>';
  const unpadded = declaration + rootStart + head + data('payload', 'string', '') + tail + rootEnd;
  const room = Math.max(0, documentBytes - Buffer.byteLength(unpadded));
  return head + data('payload', 'string', payload(n, room)) + tail;
}

function endpoint(name: string, attributes: string, n: number, host: string): string {
  const six = n % 4 === 3;
  const category = six ? 'ipv6-addr' : 'ipv4-addr';
  const address = six
    ? `2001:db8:${(n % 65536).toString(16)}::1`
    : `10.${n % 250}.${(n * 7) % 250}.${(n * 3) % 250}`;
  const user =
    n % 2 === 0
      ? `  <idmef:User category="os-device">\n    <idmef:UserId type="target-user">\n` +
        `    <idmef:name>user${n % 90}</idmef:name>\n    <idmef:number>${n % 65000}</idmef:number>\n` +
        '    </idmef:UserId>\n  </idmef:User>\n'
      : '';
  return (
    `  <idmef:${name} ${attributes}>\n  <idmef:Node>\n    <idmef:name>${host}${n % 900}.example.org</idmef:name>\n` +
    `    <idmef:Address category="${category}">\n    <idmef:address>${address}</idmef:address>\n` +
    `    </idmef:Address>\n  </idmef:Node>\n${user}` +
    `  <idmef:Service ip_version="${six ? 6 : 4}" iana_protocol_number="6" iana_protocol_name="tcp">\n` +
    `    <idmef:port>${1024 + (n % 60000)}</idmef:port>\n  </idmef:Service>\n  </idmef:${name}>\n`
  );
}

function data(meaning: string, type: string, value: string): string {
  return (
    `  <idmef:AdditionalData type="${type}" meaning="${meaning}">\n` +
    `  <idmef:${type}>${value}</idmef:${type}>\n  </idmef:AdditionalData>\n`
  );
}

function payload(n: number, bytes: number): string {
  const line = `GET /index-${n}.php?page=${n % 31} HTTP/1.1 Host: www.example.org User-Agent: probe/${n % 9} `;
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}

function messageid(n: number): string {
  const hex = (n * 2654435761).toString(16).padStart(12, '0').slice(-12);
  return `6567fa23-a5f6-4d7b-a202-${hex}`;
}

function timeElement(name: string, n: number, laterMs: number): string {
  const { text, ntpstamp } = instant(n, laterMs);
  return `<idmef:${name} ntpstamp="${ntpstamp}">${text}</idmef:${name}>`;
}

/** A time of alert `n`: every 137 ms since 2024-05-06, as DATETIME and as NTP time stamp of the same instant. */
function instant(n: number, laterMs = 0): { text: string; ntpstamp: string } {
  const ms = Date.UTC(2024, 4, 6, 7, 8, 9) + n * 137 + laterMs;
  const seconds = Math.floor(ms / 1000) + 2_208_988_800;
  const fraction = Math.floor(((ms % 1000) / 1000) * 2 ** 32);
  const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
  return { text: new Date(ms).toISOString(), ntpstamp: `${hex(seconds)}.${hex(fraction)}` };
}
