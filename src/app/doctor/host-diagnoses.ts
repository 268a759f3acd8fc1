/**
 * Diagnoses of this host: settings, certificate files, state, directories, and reverse-server's side. Part of
 * diagnoses.ts.
 */

import { fault, warn } from './diagnosis.ts';

export const hostDiagnoses = {
  unexaminable: fault('this could not be looked at: {said}', 'correct what it names, then look again'),
  'settings-missing': fault('{said}', 'copy the example of config/ there and edit it'),
  'settings-twice': fault('{said}', 'remove one of them: two files for one thing drift apart'),
  'settings-invalid': fault('{said}', 'correct the line; --help-all of the program lists the keys'),
  'other-user': warn(
    'this runs as {user}, but {dir} belongs to {owner}: what is said about files holds for {user} only',
    'runuser -u {owner} -- idmef doctor …, or run it as root',
  ),

  'file-missing': fault('{said}', 'put the file there, or correct the setting'),
  'file-unreadable': fault('{said}', 'chgrp idmef-relay FILE and chmod g+r FILE'),
  'file-not-pem': fault('{said}', 'a PEM file of that kind is wanted there'),
  'key-encrypted': fault('{said}', 'decrypt it: openssl pkey -in KEY -out NEW'),
  'key-mismatch': fault('{said}', 'key and certificate must come from the same request'),
  'crl-expired': fault('{said}', 'fetch the current list from your authority'),
  'certificate-file': fault('{said}', 'openssl x509 -in FILE -noout -text shows what is in it'),
  'ciphers-unknown': fault('{said}', 'leave --ciphers out: --tls-policy anssi is the default'),
  'own-certificate-expired': fault(
    'our certificate {cert} ended {until}: every peer refuses it',
    'renew it; the new files are read at the next run',
  ),
  'own-certificate-not-yet-valid': fault(
    'our certificate {cert} is not valid before {from}, and the clock of this host says {now}',
    'set the clock if it is wrong (timedatectl); else wait or have it issued anew',
  ),
  'own-certificate-purpose': fault(
    'our certificate {cert} is not meant for a {purpose} (extended key usage): every peer refuses it',
    'have one issued with extended key usage {usage}',
  ),
  'own-certificate-ends': warn('our certificate {cert} ends {until}, in {days}', 'renew it before that day'),
  'certificate-warning': warn('{said}', 'see to it before it becomes a fault'),

  'state-owner': fault(
    '{path} belongs to {owner}, but {dir} belongs to {expected}: somebody ran the program as another user',
    'chown -R {expected} {dir}',
  ),
  'state-unwritable': fault(
    'the state directory {dir} cannot be written by {user}',
    'chown -R {user} {dir}; under systemd StateDirectory= does that',
  ),
  'disk-reserve': fault(
    'the {said}: nothing more is taken in',
    'make room there, or set --min-free lower; it goes on by itself',
  ),
  'journal-full': fault(
    'the journal {path} has reached --max-journal-bytes ({size}): nothing more is taken in',
    'see why nothing leaves it, or set --max-journal-bytes higher; it goes on by itself',
  ),
  'journal-unusable': fault('{said}', 'nothing was touched: correct what it names'),
  'journal-set-aside': warn(
    'a damaged journal was set aside as {path}',
    'what could be saved is in the new journal; keep the file until you know what was lost, then remove it',
  ),
  'journal-law': warn('the numbers of the journal {path} do not add up: {said}', 'please report this'),
  'run-hangs': fault(
    'a run (process {pid}) has held {path} for {age}, though its deadline is {deadline} s',
    'look at its log, then: kill {pid}',
  ),
  'quarantine-waiting': warn(
    'the quarantine of profile {profile} holds {count}, which nobody has been sent',
    'idmef quarantine list --profile {profile}',
  ),
  'destination-held': warn(
    '{name} is not configured any more and is still owed {count}',
    'name it with --manager again, or give them up by hand',
  ),
  'consumer-held': warn(
    'consumer {name} is not configured any more (--consumer) and is still owed {count}',
    'name it with --consumer again, or give them up by hand',
  ),
  'destination-failing': warn(
    '{destination} {said}, since {since} in {runs}; {count} kept for it',
    'see what is said of {destination} here; delivery is tried again by itself',
  ),
  'messages-refused': warn(
    '{destination} has refused {count} of those kept for it',
    'they are tried again; its log says why it refuses them',
  ),
  'polling-failing': warn(
    'polling {peer} has failed since {since}, in {runs}',
    'see what is said of the sensor here; if nothing is, the next run will tell',
  ),
  'profile-idle': warn(
    'the last successful poll of profile {profile} was {age} ago',
    'is its timer enabled: systemctl enable --now http-proxy@{profile}.timer',
  ),
  'sandbox-read-only': warn(
    'the unit {unit} leaves {dir} read-only (ProtectSystem=strict)',
    'systemctl edit {unit}: [Service] ReadWritePaths={dir}',
  ),

  'destination-redirect': fault('{peer} {said}', 'name the final URL with --manager'),
  'destination-forbidden': fault('{peer} {said}', 'its roles must name our certificate'),
  'destination-no-post': fault(
    '{peer} takes no POST at the path {path} ({status})',
    'correct the path of --manager',
  ),
  'destination-content-type': fault(
    '{peer} does not take text/xml (415): it is no IDMEF gateway',
    'correct --manager; an IDMEF gateway takes exactly Content-Type: text/xml',
  ),
  'destination-web-page': fault(
    '{peer} {said}',
    'correct --manager: a web site, a portal or a proxy answers there',
  ),
  'destination-is-sensor': fault(
    '{peer} is a reverse-server that takes no alerts from us',
    '--manager names a receiver; for a reverse-server its --allow-producer must name our certificate',
  ),
  'destination-error': fault('{peer} {said}', 'its own log says why; alerts are kept and tried again'),
  'directory-missing': fault('the destination {peer} does not exist', 'mkdir -p {dir} && chown {user} {dir}'),
  'directory-not-a-directory': fault('the destination {peer} is not a directory', 'name one with --manager'),
  'directory-unwritable': fault(
    'the destination {peer} belongs to {owner} and cannot be written by {user}',
    'chown {user} {dir}, or choose another with --manager',
  ),
  'directory-read-only': fault(
    'the destination {peer} is on a read-only filesystem',
    'remount it writable; under systemd ReadWritePaths={dir}',
  ),
  'directory-failing': fault(
    'the destination {peer} cannot be written: {said}',
    'make room, or see to the disk',
  ),

  'everybody-polls': warn(
    'every certificate of {ca} may fetch, and so remove, the alerts of this sensor',
    'name the managers with ALLOW_POLLER=DNS:manager.example',
  ),
  'spool-unusable': fault('{said}', 'make the directory and let the service in'),
  'spool-unwritable': fault(
    '{option} {dir} cannot be written by {user} ({code}): files that are taken stay there',
    '{hint}',
  ),
  'spool-open': warn(
    '{dir} may be written by every user of this host: anybody can put alerts in',
    'chmod 2770 {dir}, and put producers into its group',
  ),
  'spool-unreadable': fault(
    '{dir} holds {count} that {user} cannot read, the first is {name} of {owner}',
    'let their writer create files of the group idmef-spool that it may read (umask 007), and chmod g+r these',
  ),
  'spool-waiting': warn(
    '{dir} holds {count} that nobody takes in, the oldest for {age}',
    'is reverse-server running, and does its log name them',
  ),
  'corrupt-files': warn(
    '{dir} holds {count} from which nothing could be taken',
    'read the .reason beside each; mend or remove them',
  ),
  'server-down': fault(
    'nothing listens on port {port}: reverse-server is not running, alerts wait in the spool',
    'systemctl enable --now reverse-server, then journalctl -u reverse-server',
  ),
  'listen-refused': fault('nothing listens on port {port}, and reverse-server could not: {said}', '{hint}'),
  'port-taken': fault(
    'port {port} is taken by something that is not reverse-server: {said}',
    "ss -ltnp 'sport = :{port}' shows by whom; stop it, or choose another --port",
  ),
  'certificate-not-loaded': warn(
    'the running reverse-server shows a certificate that ends {until}, not the one in {cert}',
    'systemctl reload-or-restart reverse-server',
  ),
  'proc-net-hidden': fault(
    '/proc/self/net/tcp cannot be read: with --delete or --movedir reverse-server refuses to start',
    'leave ProcSubset=pid out of the unit; in a container mount /proc whole',
  ),
  'locks-hidden': warn(
    'locks of writers cannot be seen ({said}): a file is taken as complete as soon as it is well-formed',
    'let producers write elsewhere and rename into the spool; leave ProcSubset=pid out of the unit',
  ),
  'clock-set-back': warn(
    '{path} was written {age} in the future: the clock of this host has been set back, or is wrong now',
    'check it: timedatectl',
  ),
} as const;
