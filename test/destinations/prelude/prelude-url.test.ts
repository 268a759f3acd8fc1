/** What a prelude:// URL names, what is refused, and that one destination has one identity. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { RelayError } from '../../../src/core/errors.ts';
import { destinationId, destinationLabel } from '../../../src/destinations/destination.ts';
import { readPreludeUrl, type PreludeAddress } from '../../../src/destinations/prelude/prelude-url.ts';

const good: readonly (readonly [url: string, address: Omit<PreludeAddress, 'label'>, id: string])[] = [
  [
    'prelude://mgr:4690?profile=relay',
    { host: 'mgr', port: 4690, profile: 'relay', dir: '/etc/prelude/profile/relay' },
    'prelude://mgr:4690?profile=relay',
  ],
  [
    'prelude://MGR.Example/?profile=relay.1@x_-',
    { host: 'mgr.example', port: 4690, profile: 'relay.1@x_-', dir: '/etc/prelude/profile/relay.1@x_-' },
    'prelude://mgr.example:4690?profile=relay.1@x_-',
  ],
  [
    'PRELUDE://[2001:DB8::7]:4691?dir=/srv/prelude/&profile=r',
    { host: '2001:db8::7', port: 4691, profile: 'r', dir: '/srv/prelude' },
    'prelude://[2001:db8::7]:4691?profile=r',
  ],
  [
    'prelude://192.0.2.7:1?profile=r&dir=/a%20b',
    { host: '192.0.2.7', port: 1, profile: 'r', dir: '/a b' },
    'prelude://192.0.2.7:1?profile=r',
  ],
];

const bad: readonly (readonly [url: string, message: RegExp])[] = [
  ['prelude://mgr', /^must name a profile, not 'prelude:\/\/mgr'$/],
  ['prelude://mgr?profile=', /^must name a profile/],
  ['prelude://?profile=r', /^must name a host/],
  ['prelude:///x?profile=r', /^must name a host/],
  ['prelude://mgr/x?profile=r', /^must not have a path/],
  ['prelude://u:secret@mgr?profile=r', /^must not carry a user or password: 'prelude:\/\/…@mgr'$/],
  ['prelude://mgr:0?profile=r', /^must name a port above 0/],
  ['prelude://mgr?profile=r&user=x', /^has an unknown part 'user'/],
  ['prelude://mgr?profile=r&profile=s', /^names profile twice/],
  ['prelude://mgr?profile=../x', /^has no name of a profile: '\.\.\/x'$/],
  ['prelude://mgr?profile=-x', /^has no name of a profile/],
  ['prelude://mgr?profile=r&dir=x', /^must name a directory by its whole path, not 'x'$/],
];

describe('prelude:// URLs', () => {
  for (const [text, address, id] of good) {
    test(`${text} is read`, () => {
      const { label, ...rest } = readPreludeUrl(new URL(text));
      assert.deepEqual(rest, address);
      assert.equal(destinationId(new URL(text)), id);
      assert.equal(destinationId(new URL(id)), id);
      assert.equal(destinationLabel(new URL(text)), label);
      assert.match(label, /^prelude-manager \S+:\d+ \(profile \S+\)$/);
    });
  }

  for (const [text, message] of bad) {
    test(`${text} is refused`, () => {
      assert.throws(
        () => readPreludeUrl(new URL(text)),
        (error) => error instanceof RelayError && error.code === 'CONFIG' && message.test(error.message),
      );
    });
  }

  test('a moved profile is the same destination, another profile is another', () => {
    const id = (query: string): string => destinationId(new URL(`prelude://mgr?${query}`));
    assert.equal(id('profile=r&dir=/srv/r'), id('profile=r'));
    assert.notEqual(id('profile=s'), id('profile=r'));
  });
});
