/**
 * Diagnoses of a peer: name, connection, TLS, HTTP, and what a sensor or receiver says of itself. Part of
 * diagnoses.ts. Rows of src/http and src/poller come first; those the doctor can say better stand after them.
 */

import { preludeFaults } from '../../destinations/prelude/faults.ts';
import { certificateFaults } from '../../http/certificate-fault.ts';
import { connectionFaults } from '../../http/connection-fault.ts';
import { sensorFaults } from '../../poller/sensor-refusal.ts';
import { facedBy, fault, warn } from './diagnosis.ts';

export const peerDiagnoses = {
  ...facedBy(connectionFaults),
  ...facedBy(certificateFaults),
  ...facedBy(sensorFaults),
  ...facedBy(preludeFaults),

  'connection-timeout': fault(
    '{peer} does not take a connection at {address} within {seconds} s: nothing comes back, as if a firewall dropped it',
    'open port {port} on the way there, and check the address; a service that is merely down would refuse',
  ),
  proxy: fault('{peer} is not reached through --proxy', 'check --proxy, and that it allows CONNECT'),

  'plain-http': fault(
    '{peer} speaks plain HTTP on port {port}, not TLS ({greeting})',
    'name the port of the TLS service, or let that service listen with TLS',
  ),
  'http-proxy-there': fault(
    'an HTTP proxy answers at {address} in place of {peer} ({greeting})',
    'correct the port; a proxy on the way to a destination is named with --proxy',
  ),
  'other-protocol': fault(
    '{peer} does not speak TLS: another service listens on port {port} and says {greeting}',
    'correct the port of the URL',
  ),
  'tls-silent': fault(
    '{peer} takes the connection and then says nothing for {seconds} s, not even in TLS',
    'the service hangs, or waits for another protocol: look at it there, restart it',
  ),
  'tls-hang-up': fault(
    '{peer} closes the connection during the TLS handshake and does not say why',
    'its log says why; if it has none, something else listens on port {port}',
  ),
  'tls-version': fault(
    '{peer} speaks {versions} only, and TLS 1.2 is the oldest accepted',
    'let it offer TLS 1.2 or 1.3, or replace what listens there',
  ),
  'tls-policy': fault(
    '{peer} speaks {versions}, and --tls-policy modern takes TLS 1.3 only',
    'leave --tls-policy modern out for this peer',
  ),
  'tls-suites': fault(
    '{peer} has no cipher suite in common with --tls-policy {policy}: it takes {cipher} ({version})',
    'let it offer ECDHE with AES-GCM or ChaCha20; until then --ciphers {cipher}',
  ),

  'certificate-authority-remade': fault(
    '{peer} shows a certificate of an authority named {issuer}, but {ca} holds another one of that name, with another key',
    'the authority was made anew: take its present certificate as --cacert, or issue the certificate again',
  ),
  'clock-spoils-certificate': fault(
    '{peer} shows a certificate that {validity} by our clock, but its own clock stands at {theirs}: {difference}',
    'set the clock that is wrong (timedatectl, chronyc tracking)',
  ),
  'clock-differs': warn(
    'the clocks of this host and of {peer} differ: {difference}',
    'set the clock that is wrong (timedatectl, chronyc tracking): certificates and times of alerts depend on it',
  ),
  'peer-certificate-warning': warn('the certificate {peer} shows {said}', 'have it issued anew'),
  'peer-certificate-ends': warn(
    'the certificate {peer} shows ends {until}, in {days}',
    'renew it on that host before that day',
  ),
  'peer-certificate-cn-only': warn(
    'the certificate {peer} shows has no subject alternative name, only the common name {name}',
    'have it issued anew with subjectAltName: newer programs (curl, Python) refuse it',
  ),

  'own-certificate-refused': fault(
    '{peer} does not accept our certificate {cert} ({said}): {facts}',
    'its log says why: expired, revoked, or of an authority it does not trust',
  ),
  'own-certificate-authority': fault(
    '{peer} does not trust the authority of our certificate {cert} ({said}): {facts}',
    'get a certificate from the authority it trusts, or add ours to its --cacert',
  ),
  'own-certificate-revoked': fault(
    '{peer} says that our certificate {cert} has been revoked: {facts}',
    'have a new one issued; if it should be valid, have the revocation list corrected',
  ),
  'own-certificate-expired-there': fault(
    '{peer} says that our certificate {cert} has expired, but it is valid until {until}: {facts}',
    'check the clock of that host',
  ),

  silent: fault(
    '{peer} takes connections and answers nothing',
    'it hangs or is overloaded: look at it there; --timeout sets how long to wait',
  ),
  'closed-without-answer': fault(
    '{peer} closes the connection without an answer',
    'its log says why; something between may cut the connection',
  ),
  'wrong-path': fault(
    '{peer} has no alerts at the path {path}: this is a wrong URL, not an empty sensor',
    '--sensor is {origin}/ without a path',
  ),
  'monitor-only': fault(
    '{peer} lets our certificate look, but not fetch',
    'it has the role monitor there: --allow-poller must name it too',
  ),
  'behind-proxy': warn(
    'an HTTP proxy stands between us and {peer} (Via: {via})',
    'let the connection pass it unopened: it sees every alert, and may cut or change answers',
  ),

  'prelude-certificate-ends': warn(
    '{peer} gave the profile a certificate that ends {until}, in {days}: {path}',
    'register the profile anew before that day',
  ),
  'prelude-reader-away': warn(
    'a prelude-manager of this host keeps {size} of events for {reader}, the oldest for {age}, in {path}: who reads with that profile is away',
    'start it (http-proxy --follow); if it is to read no more, register it anew with "idmef:w" only, and remove that directory while the manager is stopped',
  ),

  'sensor-paused': fault(
    '{peer} takes nothing from its spool: its journal or its disk is full, or the spool is gone',
    'idmef status --sensor on that host says which; free some space there, or change its --min-free or --max-journal-bytes',
  ),
  'sensor-stuck': warn(
    '{peer} has {count} in its spool that it cannot read, move or remove',
    'idmef doctor --reverse-server on that host says which and why; so does its log, hourly',
  ),
  'sensor-corrupt': warn(
    '{peer} has {count} in corrupt/, from which no alert could be taken',
    'look at them and at the .reason files beside them on that host',
  ),
  'sensor-dropped': warn(
    '{peer} has dropped {count} since its journal began: too old, too many, or damaged',
    'poll more often, or allow it more: its --retention-age, --retention-bytes and --consumer-max-age',
  ),
  'sensor-backlog': warn(
    '{peer} has kept {count} for us, the oldest for {age}: nobody fetches them, or not fast enough',
    'is the timer enabled: systemctl list-timers "http-proxy@*"',
  ),
} as const;
