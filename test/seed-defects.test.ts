/**
 * The known defects of the Python relay, S1–S39 of its server and P1–P15 of its proxy: for each the test that
 * proves it did not come along, or the reason why it cannot occur here. Held against the sources: the file is
 * there and has a test with these words in its title.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { projectRoot } from './tools/source-files.ts';

/** A test (file below test/, words of its title), or why it cannot occur. */
type Proof = readonly [file: string, title: string] | string;

const intake = 'sensor/intake.test.ts';
const hostile = 'sensor/intake-hostile.test.ts';
const limits = 'sensor/intake-limits.test.ts';
const downloads = 'e2e/downloads.test.ts';
const listening = 'e2e/listening.test.ts';

const proofs: Readonly<Record<string, readonly Proof[]>> = {
  // Files were removed before the answer went out.
  S1: [
    [downloads, '100 downloads aborted at random bytes by reset, close, half-close and kill -9 lose nothing'],
  ],
  // A damaged file was deleted.
  S2: [[intake, 'unparseable and unchanged for 60 s: kept in corrupt/ with its reason, never deleted']],
  // --maxbatchsize: compared as text, then off by one.
  S3: [[downloads, '100 complete downloads consume: each alert comes once, in order, whatever the client']],
  S4: [
    [
      'sensor/plain-get.test.ts',
      'a consuming server takes what it sent off the queue, batch by batch, and ends with 404',
    ],
  ],
  // Trouble with one file ended the request and lost others.
  S5: [
    [hostile, 'vanishing between list and open'],
    ['e2e/bad-input.test.ts', 'the whole list of bad input, among healthy alerts'],
  ],
  // A FIFO blocked for ever.
  S6: [[hostile, 'a FIFO and a socket do not block (S6)']],
  // One silent or idle peer blocked everybody.
  S7: [
    ['sensor/server.test.ts', 'one silent TCP peer, one silent TLS peer and one stalled reader delay nobody'],
  ],
  S8: [
    ['sensor/server.test.ts', 'one silent TCP peer, one silent TLS peer and one stalled reader delay nobody'],
  ],
  // Created, then locked: read empty and unlinked.
  S9: [
    [intake, 'a file under a write lock is not read; unlocked, it is (S9, S10)'],
    [intake, 'a file that is written slowly is taken when it is complete, once (S2, S9)'],
  ],
  S10: [[intake, 'a file under a write lock is not read; unlocked, it is (S9, S10)']],
  // Accept: none, several, in capitals, with weights.
  S11: [[downloads, 'what is asked, what is answered']],
  S12: [
    [downloads, 'what is asked, what is answered'],
    ['sensor/conneg.test.ts', 'Accept: '],
  ],
  // HEAD and OPTIONS.
  S13: [
    ['sensor/plain-get.test.ts', 'HEAD has the headers of GET and consumes nothing'],
    ['sensor/plain-get.test.ts', 'other methods, paths and types'],
  ],
  // The body of a POST was the next request.
  S14: [['sensor/server.test.ts', 'the body of an unwanted request is not taken for the next request']],
  // 404 for "empty" and for "wrong path".
  S15: [[downloads, 'nothing to send: 404, empty, and only then with IDMEF-Pending']],
  S16: [['e2e/memory.test.ts', 'alerts pass through both programs in bounded memory']],
  S17: [[intake, 'order is mtime, then name (S17)']],
  // Without a flag nothing is consumed: kept as a peek, and a leased delivery settles all the same.
  S18: [
    ['sensor/leases.test.ts', 'a batch, its headers and its acknowledgement'],
    [downloads, 'without --delete and --movedir nothing is ever consumed, and the files stay'],
  ],
  S19: [[limits, '--movedir on another filesystem: copied, synced, then removed (S19)']],
  S20: [[intake, 'names in done/ never collide (S20)']],
  S21: [[limits, '--movedir goes away: stuck, taken once, moved when it is back (S21)']],
  // Any XML was merged.
  S22: [[intake, 'complete but refused: to corrupt/ at once (S22)']],
  S23: [['e2e/bad-input.test.ts', 'the whole list of bad input, among healthy alerts']],
  S24: [[listening, 'TLS 1.2 and 1.3, and no handshake without a certificate (S24, S28)']],
  S25: [
    ['tls/policy.test.ts', 'policies in a handshake'],
    ['tls/policy.test.ts', '--ciphers: unknown suites are named, the rest is used, nothing left is an error'],
  ],
  // Any certificate of the CA could drain the spool, for ever.
  S26: [
    ['tls/roles.test.ts', 'rights'],
    ['sensor/server.test.ts', 'refused handshakes are logged once, with peer and reason'],
    ['app/reverse-server.test.ts', 'without --allow-poller a warning is said at each start'],
  ],
  S27: [
    'about interfaces of Python that went away; what Node must offer is checked at start (bin/check-node)',
  ],
  S28: [['sensor/server.test.ts', 'refused handshakes are logged once, with peer and reason']],
  S29: [[listening, 'is printed once, only when it accepts; --port 0 says which port it is']],
  S30: [
    [
      listening,
      'with a silent peer, a stalled download and a waiting poll: within 3 s, nothing is lost (S30)',
    ],
  ],
  // Taken up by a restart, which drains (S30) and loses nothing.
  S31: [[listening, 'renewed certificates are taken up by a restart; SIGHUP ends nothing and says so (S31)']],
  S32: [[listening, 'on ::1, and on everything by default (S32)']],
  S33: [
    ['sensor/server.test.ts', 'malformed and oversized heads are answered and logged; the connection ends'],
    ['sensor/producer-post.test.ts', 'refused documents say why, and nothing of them is taken'],
  ],
  S34: [[limits, 'two servers on one spool (S34): no error, nothing lost']],
  // "Sending" was logged before anything was sent.
  S35: [
    [downloads, '100 downloads aborted at random bytes by reset, close, half-close and kill -9 lose nothing'],
  ],
  S36: [[downloads, 'what is asked, what is answered']],
  S37: [
    ['integration/systemd.test.ts', 'calls a command that parses'],
    ['integration/dist.test.ts', 'a launcher works through a link in another directory'],
  ],
  // The disk filled up, nobody saw it.
  S38: [
    [limits, 'disk reserve reached: pauses, says so once, resumes by itself'],
    [
      'e2e/ten-faults.test.ts',
      'disk reserve reached on the sensor: said once with the remedy, files stay in the spool',
    ],
  ],
  S39: [
    ['e2e/start-faults.test.ts', 'certificates and keys that cannot be used: 78, option, file and reason'],
  ],

  // Fetched and not delivered was lost.
  P1: [['poller/forward.test.ts', 'everything is kept, said once a run, and delivered later']],
  P2: [
    ['e2e/ten-faults.test.ts', 'wrong path: 76, so that "empty" and "wrong URL" differ'],
    ['poller/old-server.test.ts', 'P2: its 404 for another path is not "nothing"'],
  ],
  P3: [
    ['http/gateway-pool.test.ts', 'a redirect is an answer, nobody goes there'],
    ['e2e/ten-faults.test.ts', 'a redirect, which is not followed'],
  ],
  P4: [
    ['e2e/ten-faults.test.ts', 'HTML that calls itself text/xml: kept in quarantine, forwarded nowhere'],
    ['http/https-client.test.ts', 'bodies that are too long, too short or never end'],
  ],
  P5: [
    ['e2e/memory.test.ts', 'alerts pass through both programs in bounded memory'],
    ['http/gateway-pool.test.ts', 'bodies arrive exactly, with Content-Length, over few connections'],
  ],
  P6: [
    [
      'poller/old-server.test.ts',
      'P6: what came of an answer that broke off is kept, complete messages go on',
    ],
  ],
  P7: [
    ['http/https-client.test.ts', 'a drip keeps a connection alive, the deadline ends it all the same'],
    ['poller/pull-faults.test.ts', 'the deadline ends a run that is held up, and the next one goes on'],
  ],
  P8: [
    ['cli/commands.test.ts', 'the environment is no configuration'],
    ['http/https-client.test.ts', 'the environment cannot switch the check off'],
  ],
  P9: [
    [
      'poller/old-server.test.ts',
      'P9: with --delete a backlog is drained in one run, whatever its batch limit',
    ],
  ],
  P10: [
    ['poller/parsing.test.ts', 'the exit code that most needs a person wins'],
    ['e2e/ten-faults.test.ts', 'the ten faults'],
    ['poller/forward.test.ts', 'a pause lasts across runs, Retry-After prolongs it'],
  ],
  // One identity for both sides: now a default that --manager-cert and its kin replace.
  P11: [['cli/http-proxy.test.ts', '--manager-cert mc --manager-key mk']],
  P12: [['e2e/ten-faults.test.ts', 'previous run active: 0, nothing said unless asked']],
  P13: [['poller/forward.test.ts', 'a 500 after the first k keeps only the rest']],
  P14: [['cli/http-proxy.test.ts', '--sensor HTTPS://S:3128']],
  P15: [
    "the dispatcher's: nothing of it is part of the relay, which sends no chat message and has no template",
  ],
};

test('each known defect of the Python relay has its test, or a reason why it cannot occur', () => {
  const ids = [...numbered('S', 39), ...numbered('P', 15)];
  assert.deepEqual(Object.keys(proofs), ids);
  const texts = new Map<string, string>();
  const textOf = (file: string): string => {
    const known = texts.get(file) ?? readFileSync(join(projectRoot(), 'test', file), 'utf8');
    texts.set(file, known);
    return known;
  };
  const missing: string[] = [];
  for (const [id, all] of Object.entries(proofs)) {
    assert.ok(all.length > 0, id);
    for (const proof of all) {
      if (typeof proof === 'string') assert.ok(proof.length > 30, `${id}: a reason, not a word`);
      else if (!quotedIn(textOf(proof[0]), proof[1])) missing.push(`${id}: ${proof[0]}: ${proof[1]}`);
    }
  }
  assert.deepEqual(missing, []);
});

function numbered(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}

/** Inside a string or template literal of the source; titles made of parts match by one of them. */
function quotedIn(source: string, title: string): boolean {
  return source.split('\n').some((line) => {
    const at = line.indexOf(title);
    return at > 0 && /['"`]/.test(line.slice(0, at));
  });
}
