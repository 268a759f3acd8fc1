/** A few messages of RFC 4765 that between them have and lack most of what criteria can ask for. */

import { RFC_NAMESPACE } from '../../../src/idmef/envelope.ts';

function element(name: string, attributes: string, content: string): Buffer {
  return Buffer.from(`<i:${name} xmlns:i="${RFC_NAMESPACE}" ${attributes}>${content}</i:${name}>`);
}

const time = (name: string, text: string): string =>
  `<i:${name} ntpstamp="0x00000000.0x00000000">${text}</i:${name}>`;

const address = (text: string, attributes = ''): string =>
  `<i:Address ${attributes}><i:address>${text}</i:address></i:Address>`;

const datum = (type: string, meaning: string, text: string): string =>
  `<i:AdditionalData type="${type}" meaning="${meaning}"><i:${type}>${text}</i:${type}></i:AdditionalData>`;

const scan = element(
  'Alert',
  'messageid="m1"',
  '<i:Analyzer analyzerid="relay" name="Relay" class="concentrator"><i:Node><i:name>gw</i:name></i:Node>' +
    '<i:Analyzer analyzerid="probe-7" name="Suricata" model="Suricata" version="7.0" ostype="Linux"/></i:Analyzer>' +
    time('CreateTime', '2024-03-04T05:06:07.5Z') +
    time('DetectTime', '2024-02-29T23:59:59Z') +
    '<i:Source ident="s1" spoofed="no" interface="eth0"><i:Node category="dns"><i:name>evil.example</i:name>' +
    `${address('10.0.0.1', 'category="ipv4-addr" vlan-num="7" vlan-name="dmz"')}${address('10.0.0.2')}</i:Node>` +
    '<i:User category="application"><i:UserId type="current-user"><i:name>root</i:name><i:number>0</i:number></i:UserId>' +
    '<i:UserId type="target-user"><i:name>ana</i:name><i:number>200</i:number></i:UserId></i:User>' +
    '<i:Service ip_version="4" iana_protocol_number="6" iana_protocol_name="tcp"><i:name>ssh</i:name><i:port>22</i:port></i:Service></i:Source>' +
    `<i:Source><i:Node>${address('192.168.1.1', 'category="ipv4-addr"')}</i:Node><i:Service><i:port>250</i:port></i:Service></i:Source>` +
    '<i:Source><i:Process><i:name>nmap</i:name><i:pid>99</i:pid><i:path>/usr/bin/nmap</i:path><i:arg>-sS</i:arg><i:arg>-p 1-100</i:arg>' +
    '<i:env>HOME=/root</i:env></i:Process></i:Source>' +
    `<i:Target decoy="yes"><i:Node><i:location>rack 4</i:location>${address('2001:db8::5', 'category="ipv6-addr"')}</i:Node>` +
    '<i:Service><i:name>https</i:name><i:port>443</i:port><i:protocol>tcp</i:protocol>' +
    '<i:WebService><i:url>https://www.example/a?b=c&amp;d</i:url><i:cgi>/a</i:cgi><i:http-method>GET</i:http-method><i:arg>b</i:arg></i:WebService></i:Service></i:Target>' +
    '<i:Classification ident="c9" text="Port Scan *x* [y]"><i:Reference origin="cve"><i:name>CVE-2024-0001</i:name><i:url>https://cve/1</i:url></i:Reference>' +
    '<i:Reference origin="user-specific" meaning="own"><i:name>own-1</i:name><i:url>https://own/1</i:url></i:Reference></i:Classification>' +
    '<i:Assessment><i:Impact severity="medium" completion="failed" type="recon">tried a lot</i:Impact>' +
    '<i:Action category="block-installed">blocked</i:Action><i:Action>called</i:Action><i:Confidence rating="high"/></i:Assessment>' +
    datum('string', 'note', 'hello World') +
    datum('integer', 'count', '42') +
    datum('real', 'ratio', '0.5') +
    datum('boolean', 'drop', 'true') +
    datum('string', 'note', 'second note'),
);

const bare = element(
  'Alert',
  'messageid="bare"',
  `<i:Analyzer analyzerid="probe-8"/>${time('CreateTime', '2024-12-31T23:59:59Z')}<i:Classification text="unknown"/>`,
);

const correlated = element(
  'Alert',
  'messageid="c-1"',
  `<i:Analyzer analyzerid="correlator" name="Prelude Correlator"/>${time('CreateTime', '2024-03-05T00:00:00Z')}` +
    `<i:Target><i:Node category="unknown"><i:name>www</i:name></i:Node></i:Target><i:Classification text="Brute force: «ñandú» attack"/>` +
    '<i:Assessment><i:Impact severity="high" completion="succeeded"/><i:Confidence rating="numeric">0.75</i:Confidence></i:Assessment>' +
    '<i:CorrelationAlert><i:name>bf</i:name><i:alertident>m1</i:alertident><i:alertident analyzerid="probe-7">m2</i:alertident></i:CorrelationAlert>',
);

const tool = element(
  'Alert',
  'messageid="t-1"',
  `<i:Analyzer analyzerid="fim"/>${time('CreateTime', '2024-03-06T12:00:00Z')}` +
    '<i:Target><i:User><i:UserId type="original-user" tty="pts/1"><i:name>bob</i:name></i:UserId></i:User>' +
    '<i:File category="current" fstype="ufs"><i:name>passwd</i:name><i:path>/etc/passwd</i:path><i:modify-time>2024-03-06T11:59:00Z</i:modify-time>' +
    '<i:data-size>200</i:data-size><i:FileAccess><i:UserId type="user-privs"><i:name>root</i:name></i:UserId><i:Permission perms="read"/><i:Permission perms="write"/></i:FileAccess>' +
    '<i:Linkage category="hard-link"><i:name>p2</i:name><i:path>/tmp/p2</i:path></i:Linkage>' +
    '<i:Checksum algorithm="SHA1"><i:value>da39a3ee</i:value></i:Checksum></i:File>' +
    '<i:File category="original"><i:name>shadow</i:name><i:path>/etc/shadow</i:path></i:File></i:Target>' +
    '<i:Classification text="File changed"/><i:Assessment><i:Impact severity="low" type="file"/></i:Assessment>' +
    '<i:ToolAlert><i:name>rootkit</i:name><i:command>ps</i:command><i:alertident>m7</i:alertident></i:ToolAlert>',
);

const snmp = element(
  'Alert',
  'messageid="s-1"',
  `<i:Analyzer analyzerid="snmp" name="Suricata"/>${time('CreateTime', '2024-07-01T10:30:00Z')}` +
    '<i:Source><i:Service><i:name>snmp</i:name><i:SNMPService><i:oid>1.3.6</i:oid><i:messageProcessingModel>3</i:messageProcessingModel>' +
    '<i:securityName>public</i:securityName><i:command>get</i:command></i:SNMPService></i:Service></i:Source>' +
    `<i:Target><i:Node>${address('10.0.0.1', 'category="ipv4-addr"')}${address('fe80::1', 'category="ipv6-addr"')}</i:Node></i:Target>` +
    '<i:Target><i:Service><i:portlist>1-5,80</i:portlist></i:Service></i:Target>' +
    '<i:Classification text="SNMP walk"/><i:Assessment><i:Impact severity="info"/></i:Assessment>' +
    '<i:OverflowAlert><i:program>snmpd</i:program><i:size>128</i:size></i:OverflowAlert>',
);

const heartbeat = element(
  'Heartbeat',
  'messageid="hb"',
  `<i:Analyzer analyzerid="probe-7" name="Suricata"/>${time('CreateTime', '2024-03-04T05:06:07Z')}<i:HeartbeatInterval>60</i:HeartbeatInterval>` +
    datum('string', 'Analyzer status', 'running'),
);

/** By name. */
export const messages: Readonly<Record<string, Buffer>> = { scan, bare, correlated, tool, snmp, heartbeat };
