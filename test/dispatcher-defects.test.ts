/**
 * The known defects of the systems which the dispatcher replaces (AlertGateway AG, ntopng's recipients NT, AlertResponder AR, SecARC SA), one
 * by one: for each the test that shows it cannot happen here, a reason why it cannot, or what it waits for. Held against the sources: the
 * file is there and has a test with these words in its title. What is for later is printed, so that nobody takes it for done.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { projectRoot, readProject } from './tools/source-files.ts';

/** A test (file below test/, words of its title), or why it cannot occur. */
type Proof = readonly [file: string, title: string] | string;

interface Defect {
  readonly what: string;
  readonly proofs?: readonly Proof[];
  /** What has to be built before it can be shown, or could occur. */
  readonly later?: string;
}

const gateway = 'dispatcher/sources-http/alertgateway.test.ts';
const channels = 'dispatcher/sinks/alertgateway.ts';
const outbox = 'dispatcher/outbox/seed-defects.test.ts';
const operators = 'dispatcher/acceptance/operators.test.ts';
const clients = 'integration/dispatcher-alertgateway.test.ts';
const ntopng = 'dispatcher/acceptance/ntopng.test.ts';
const chat = 'dispatcher/sinks/chat.ts';
const mail = 'dispatcher/sinks-own/smtp.test.ts';
const line = 'dispatcher/sources-line/syslog.test.ts';
const smtp = 'dispatcher/sources-line/smtp.test.ts';
const secarc = 'dispatcher/sources-line/secarc.test.ts';

const webManager =
  'the web manager: until it is there, operators work on the host, with commands that are audited';
const inspectors = 'inspectors, reviewer and reports: nothing of the kind is there yet';
const responders = 'responses: the dispatcher executes nothing, asks nobody and has no buttons yet';
const detectors = 'detectors: nothing here looks at sockets, logs or the processor yet';

const defects: Readonly<Record<string, Defect>> = {
  AG1: { what: 'any logged-in user edits or deletes any user or channel by its number', later: webManager },
  AG2: { what: 'inputs are switched by GET', later: webManager },
  AG3: { what: 'no CSRF check anywhere', later: webManager },
  AG4: {
    what: 'disabled channels still send',
    proofs: [
      [gateway, 'G-AG: a disabled channel does not send'],
      [outbox, 'G-AG: a disabled channel does not send, and sends when it is enabled'],
      ['dispatcher/route/plan.test.ts', 'G-AG: disabled channels do not send'],
      ['dispatcher/import/import.test.ts', 'G-AG: a disabled channel stays disabled, though it says False'],
      [clients, 'what is refused says so in its words, stores nothing, and is counted'],
    ],
  },
  AG5: {
    what: 'file channels write any path as the service’s user',
    proofs: [
      ['dispatcher/config/load-config.test.ts', 'G-AG: file channels write any path'],
      ['dispatcher/sinks-own/file.test.ts', 'G-AG: no name leads out of the directory'],
    ],
  },
  AG6: {
    what: 'custom channels reach anything the service can reach',
    proofs: [
      ['http/outbound-client.test.ts', 'G-AG: SSRF: an address that is refused is never dialled'],
      [channels, 'a channel of the database reaches nothing inside, and the test button neither'],
      [channels, 'a webhook of the database is held to it though its endpoint is from the file'],
      [
        'dispatcher/sinks/http-sink.ts',
        'G-AG: SSRF: a receiver of the database that names the host is held to the policy',
      ],
      [channels, 'what such a server says is not repeated'],
    ],
  },
  AG7: {
    what: 'the message goes unescaped into URLs and adds parameters',
    proofs: [
      [channels, 'G-AG: message put unescaped into the URL: it stays one parameter'],
      [channels, 'G-AG: message put unescaped into the URL: dots are no steps between directories'],
      [channels, 'whatever a message holds, it comes out of the URL as it went in'],
      [mail, 'G-AG: hostile subjects add no header and no recipient on the wire'],
      ['dispatcher/sinks/contract.ts', 'hostile text arrives as it was rendered, once'],
    ],
  },
  AG8: {
    what: 'Markdown that does not add up loses the message',
    proofs: [
      ['dispatcher/render/media.test.ts', 'G-AG: Markdown cannot break, so no message is lost for it'],
      [channels, 'G-AG: Markdown breaks, and the message is lost: it is sent once more without markup'],
    ],
  },
  AG9: {
    what: 'an apostrophe in the parameters breaks the channel',
    proofs: [
      [channels, 'G-AG: parameters with apostrophes are read'],
      ['dispatcher/import/import.test.ts', 'G-AG: an apostrophe breaks nothing'],
    ],
  },
  AG10: {
    what: 'custom_get returns after the first receiver',
    proofs: [[channels, 'G-AG: custom_get returns after the first receiver: every one is called']],
  },
  AG11: {
    what: 'custom_post with urls raises unless url is given too',
    proofs: [[channels, 'G-AG: the urls branch needs no url']],
  },
  AG12: {
    what: 'URLs are rewritten cumulatively across receivers',
    proofs: [[channels, 'G-AG: URLs rewritten cumulatively: each starts from the template']],
  },
  AG13: {
    what: 'on total failure receivers are logged letter by letter',
    proofs: [[outbox, 'G-AG: to-all failures have their own fate each, with its reason']],
  },
  AG14: {
    what: 'on partial failure it always says 2 receivers',
    proofs: [
      [outbox, 'G-AG: to-all failures have their own fate each, with its reason'],
      [channels, 'a receiver that fails is called again alone'],
    ],
  },
  AG15: {
    what: 'exceptions return the parameters, secrets too, to the caller',
    proofs: [
      [gateway, 'G-AG: an exception never returns parameters or words of the store to the caller'],
      [channels, 'G-AG: secrets to the caller: an error about parameters never shows their values'],
      [
        'dispatcher/sinks/contract.ts',
        'secrets are in no reason and no log, even when the provider repeats them',
      ],
    ],
  },
  AG16: {
    what: 'failures of a post to all are HTTP 200',
    proofs: [
      [
        gateway,
        'G-AG: total failure to all is 200, which its clients know: documented, and nothing is called',
      ],
      'the status is kept because unchanged clients read it; delivery failures have a fate of their own (AG13) and are no answer to a post',
    ],
  },
  AG17: {
    what: 'no timeouts',
    proofs: [
      [channels, 'G-AG: no timeouts: one receiver that hangs does not keep the others waiting'],
      ['dispatcher/sinks/contract.ts', 'a body without an end ends with the deadline'],
      ['dispatcher/outbox/outcomes.test.ts', 'a timeout is again, and uncertain'],
    ],
  },
  AG18: {
    what: 'synchronous fan-out',
    proofs: [[outbox, 'G-AG: synchronous fan-out: who posts waits for no recipient']],
  },
  AG19: {
    what: 'the key goes in clear over UDP',
    proofs: [
      [line, 'G-AG: key in clear on UDP: no listener without allow_from'],
      [line, 'G-AG: key in clear on UDP: the key is neither stored nor said'],
    ],
  },
  AG20: {
    what: 'the key goes in clear over SMTP',
    proofs: [
      [smtp, 'G-AG: key in clear on SMTP: without TLS or allow_from the source does not start'],
      [smtp, 'G-AG: key in clear on SMTP: STARTTLS comes first where '],
      [mail, 'G-AG: STARTTLS is no must: tls: none speaks to a server without it'],
    ],
  },
  AG21: {
    what: 'SMTP is open to anyone who knows a key',
    proofs: [[smtp, 'G-AG: SMTP open to anyone who knows a key: only networks of allow_from are spoken to']],
  },
  AG22: {
    what: 'raw headers are forwarded',
    proofs: [[smtp, 'G-AG: raw headers forwarded: neither they nor the key are in what is stored or said']],
  },
  AG23: { what: 'a new secret_key at each start ends all sessions', later: webManager },
  AG24: {
    what: 'API keys are shown in web pages and menus',
    proofs: [
      [operators, 'G-AG: keys, password hashes and tokens of providers are shown by no command'],
      ['dispatcher/keys/keys.test.ts', 'what the store keeps of a key is enough to know it'],
      [gateway, 'G-AG: keys stand in no log line, right or wrong'],
      [clients, 'no key is in clear, in no file of the service and in no line it said'],
    ],
  },
  AG25: {
    what: 'keys never rotate',
    proofs: [
      [operators, 'G-AG: keys rotate: the new one opens at once, the old one until its grace ends'],
      ['dispatcher/keys/keys.test.ts', 'a revocation counts within a second without a word'],
    ],
  },
  AG26: {
    what: 'bcrypt hashes are printed',
    proofs: [[operators, 'G-AG: keys, password hashes and tokens of providers are shown by no command']],
  },
  AG27: {
    what: '"Send test message" does nothing',
    proofs: [
      [operators, 'G-AG: a test message is sent, says that it is one, and tells the provider’s answer'],
      ['dispatcher/outbox/clockwork.test.ts', 'is marked, touches no queue, tells the provider’s answer'],
    ],
  },
  AG28: {
    what: 'inputs do not come back after a reboot',
    proofs: [
      [
        operators,
        'G-AG: after a restart all sources listen again, with the keys and channels that were there',
      ],
      [clients, 'Success means stored: killed right after the answer'],
    ],
  },
  AG29: {
    what: 'a malformed syslog datagram throws',
    proofs: [
      [line, 'G-AG: malformed syslog datagram throws: '],
      [line, 'bytes that are no UTF-8 are Latin-1, and any bytes are stored or counted'],
    ],
  },
  // A.0: there is no queue.
  AG30: {
    what: 'what cannot be delivered at once is lost',
    proofs: [
      [gateway, 'G-AG: Success is said after the commit, not before'],
      ['dispatcher/store/duplicates.test.ts', 'G-AG: the same text posted twice is two messages'],
      [clients, 'Success means stored: killed right after the answer'],
    ],
  },

  NT1: {
    what: 'pop before send: what fails is lost',
    proofs: [
      [outbox, 'G-NT: pop-before-send cannot lose'],
      ['dispatcher/store/queue.test.ts', 'G-NT: pop-before-send cannot lose'],
      ['dispatcher/sinks-own/modules.test.ts', 'G-NT: what is not delivered stays'],
      ['dispatcher/sources-http/ntopng.test.ts', 'G-NT: what cannot be stored is no 200'],
    ],
  },
  NT2: {
    what: 'slack drops all but the newest five',
    proofs: [
      [chat, 'G-NT: slack drops all but the newest five: every one of twelve arrives'],
      [outbox, 'G-NT: slack’s all but the newest five: the older ones are told too'],
    ],
  },
  NT3: {
    what: 'one failed recipient stalls all of them for 60 s',
    proofs: [
      [outbox, 'G-NT: one failed, held or slow recipient stalls nobody'],
      [ntopng, 'one that fails stalls no other'],
    ],
  },
  NT4: {
    what: 'the attempts counter of mail is one for all recipients',
    proofs: [
      [outbox, 'G-NT: the attempts counter is of one recipient and one message, not of all'],
      [outbox, 'G-NT: five failures are no reason to drop a mail'],
      [mail, 'G-NT: email attempts of one recipient say nothing about another'],
    ],
  },
  NT5: {
    what: 'failures of syslog are reported as success',
    proofs: [
      ['dispatcher/sinks-own/syslog.test.ts', 'G-NT: a receiver that fails is no success: '],
      ['dispatcher/sinks-own/syslog.test.ts', 'G-NT: nobody there is no success'],
      ['dispatcher/sinks-own/syslog.test.ts', 'G-NT: a port nobody listens on is no success'],
    ],
  },
  NT6: {
    what: 'telegram is retried three times back to back',
    proofs: [
      [chat, 'G-NT: telegram retries back to back: one request, then the bot waits'],
      [outbox, 'G-NT: no three retries back to back'],
    ],
  },
  NT7: {
    what: 'a full queue drops the newest silently',
    proofs: [
      [outbox, 'G-NT: a full queue does not drop the newest: there is no full queue'],
      [ntopng, 'loses nothing'],
    ],
  },
  NT8: {
    what: '429 means give up',
    proofs: [
      [chat, 'G-NT: 429 = give up: the webhook alone waits as long as it says'],
      [outbox, 'G-NT: 429 is not the end: exactly when the provider says'],
    ],
  },
  NT9: {
    what: 'a shared secret in the body instead of a signature',
    proofs: [
      [
        'dispatcher/sinks/machines.ts',
        'G-NT: shared secret in the body instead of a signature: it is signed',
      ],
      ['dispatcher/sources-http/ntopng.test.ts', 'the shared secret is the key, and is not stored'],
      'ntopng-webhook still sends one where it is configured, for receivers that look for it; webhook signs',
    ],
  },
  NT10: {
    what: 'a missing cc indexes nil',
    proofs: [
      [mail, 'G-NT: a recipient without cc is no error'],
      ['dispatcher/sinks-own/modules.test.ts', 'G-NT: without cc'],
      ['dispatcher/sinks/machines.ts', 'G-NT: a missing optional parameter is no error'],
    ],
  },
  // A.4.1
  NT11: {
    what: 'webhook deletes the whole queue on failure',
    proofs: [
      [
        'dispatcher/sinks/machines.ts',
        'G-NT: webhook deletes the queue on failure: every message is to go again',
      ],
    ],
  },
  // A.4.2
  NT12: {
    what: 'each script that is executed raises another alert',
    proofs: [['dispatcher/sinks-own/exec.test.ts', 'G-NT: a script that was executed raises no alert']],
  },

  AR1: { what: 'the merge of hosts copies countries into user names', later: inspectors },
  AR2: { what: 'the error handler runs the compiler', later: inspectors },
  AR3: { what: 'the early notification always says new', later: inspectors },
  AR4: { what: 'fixed sleeps although all inspectors are done', later: inspectors },
  AR5: { what: 'findings that come after the review are lost', later: inspectors },
  AR6: { what: 'lists of findings are never made unique', later: inspectors },
  AR7: { what: 'subject_users is not reset between compilations', later: inspectors },
  AR8: { what: 'VirusTotal is retried without bound', later: inspectors },
  AR9: {
    what: 'only the first alert is kept in the report',
    proofs: [
      [
        'dispatcher/store/incidents.test.ts',
        'a message may belong to several incidents, and each lists its messages, newest first',
      ],
      ['dispatcher/sources-http/alertresponder.test.ts', 'one incident for a rule and key, by its own hash'],
    ],
  },

  SA1: {
    what: 'an unauthenticated root API, and an unauthenticated /alert',
    proofs: [
      [secarc, 'G-SecARC: unauthenticated /alert: without allow_from it does not start'],
      [secarc, 'other paths are 404, other methods 405, more than an alert 413'],
    ],
  },
  SA2: {
    what: 'plain HTTP',
    proofs: [
      [secarc, 'G-SecARC: unauthenticated /alert: without allow_from it does not start'],
      'its old clients know nothing else: a listener of its own, off by default, from named networks; all others are TLS',
    ],
  },
  SA3: {
    what: 'whoever finds the bot is subscribed, and may press reboot',
    proofs: [
      'the telegram sink only sends, to chats that the configuration names: nobody can subscribe himself',
    ],
  },
  SA4: {
    what: 'arguments and patterns are injected through ip and port',
    proofs: [
      [secarc, 'G-SecARC: argument injection through '],
      [secarc, 'any JSON is an alert or has a reason'],
      ['dispatcher/sinks-own/exec.test.ts', 'hostile text stands in no argument'],
    ],
  },
  SA5: { what: 'a PTR record of the attacker chooses the address to block', later: responders },
  SA6: {
    what: 'chats and alerts that wait are lost at a restart',
    proofs: [
      ['dispatcher/acceptance/outage.test.ts', 'all arrive in order, none dead'],
      [secarc, '201 is said after the commit, also when the source closes meanwhile'],
    ],
  },
  SA7: { what: 'an answer in one chat leaves the buttons alive in others', later: responders },
  SA8: { what: 'an unknown alert id throws', later: responders },
  SA9: { what: 'success is shown without a check', later: responders },
  SA10: { what: 'blocks are for ever, IPv4 only, without a list of exceptions or undo', later: responders },
  SA11: { what: 'netstat: outgoing ssh, cut names', later: detectors },
  SA12: {
    what: 'IPv6 addresses are split at their colons',
    proofs: [
      [secarc, ': 201, and stored'],
      'addresses are read whole, by core/network.ts, and nowhere cut at a colon; the table of the source has one of each kind',
    ],
  },
  SA13: { what: '404 anywhere in a line, dates as texts, the whole log each minute', later: detectors },
  SA14: { what: 'CPU is user time only', later: detectors },
  SA15: { what: 'a bot that does not answer stops the detector', later: detectors },
};

const ids = [...numbered('AG', 30), ...numbered('NT', 12), ...numbered('AR', 9), ...numbered('SA', 15)];

test('each known defect of the systems replaced has its test, a reason, or is said to be for later', (t) => {
  assert.deepEqual(Object.keys(defects), ids);
  const texts = new Map<string, string>();
  const textOf = (file: string): string => {
    const known = texts.get(file) ?? readFileSync(join(projectRoot(), 'test', file), 'utf8');
    texts.set(file, known);
    return known;
  };
  const missing: string[] = [];
  for (const [id, { what, proofs = [], later }] of Object.entries(defects)) {
    assert.equal(proofs.length > 0, later === undefined, `${id}: shown, or for later`);
    if (later !== undefined) t.diagnostic(`${id} is for later: ${what}: ${later}`);
    for (const proof of proofs) {
      if (typeof proof === 'string') assert.ok(proof.length > 30, `${id}: a reason, not a word`);
      else if (!quotedIn(textOf(proof[0]), proof[1])) missing.push(`${id}: ${proof[0]}: ${proof[1]}`);
    }
  }
  assert.deepEqual(missing, []);
});

test('each test that is named after such a defect is in the list', () => {
  const titles = Object.values(defects).flatMap(({ proofs = [] }) =>
    proofs.flatMap((proof) => (typeof proof === 'string' ? [] : [proof[1]])),
  );
  const unlisted = readProject(join(projectRoot(), 'test'))
    .filter(({ path }) => path.endsWith('.ts') && !path.endsWith('-defects.test.ts'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/['"`](G-(?:AG|NT|SecARC): [^'"`$\n]+)/g)]
        .map(([, title = '']) => title.trim())
        .filter((title) => !titles.some((known) => title.startsWith(known) || known.startsWith(title)))
        .map((title) => `${path}: ${title}`),
    );
  assert.deepEqual(unlisted, []);
});

function numbered(letters: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${letters}${index + 1}`);
}

/** Inside a string or template literal of the source; titles made of parts match by one of them. */
function quotedIn(source: string, title: string): boolean {
  return source.split('\n').some((text) => {
    const at = text.indexOf(title);
    return at > 0 && /['"`]/.test(text.slice(0, at));
  });
}
