/** Profiles as prelude-admin leaves them: what is read, which certificate is chosen, each fault and its remedy. */

import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, cpSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import { preludeSessionLimits } from '../../../src/core/limits.ts';
import { readPreludeUrl, type PreludeAddress } from '../../../src/destinations/prelude/prelude-url.ts';
import {
  certificateFor,
  profileStamp,
  readProfile,
  rightsText,
} from '../../../src/destinations/prelude/profile.ts';
import { makeSite, register, type PreludeSite } from '../../support/prelude-site.ts';
import { tempDir } from '../../support/temp-dir.ts';

const HOUR = 3_600_000;
const NOBODY = 65_534;
const AGENT = '1978572970187651';
const root = tempDir({ after });
let site: PreludeSite;
let other: PreludeSite;
let copies = 0;

before(async () => {
  site = await makeSite('361208545598339');
  other = await makeSite('42');
  await register(join(root, 'good'), AGENT, [{ site }]);
});

function address(dir: string): PreludeAddress {
  return readPreludeUrl(new URL(`prelude://mgr?profile=relay&dir=${dir}`));
}

/** A profile that is good but for what `change` does to it. */
function changed(change: (dir: string) => void): PreludeAddress {
  const dir = join(root, `copy-${(copies += 1)}`);
  cpSync(join(root, 'good'), dir, { recursive: true });
  change(dir);
  return address(dir);
}

function choose(from: PreludeAddress, manager = site.id): ReturnType<typeof certificateFor> {
  return certificateFor(manager, readProfile(from), from, Date.now());
}

function faultOf(work: () => unknown): RelayError {
  try {
    work();
  } catch (error) {
    if (error instanceof RelayError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

interface Fault {
  readonly title: string;
  readonly named: string;
  readonly text: RegExp;
  readonly hint?: RegExp;
  readonly change: (dir: string) => void;
  readonly privileged?: false;
}

const registerLine = /prelude-admin register relay "idmef:w" mgr --uid \d+ --gid \d+/;

const faults: readonly Fault[] = [
  {
    title: 'no directory',
    named: 'prelude-profile-missing',
    text: /^prelude-manager mgr:4690 \(profile relay\) has no profile on this host: \/.* does not exist$/,
    hint: registerLine,
    change: (dir) => rmSync(dir, { recursive: true }),
  },
  {
    title: 'a file is missing',
    named: 'prelude-profile-damaged',
    text: /client\.trusted does not exist$/,
    hint: registerLine,
    change: (dir) => rmSync(join(dir, 'client.trusted')),
  },
  {
    title: 'a file is a directory',
    named: 'prelude-profile-damaged',
    text: /\/key is no file$/,
    change: (dir) => {
      rmSync(join(dir, 'key'));
      mkdirSync(join(dir, 'key'));
    },
  },
  {
    title: 'a file is too large',
    named: 'prelude-profile-damaged',
    text: /client\.keycrt has \d+ bytes/,
    change: (dir) => truncateSync(join(dir, 'client.keycrt'), preludeSessionLimits.profileFileBytes + 1),
  },
  {
    title: 'the analyzerid is no number',
    named: 'prelude-profile-damaged',
    text: /analyzerid is no decimal number$/,
    change: (dir) => writeFileSync(join(dir, 'analyzerid'), '0x17\n'),
  },
  {
    title: 'the analyzerid is not that of the certificate',
    named: 'prelude-profile-damaged',
    text: /analyzerid says 17, and its certificate is for 1978572970187651$/,
    change: (dir) => writeFileSync(join(dir, 'analyzerid'), '17\n'),
  },
  {
    title: 'the key is none',
    named: 'prelude-profile-damaged',
    text: /\/key holds no private key/,
    change: (dir) => writeFileSync(join(dir, 'key'), 'secret'),
  },
  {
    title: 'the certificates are none',
    named: 'prelude-profile-damaged',
    text: /client\.keycrt holds no certificate$/,
    change: (dir) => writeFileSync(join(dir, 'client.keycrt'), ''),
  },
  {
    title: 'a certificate is broken',
    named: 'prelude-profile-damaged',
    text: /client\.trusted holds a certificate, number 2, that is none/,
    change: (dir) =>
      appendFileSync(
        join(dir, 'client.trusted'),
        '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      ),
  },
];

describe('a profile', () => {
  test('is read whole', () => {
    const from = address(join(root, 'good'));
    const { analyzerid, certificates, managers } = readProfile(from);
    assert.equal(analyzerid, AGENT);
    assert.deepEqual(
      certificates.map(({ manager, rights }) => [manager, rights]),
      [[site.id, 5]],
    );
    assert.deepEqual(
      managers.map(({ id }) => id),
      [site.id],
    );
  });

  for (const { title, named, text, hint, change } of faults) {
    test(`${title}: ${named}`, () => {
      const from = changed(change);
      const fault = faultOf(() => choose(from));
      assert.equal(fault.fault, named);
      assert.equal(fault.code, 'CONFIG');
      assert.match(fault.message, text);
      assert.match(fault.hint ?? '', hint ?? registerLine);
      assert.doesNotMatch(`${fault.message} ${fault.hint}`, /\{\w+\}/);
    });
  }

  test('of another user: prelude-profile-unreadable', (t) => {
    const from = changed((dir) => chmodSync(dir, 0));
    t.after(() => chmodSync(from.dir, 0o700));
    const { geteuid, seteuid } = process;
    const privileged = geteuid?.() === 0;
    if (privileged) seteuid?.(NOBODY);
    const fault = faultOf(() => readProfile(from));
    if (privileged) seteuid?.(0);
    assert.equal(fault.fault, 'prelude-profile-unreadable');
    assert.match(fault.message, /has a profile that user id \d+ may not read: .*\/analyzerid \(EACCES\)$/);
    assert.match(fault.hint ?? '', /^it was registered for another user: chown -R \d+:\d+ \//);
  });

  test('shows another stamp when a file of it changes', () => {
    const from = changed(() => undefined);
    const stamp = profileStamp(from);
    assert.equal(profileStamp(from), stamp);
    appendFileSync(join(from.dir, 'client.keycrt'), '\n');
    assert.notEqual(profileStamp(from), stamp);
    rmSync(from.dir, { recursive: true });
    assert.match(profileStamp(from), /ENOENT/);
  });
});

describe('the certificate for a manager', () => {
  const profileWith = async (
    ...registrations: Parameters<typeof register>[2][number][]
  ): Promise<PreludeAddress> => {
    const dir = join(root, `made-${(copies += 1)}`);
    await register(dir, AGENT, registrations);
    return address(dir);
  };

  test('is the one it has issued', async () => {
    const from = await profileWith({ site: other, rights: 4 }, { site, rights: 5 });
    assert.equal(choose(from, site.id).manager, site.id);
    assert.equal(choose(from, other.id).manager, other.id);
  });

  test('is the newer of two, and a valid one rather than an expired one', async () => {
    const day = 24 * HOUR;
    const from = await profileWith(
      { site, rights: 4, notBefore: new Date(Date.now() - 3 * day), notAfter: new Date(Date.now() + day) },
      { site, rights: 5, notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() + day) },
      { site, rights: 12, notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() - HOUR) },
    );
    assert.equal(choose(from).rights, 5);
  });

  const cases: readonly {
    readonly title: string;
    readonly named: string;
    readonly text: RegExp;
    readonly make: () => Promise<PreludeAddress>;
  }[] = [
    {
      title: 'is of another manager',
      named: 'prelude-certificate-missing',
      text: /is manager 361208545598339, and .*client\.keycrt has no certificate of it, only of manager 42$/,
      make: () => profileWith({ site: other }),
    },
    {
      title: 'has ended',
      named: 'prelude-certificate-expired',
      text: /gave the profile a certificate that ended \d{4}-\d\d-\d\d: /,
      make: () => profileWith({ site, notAfter: new Date(Date.now() - HOUR / 2) }),
    },
    {
      title: 'has not begun',
      named: 'prelude-certificate-not-yet-valid',
      text: /is not valid before \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: /,
      make: () => profileWith({ site, notBefore: new Date(Date.now() + HOUR) }),
    },
    {
      title: 'does not allow to write',
      named: 'prelude-no-write-right',
      text: /registered the profile without the right to write \(it has idmef:r admin:rw\)$/,
      make: () => profileWith({ site, rights: 11 }),
    },
    {
      title: 'belongs to another key',
      named: 'prelude-key-mismatch',
      text: /has a profile whose key is not that of its certificate: .*\/key$/,
      make: async () => {
        const stranger = await profileWith({ site });
        return changed((dir) => cpSync(join(stranger.dir, 'key'), join(dir, 'key')));
      },
    },
  ];
  for (const { title, named, text, make } of cases) {
    test(`that ${title}: ${named}`, async () => {
      const from = await make();
      const fault = faultOf(() => choose(from));
      assert.equal(fault.fault, named);
      assert.match(fault.message, text);
      assert.doesNotMatch(`${fault.message} ${fault.hint}`, /\{\w+\}/);
    });
  }

  test('has rights that are said in their own words', () => {
    assert.deepEqual([0, 1, 4, 5, 12, 15].map(rightsText), [
      'none',
      'idmef:r',
      'idmef:w',
      'idmef:rw',
      'idmef:w admin:w',
      'idmef:rw admin:rw',
    ]);
  });
});
