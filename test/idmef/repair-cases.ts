/**
 * What each leniency mends and what it leaves alone: the table of repair.test.ts.
 */

import { RFC_NAMESPACE as NS } from '../../src/idmef/envelope.ts';
import { alert } from './sample.ts';

export interface RepairCase {
  readonly title: string;
  readonly input: string;
  /** Leniencies used, sorted; empty: left alone. */
  readonly uses: readonly string[];
  /** What the output must contain, verbatim. */
  readonly writes?: readonly string[];
  /** Values that are rewritten on purpose. */
  readonly rewritten?: readonly string[];
}

function kept(place: string, leniency: string, value: string, type = 'string'): string {
  return `<AdditionalData type="${type}" meaning="idmef-relay: ${place} (${leniency})"><${type}>${value}</${type}></AdditionalData>`;
}

function file(inner: string): string {
  return `<Target><File category="current"><name>n</name><path>/p</path>${inner}</File></Target>`;
}

export const repairCases: readonly RepairCase[] = [
  { title: 'a valid alert is left alone', input: alert(), uses: [] },

  {
    title: 'the 2004 namespace, default and prefixed',
    input: '<i:Alert xmlns:i="urn:iana:xml:ns:idmef"><i:Analyzer/></i:Alert>',
    uses: ['ns-2004'],
    writes: [`<i:Alert xmlns:i="${NS}"><i:Analyzer/></i:Alert>`],
    rewritten: ['urn:iana:xml:ns:idmef'],
  },
  {
    title: 'no namespace',
    input: '<Alert messageid="1"><Analyzer/></Alert>',
    uses: ['ns-none'],
    writes: [`<Alert messageid="1" xmlns="${NS}"><Analyzer/></Alert>`],
  },
  {
    title: 'no namespace: an extension keeps what is in none',
    input:
      '<Alert><AdditionalData type="xmltext"><xmltext><a><b/></a><v:c xmlns:v="v"><d/></v:c></xmltext></AdditionalData></Alert>',
    uses: ['ns-none'],
    writes: ['<xmltext><a xmlns=""><b/></a><v:c xmlns:v="v"><d xmlns=""/></v:c></xmltext>'],
  },
  {
    title: 'no namespace below a prefixed message',
    input: `<i:Alert xmlns:i="${NS}"><Analyzer/></i:Alert>`,
    uses: ['ns-none'],
    writes: [`<i:Alert xmlns:i="${NS}" xmlns="${NS}"><Analyzer/></i:Alert>`],
  },
  { title: 'a foreign namespace is left alone', input: '<Alert xmlns="urn:x"><Analyzer/></Alert>', uses: [] },

  {
    title: 'xsi:schemaLocation',
    input: alert({
      open: `<Alert xmlns="${NS}" xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="a b">`,
    }),
    uses: ['schema-location'],
    writes: [kept('@s:schemaLocation', 'schema-location', 's:schemaLocation="a b"')],
  },
  {
    title: 'another foreign attribute is left alone',
    input: alert({ open: `<Alert xmlns="${NS}" xmlns:s="urn:s" s:schemaLocation="a b">` }),
    uses: [],
  },

  {
    title: 'CorrelatedAlert',
    input: alert({ special: '<CorrelatedAlert><name>n</name><alertident>1</alertident></CorrelatedAlert>' }),
    uses: ['correlated-alert'],
    writes: ['<CorrelationAlert><name>n</name><alertident>1</alertident></CorrelationAlert>'],
  },
  { title: 'any other unknown child is left alone', input: alert({ special: '<Correlated/>' }), uses: [] },
  {
    title: 'Prelude’s misspelt names',
    input: alert({
      target: file('<Inode><c-major-device>1</c-major-device><c-minor-devide>2</c-minor-devide></Inode>'),
      source:
        '<Source><Service><port>1</port><SNMPService><contextEngineId>8</contextEngineId></SNMPService></Service></Source>',
    }),
    uses: ['misspelt-name'],
    writes: ['<c-minor-device>2</c-minor-device>', '<contextEngineID>8</contextEngineID>'],
  },
  {
    title: 'the drafts’ ident of a message',
    input: alert({ open: `<Alert xmlns="${NS}" ident="7">` }),
    uses: ['message-ident'],
    writes: [`<Alert xmlns="${NS}" messageid="7">`],
  },
  {
    title: 'ident beside another messageid is left alone',
    input: alert({ open: `<Alert xmlns="${NS}" ident="7" messageid="8">` }),
    uses: [],
  },
  {
    title: 'keywords in other capitals',
    input: alert({ assessment: '<Assessment><Impact severity=" High" type="DOS"/></Assessment>' }),
    uses: ['enum-case'],
    writes: ['<Impact severity="high" type="dos"/>'],
    rewritten: [' High', 'DOS'],
  },
  {
    title: 'an unknown keyword is left alone',
    input: alert({ assessment: '<Assessment><Impact severity="critical"/></Assessment>' }),
    uses: [],
  },

  {
    title: 'empty keywords, of what must have one and of what need not',
    input: alert({
      source: '<Source spoofed=""><Node category=""><name>n</name></Node></Source>',
      target: '<Target><File category=""><name>n</name><path>/p</path></File></Target>',
    }),
    uses: ['empty-keyword', 'incomplete-part'],
    writes: [
      '<Source><Node><name>n</name></Node></Source>',
      '<Target></Target>',
      kept(
        'Target/File',
        'incomplete-part',
        '&lt;File&gt;&lt;name&gt;n&lt;/name&gt;&lt;path&gt;/p&lt;/path&gt;&lt;/File&gt;',
      ),
    ],
  },
  {
    title: 'an empty text is no keyword',
    input: alert({ classification: '<Classification text=""/>' }),
    uses: [],
  },

  {
    title: 'escaped markup',
    input: alert({
      data: '<AdditionalData type="xml"><xml>&lt;?xml version="1.0"?>&lt;a b="1"/> &lt;v:c xmlns:v="urn:v">&lt;d/>&lt;/v:c></xml></AdditionalData>',
    }),
    uses: ['adddata-xml-text'],
    writes: [
      '<AdditionalData type="xmltext"><xmltext><a b="1" xmlns=""/> <v:c xmlns:v="urn:v"><d xmlns=""/></v:c></xmltext></AdditionalData>',
    ],
    rewritten: ['xml', '<?xml version="1.0"?><a b="1"/> <v:c xmlns:v="urn:v"><d/></v:c>'],
  },
  {
    title: 'escaped text with references, and a section',
    input: alert({
      data: '<AdditionalData type="xml"><xml>a &amp;lt; b</xml></AdditionalData><AdditionalData type="xml"><xml><![CDATA[<a xmlns="urn:a"/>]]></xml></AdditionalData>',
    }),
    uses: ['adddata-xml-text'],
    writes: ['<xmltext>a &lt; b</xmltext>', '<xmltext><a xmlns="urn:a"/></xmltext>'],
    rewritten: ['xml', 'a &lt; b', '<a xmlns="urn:a"/>'],
  },
  ...[
    'a &lt; b',
    'AT&amp;T',
    '&lt;a>',
    '&lt;/xml>&lt;xml>',
    '&lt;v:a/>',
    '&lt;!DOCTYPE a>&lt;a/>',
    '&amp;e;',
  ].map((text): RepairCase => ({
    title: `escaped text that is no XML: ${text}`,
    input: alert({ data: `<AdditionalData type="xml" meaning="m"><xml>${text}</xml></AdditionalData>` }),
    uses: ['adddata-xml-text'],
    writes: [
      `<AdditionalData type="string" meaning="m"><string>${text}</string></AdditionalData>`,
      kept('AdditionalData/@type', 'adddata-xml-text', 'xml'),
    ],
  })),
  {
    title: 'an element xml of another type is left alone',
    input: alert({ data: '<AdditionalData type="real"><xml>1 &lt; 2</xml></AdditionalData>' }),
    uses: ['adddata-xml-alias'],
  },
  {
    title: 'escaped text in xmltext is what it is',
    input: alert({ data: '<AdditionalData type="xmltext"><xmltext>&lt;a/></xmltext></AdditionalData>' }),
    uses: [],
  },
  {
    title: 'type xml and element xml',
    input: alert({
      data: '<AdditionalData type="xml" meaning="g"><xml><v:a xmlns:v="urn:v"/></xml></AdditionalData>',
    }),
    uses: ['adddata-xml-alias'],
    writes: [
      '<AdditionalData type="xmltext" meaning="g"><xmltext><v:a xmlns:v="urn:v"/></xmltext></AdditionalData>',
    ],
    rewritten: ['xml'],
  },
  {
    title: 'bare text, with and without type',
    input: alert({
      data: '<AdditionalData meaning="a">x &amp; <![CDATA[<y>]]></AdditionalData><AdditionalData type="integer">5</AdditionalData>',
    }),
    uses: ['adddata-text'],
    writes: [
      '<AdditionalData meaning="a"><string>x &amp; <![CDATA[<y>]]></string></AdditionalData>',
      '<AdditionalData type="integer"><integer>5</integer></AdditionalData>',
    ],
  },
  {
    title: 'bare foreign markup of the 2004 draft',
    input: alert({ data: '<AdditionalData type="xml"><v:a xmlns:v="urn:v">1</v:a></AdditionalData>' }),
    uses: ['adddata-text', 'adddata-xml-alias'],
    writes: [
      '<AdditionalData type="xmltext"><xmltext><v:a xmlns:v="urn:v">1</v:a></xmltext></AdditionalData>',
    ],
    rewritten: ['xml'],
  },
  {
    title: 'an unknown IDMEF element in AdditionalData is left alone',
    input: alert({ data: '<AdditionalData><text>1</text></AdditionalData>' }),
    uses: [],
  },
  {
    title: 'several values',
    input: alert({
      data: '<AdditionalData type="real" meaning="r"><real>1.5</real><!--c--><real>2.5</real></AdditionalData>',
    }),
    uses: ['adddata-several'],
    writes: [
      '<AdditionalData type="real" meaning="r"><!--c--><real>1.5</real></AdditionalData><AdditionalData type="real" meaning="r"><real>2.5</real></AdditionalData>',
    ],
  },
  {
    title: 'several values with text between are left alone',
    input: alert({ data: '<AdditionalData><string>a</string>b<string>c</string></AdditionalData>' }),
    uses: [],
  },
  {
    title: 'no type beside an integer; string beside type integer',
    input: alert({
      data: '<AdditionalData><integer>5</integer></AdditionalData><AdditionalData type="integer"><string>6</string></AdditionalData>',
    }),
    uses: ['adddata-type'],
    writes: [
      '<AdditionalData type="integer"><integer>5</integer></AdditionalData><AdditionalData type="integer"><integer>6</integer></AdditionalData>',
    ],
  },
  {
    title: 'two types that contradict each other are left alone',
    input: alert({ data: '<AdditionalData type="real"><integer>5</integer></AdditionalData>' }),
    uses: [],
  },

  {
    title: 'no value of a type that needs one',
    input: alert({
      data:
        '<AdditionalData type="integer" meaning="m"><integer/></AdditionalData>' +
        '<AdditionalData type="character"><character></character></AdditionalData>',
    }),
    uses: ['adddata-empty'],
    writes: [
      '<AdditionalData type="string" meaning="m"><string/></AdditionalData><AdditionalData type="string"><string></string></AdditionalData>',
      kept('AdditionalData[1]/@type', 'adddata-empty', 'integer'),
      kept('AdditionalData[2]/@type', 'adddata-empty', 'character'),
    ],
  },
  {
    title: 'no value of a type that needs none',
    input: alert({
      data:
        '<AdditionalData><string/></AdditionalData><AdditionalData type="byte-string"><byte-string/></AdditionalData>' +
        '<AdditionalData type="character"><character> </character></AdditionalData>',
    }),
    uses: [],
  },
  {
    title: 'bytes and booleans as numbers',
    input: alert({
      data:
        '<AdditionalData type="byte"><byte> 7</byte></AdditionalData><AdditionalData type="byte"><byte>255</byte></AdditionalData>' +
        '<AdditionalData type="boolean"><boolean>1</boolean></AdditionalData><AdditionalData type="boolean"><boolean>0</boolean></AdditionalData>',
    }),
    uses: ['boolean-number', 'byte-number'],
    writes: [
      '<byte> Bw==</byte>',
      '<byte>/w==</byte>',
      '<boolean>true</boolean>',
      '<boolean>false</boolean>',
    ],
    rewritten: [' 7', '255', '1', '0'],
  },
  {
    title: 'other words for bytes and booleans are left alone',
    input: alert({
      data:
        '<AdditionalData type="byte"><byte>256</byte></AdditionalData><AdditionalData type="byte"><byte>Bw==</byte></AdditionalData>' +
        '<AdditionalData type="boolean"><boolean>yes</boolean></AdditionalData>',
    }),
    uses: [],
  },
  ...['1.5', '-0,1', '1e30', 'nan', '-nan', 'inf'].map((text): RepairCase => ({
    title: `a confidence of ${text}`,
    input: alert({
      assessment: `<Assessment><Impact/><Confidence rating="numeric">${text}</Confidence></Assessment>`,
    }),
    uses: ['confidence-range'],
    writes: [
      '<Assessment><Impact/></Assessment>',
      kept(
        'Assessment/Confidence',
        'confidence-range',
        `&lt;Confidence rating="numeric"&gt;${text}&lt;/Confidence&gt;`,
      ),
    ],
  })),
  ...[
    '<Confidence>0.5</Confidence>',
    '<Confidence>-0.000000</Confidence>',
    '<Confidence>sure</Confidence>',
    '<Confidence rating="low">7</Confidence>',
  ].map((text): RepairCase => ({
    title: `left alone: ${text}`,
    input: alert({ assessment: `<Assessment>${text}</Assessment>` }),
    uses: [],
  })),

  {
    title: 'the 2004 FileList',
    input: alert({
      target:
        '<Target><FileList><File category="current"><name>n</name><path>p</path></File></FileList></Target>',
    }),
    uses: ['file-list'],
    writes: ['<Target><File category="current"><name>n</name><path>p</path></File></Target>'],
  },
  {
    title: 'three older forms of Permission',
    input: alert({
      target: file(
        '<FileAccess><UserId type="user-privs"><name>u</name></UserId><permission perms="read"/>' +
          '<permission> write </permission><Permission>execute</Permission></FileAccess>',
      ),
    }),
    uses: ['permission-alias'],
    writes: ['<Permission perms="read"/><Permission perms="write"/><Permission perms="execute"/>'],
  },
  {
    title: 'a right the RFC does not know is kept, and the part with it',
    input: alert({
      target: file(
        '<FileAccess><UserId type="user-privs"><name>u</name></UserId><Permission>rw</Permission></FileAccess>',
      ),
    }),
    uses: ['incomplete-part'],
    writes: [
      kept(
        'Target/File/FileAccess',
        'incomplete-part',
        '&lt;FileAccess&gt;&lt;UserId type="user-privs"&gt;&lt;name&gt;u&lt;/name&gt;&lt;/UserId&gt;&lt;Permission&gt;rw&lt;/Permission&gt;&lt;/FileAccess&gt;',
      ),
    ],
  },
  {
    title: 'UserId types that have no rights',
    input: alert({
      target: file(
        '<FileAccess><UserId><name>u</name></UserId><Permission perms="read"/></FileAccess>' +
          '<FileAccess><UserId type="current-group"><name>g</name></UserId><Permission perms="read"/></FileAccess>',
      ),
    }),
    uses: ['fileaccess-userid'],
    writes: [
      '<UserId type="user-privs"><name>u</name></UserId>',
      '<UserId type="group-privs"><name>g</name></UserId>',
      kept('Target/File/FileAccess[2]/UserId/@type', 'fileaccess-userid', 'current-group'),
    ],
  },
  {
    title: 'a File beside name and path of a Linkage',
    input: alert({
      target: file(
        '<Linkage category="hard-link"><name>l</name><path>/l</path><File><name>f</name></File></Linkage>',
      ),
    }),
    uses: ['linkage-file'],
    writes: [
      '<Linkage category="hard-link"><name>l</name><path>/l</path></Linkage>',
      kept('Target/File/Linkage/File', 'linkage-file', '&lt;File&gt;&lt;name&gt;f&lt;/name&gt;&lt;/File&gt;'),
    ],
  },
  {
    title: 'what Prelude adds to a Linkage',
    input: alert({
      target: file(
        '<Linkage category="hard-link"><name>l</name><path>/l</path><File category=""><name></name><path/></File></Linkage>' +
          '<Linkage category="stream"><name></name><path></path><File category="current"><name>f</name><path>/f</path></File></Linkage>' +
          '<Linkage category="shortcut"><name></name><path></path><File><name></name><path></path></File></Linkage>',
      ),
    }),
    uses: ['linkage-empty'],
    writes: [
      '<Linkage category="hard-link"><name>l</name><path>/l</path></Linkage>',
      '<Linkage category="stream"><File category="current"><name>f</name><path>/f</path></File></Linkage>',
      '<Linkage category="shortcut"><name></name><path></path></Linkage>',
    ],
  },
  {
    title: 'an Address without a Node',
    input: alert({
      source:
        '<Source><Address><address>192.0.2.1</address></Address><Address><address>192.0.2.2</address></Address></Source>',
      target: '<Target><Node><name>n</name></Node><Address><address>192.0.2.3</address></Address></Target>',
    }),
    uses: ['address-without-node'],
    writes: [
      '<Source><Node><Address><address>192.0.2.1</address></Address><Address><address>192.0.2.2</address></Address></Node></Source>',
      '<Target><Node><name>n</name><Address><address>192.0.2.3</address></Address></Node></Target>',
    ],
  },
  {
    title: 'port lists with blanks',
    input: alert({
      source: '<Source><Service><portlist> 1, 5 - 7 ,9</portlist></Service></Source>',
      target: '<Target><Service><portlist>1 2-3</portlist></Service></Target>',
    }),
    uses: ['portlist-separator'],
    writes: ['<portlist> 1,5-7,9</portlist>', '<portlist>1,2-3</portlist>'],
    rewritten: [' 1, 5 - 7 ,9', '1 2-3'],
  },
  {
    title: 'words in a port list are left alone',
    input: alert({ source: '<Source><Service><portlist>1, http</portlist></Service></Source>' }),
    uses: [],
  },
  {
    title: 'a port list beside a port',
    input: alert({
      source:
        '<Source><Service><port>1</port><portlist>1,2</portlist><protocol>tcp</protocol></Service></Source>',
      target: '<Target><Service><name>n</name><portlist>?</portlist></Service></Target>',
    }),
    uses: ['service-portlist'],
    writes: [
      '<Service><port>1</port><protocol>tcp</protocol></Service>',
      kept('Source/Service/portlist', 'service-portlist', '1,2', 'portlist'),
      kept('Target/Service/portlist', 'service-portlist', '?'),
    ],
  },
  {
    title: 'the name Prelude gives to a service without one',
    input: alert({
      source: '<Source><Service><name>unknown</name><portlist>1,2</portlist></Service></Source>',
      target:
        '<Target><Service><name>unknown</name><port>1</port><portlist>1,2</portlist></Service></Target>',
    }),
    uses: ['service-name-unknown', 'service-portlist'],
    writes: [
      '<Source><Service><portlist>1,2</portlist></Service></Source>',
      '<Service><name>unknown</name><port>1</port></Service>',
      kept('Target/Service/portlist', 'service-portlist', '1,2', 'portlist'),
    ],
  },
  {
    title: 'a port list alone is left alone',
    input: alert({ source: '<Source><Service><portlist>1,2</portlist></Service></Source>' }),
    uses: [],
  },
  {
    title: 'the 2004 SNMP community',
    input: alert({
      source:
        '<Source><Service><port>161</port><SNMPService><oid>1</oid><community>public</community></SNMPService></Service></Source>',
    }),
    uses: ['snmp-community'],
    writes: [
      '<SNMPService><oid>1</oid></SNMPService>',
      kept('Source/Service/SNMPService/community', 'snmp-community', 'public'),
    ],
  },
  {
    title: 'a meaning that a Reference may not have',
    input: alert({
      classification:
        '<Classification text="t"><Reference origin="cve" meaning="m"><name>n</name><url>u</url></Reference></Classification>',
    }),
    uses: ['reference-meaning'],
    writes: [
      '<Reference origin="cve"><name>n</name><url>u</url></Reference>',
      kept('Classification/Reference/@meaning', 'reference-meaning', 'm'),
    ],
  },
  {
    title: 'a meaning that a Reference may have',
    input: alert({
      classification:
        '<Classification text="t"><Reference origin="user-specific" meaning="m"><name>n</name><url>u</url></Reference></Classification>',
    }),
    uses: [],
  },
  {
    title: 'idents that identify nothing',
    input: alert({
      analyzer: '<Analyzer analyzerid="0" name="n"/>',
      source: '<Source ident="s"><Node ident="0"><name>n</name></Node></Source>',
      classification: '<Classification text="t" ident="c"/>',
    }),
    uses: ['ident-without-analyzerid'],
    writes: [
      '<Source><Node ident="0">',
      '<Classification text="t"/>',
      kept('@ident', 'ident-without-analyzerid', 'Source=s\nClassification=c'),
    ],
  },

  ...datetimes([
    ['2000-03-09 10:01:25Z', '2000-03-09T10:01:25Z', ['datetime-variant']],
    ['2000-03-09-T10:01:25Z', '2000-03-09T10:01:25Z', ['datetime-variant']],
    ['2000-03-09t10:01:25z', '2000-03-09T10:01:25Z', ['datetime-variant']],
    ['2000-03-09 10:01:25.5 UTC', '2000-03-09T10:01:25.5Z', ['datetime-variant']],
    ['2000-03-09 10:01:25 +0100', '2000-03-09T10:01:25+01:00', ['datetime-variant', 'offset-without-colon']],
    ['2000-03-09T10:01:25,5+0100', '2000-03-09T10:01:25,5+01:00', ['offset-without-colon']],
    ['2000-03-09T10:01:25 -0130', '2000-03-09T10:01:25-01:30', ['offset-without-colon']],
    ['2000-03-09T10:01:25-08', '2000-03-09T10:01:25-08:00', ['offset-without-colon']],
    ['2000-03-09T10:01:25-03:-30', '2000-03-09T10:01:25-03:30', ['offset-signed-minutes']],
    ['2000-03-09T10:01:25+00:-30', '2000-03-09T10:01:25-00:30', ['offset-signed-minutes']],
    ['2000-03-09T10:01:25-00:00', '2000-03-09T10:01:25+00:00', ['offset-minus-zero']],
    ['2000-03-09T10:01:25-0000', '2000-03-09T10:01:25+00:00', ['offset-minus-zero', 'offset-without-colon']],
  ]),
  {
    title: 'a text that is no time, with a stamp',
    input: alert({ createTime: '<CreateTime ntpstamp="0xbc72541d.0x00000000"> 952620445 </CreateTime>' }),
    uses: ['datetime-from-ntpstamp'],
    writes: [
      '<CreateTime ntpstamp="0xbc72541d.0x00000000"> 2000-03-09T16:47:25Z </CreateTime>',
      kept('CreateTime', 'datetime-from-ntpstamp', ' 952620445 '),
    ],
  },
  {
    title: 'a text without a zone and no stamp: nobody knows the instant',
    input: alert({ createTime: '<CreateTime>2000-03-09T10:01:25</CreateTime>' }),
    uses: [],
  },
  { title: 'an empty time', input: alert({ createTime: '<CreateTime></CreateTime>' }), uses: [] },
  {
    title: 'seconds since 1970',
    input: alert({ createTime: '<CreateTime>1144832400</CreateTime>' }),
    uses: [],
  },
  {
    title: 'a day that is not in the calendar',
    input: alert({ createTime: '<CreateTime>2001-02-29T10:01:25Z</CreateTime>' }),
    uses: [],
  },
  {
    title: 'missing and empty stamps',
    input: alert({
      createTime: '<CreateTime>2000-03-09T10:01:25.93464Z</CreateTime>',
      times: '<DetectTime ntpstamp="">2000-03-09T15:31:00-08:00</DetectTime>',
    }),
    uses: ['missing-ntpstamp'],
    writes: [
      '<CreateTime ntpstamp="0xbc71f4f5.0xef449129">2000-03-09T10:01:25.93464Z</CreateTime>',
      '<DetectTime ntpstamp="0xbc72b2b4.0x00000000">2000-03-09T15:31:00-08:00</DetectTime>',
    ],
  },
  {
    title: 'short stamps',
    input: alert({ createTime: '<CreateTime ntpstamp="0xBC71F4F5.0x0">2000-03-09T10:01:25Z</CreateTime>' }),
    uses: ['short-ntpstamp'],
    writes: ['<CreateTime ntpstamp="0xBC71F4F5.0x00000000">'],
    rewritten: ['0xBC71F4F5.0x0'],
  },
  {
    title: 'short stamps as additional data',
    input: alert({
      data: '<AdditionalData type="ntpstamp"><ntpstamp>0xc71f4f5.0x123</ntpstamp></AdditionalData>',
    }),
    uses: ['short-ntpstamp'],
    writes: ['<ntpstamp>0x0c71f4f5.0x00000123</ntpstamp>'],
    rewritten: ['0xc71f4f5.0x123'],
  },
  {
    title: 'stamps on the times of a file',
    input: alert({
      target: file(
        '<create-time ntpstamp="0xbc71f4f5.0xef449129">2000-03-09T10:01:25.93464Z</create-time>' +
          '<modify-time ntpstamp="0xbc71f4f5.0x00000000">2000-03-10T10:01:25Z</modify-time>',
      ),
    }),
    uses: ['time-attribute'],
    writes: [
      '<create-time>2000-03-09T10:01:25.93464Z</create-time><modify-time>2000-03-10T10:01:25Z</modify-time>',
      kept('Target/File/modify-time/@ntpstamp', 'time-attribute', '0xbc71f4f5.0x00000000'),
    ],
    rewritten: ['0xbc71f4f5.0xef449129'],
  },

  {
    title: 'children in another order, with their white space and comments',
    input: `<Alert xmlns="${NS}">\n  <!-- c --><Classification text="t"/>\n  <Analyzer/>\n</Alert>`,
    uses: ['child-order'],
    writes: [`<Alert xmlns="${NS}">\n  <Analyzer/>\n  <!-- c --><Classification text="t"/>\n</Alert>`],
  },
  {
    title: 'name and port, number and name may stand in either order',
    input: alert({
      source:
        '<Source><User><UserId><number>1</number><name>n</name></UserId></User><Service><port>1</port><name>n</name></Service></Source>',
    }),
    uses: [],
  },
  {
    title: 'protocol before port',
    input: alert({ source: '<Source><Service><protocol>tcp</protocol><port>1</port></Service></Source>' }),
    uses: ['child-order'],
    writes: ['<Service><port>1</port><protocol>tcp</protocol></Service>'],
  },
  {
    title: 'an unknown child keeps an element from being sorted',
    input: `<Alert xmlns="${NS}"><Classification text="t"/><x/><Analyzer/></Alert>`,
    uses: [],
  },

  {
    title: 'optional parts that lack something',
    input: alert({
      source:
        '<Source><Node><location>l</location></Node><Service><protocol>tcp</protocol></Service></Source>',
      classification:
        '<Classification text="t"><Reference origin="cve"><name>CVE-1</name></Reference></Classification>',
    }),
    uses: ['incomplete-part'],
    writes: [
      '<Source></Source>',
      '<Classification text="t"></Classification>',
      kept('Source/Node', 'incomplete-part', '&lt;Node&gt;&lt;location&gt;l&lt;/location&gt;&lt;/Node&gt;'),
      kept(
        'Source/Service',
        'incomplete-part',
        '&lt;Service&gt;&lt;protocol&gt;tcp&lt;/protocol&gt;&lt;/Service&gt;',
      ),
      kept(
        'Classification/Reference',
        'incomplete-part',
        '&lt;Reference origin="cve"&gt;&lt;name&gt;CVE-1&lt;/name&gt;&lt;/Reference&gt;',
      ),
    ],
  },
  {
    title: 'what is left of a User goes with it',
    input: alert({ source: '<Source><User category="application"><UserId tty="t"/></User></Source>' }),
    uses: ['incomplete-part'],
    writes: [
      kept(
        'Source/User',
        'incomplete-part',
        '&lt;User category="application"&gt;&lt;UserId tty="t"/&gt;&lt;/User&gt;',
      ),
    ],
  },
  {
    title: 'one UserId of two',
    input: alert({
      source: '<Source><User><UserId tty="t"/><UserId><name>n</name></UserId></User></Source>',
    }),
    uses: ['incomplete-part'],
    writes: [
      '<User><UserId><name>n</name></UserId></User>',
      kept('Source/User/UserId[1]', 'incomplete-part', '&lt;UserId tty="t"/&gt;'),
    ],
  },
  { title: 'a missing Classification is never invented', input: alert({ classification: '' }), uses: [] },
  { title: 'nor its text', input: alert({ classification: '<Classification/>' }), uses: [] },
  {
    title: 'a part with an unknown name inside is not understood',
    input: alert({ source: '<Source><Service><dport>1</dport></Service></Source>' }),
    uses: [],
  },
  {
    title: 'a part with one too many is not understood',
    input: alert({ source: '<Source><Node><name>a</name><name>b</name></Node></Source>' }),
    uses: [],
  },
];

function datetimes(rows: readonly (readonly [string, string, readonly string[]])[]): RepairCase[] {
  return rows.map(([from, to, uses]) => ({
    title: `the time ${from}`,
    input: alert({ times: `<DetectTime ntpstamp="0xbc71f4f5.0x00000000">\n ${from}</DetectTime>` }),
    uses,
    writes: [`<DetectTime ntpstamp="0xbc71f4f5.0x00000000">\n ${to}</DetectTime>`],
    rewritten: [`\n ${from}`],
  }));
}
