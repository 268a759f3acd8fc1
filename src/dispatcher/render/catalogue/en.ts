/**
 * English: every key there is, and the placeholders `%{name}` each has. Other catalogues are checked against this one.
 *
 * The first groups have SecARC's names and placeholders, so that its `bot.xx.yml` files fit; `.one` and `.other` (and what else
 * a language's plural needs: zero, two, few, many) are chosen by `%{count}`. Written as data of this file: a build copies no YAML.
 */

export const en = {
  welcome: 'Welcome. You will receive security alerts here.',
  unknownCmd: 'Unknown command. Available commands: /start',
  newAlert:
    'An %{module}.%{alertType} alert has been received. %{severity} - %{moreInfo}. What would you like to do?',
  alertReplied: 'This alert has already been replied.',
  replyingAlert: 'The %{module}.%{alertType} alert was replied - selected option were %{option}',
  notReplied: 'Can not response alert of %{module} module.',
  'ssh.newConnection': 'New connection from %{ip} (port %{port})',
  'ssh.option1': 'Close connection',
  'ssh.option2': 'Block IP',
  'ssh.ignore': 'Allow',
  'perfMonitor.cpuUsage': 'CPU usage is %{usage} percent',
  'perfMonitor.option1': 'Reboot',
  'perfMonitor.option2': 'Power off',
  'perfMonitor.ignore': 'No action',
  'webServer.errors404': 'There is %{count} HTTP404 errors in the last %{interval} minutes from IP %{ip}',
  'webServer.option2': 'Block IP',
  'webServer.ignore': 'Allow',

  'severity.none': 'UNRATED',
  'severity.info': 'INFO',
  'severity.low': 'LOW',
  'severity.medium': 'MEDIUM',
  'severity.high': 'HIGH',
  'completion.succeeded': 'attempt succeeded',
  'completion.failed': 'attempt failed',

  'text.unnamed': 'unnamed alert',
  'text.heartbeat': 'heartbeat',
  'text.when': 'When',
  'text.sensor': 'Sensor',
  'text.source': 'Source',
  'text.target': 'Target',
  'text.user': 'user %{user}',
  'text.process': 'process %{process}',
  'text.file': 'file %{file}',
  'text.impact': 'Impact',
  'text.reference': 'Reference',
  'text.details': 'Details',
  'text.correlation': 'Correlation',
  'text.incident': 'incident %{id}',
  'text.repeated': '(repeated: may have arrived before)',
  'text.andMore': 'and %{count} more',
  'text.moreAlerts.one': 'and one more alert: %{severities}',
  'text.moreAlerts.other': 'and %{count} more alerts: %{severities}',
  'text.alerts.one': '%{count} alert',
  'text.alerts.other': '%{count} alerts',

  'subject.many.one': '%{count} alert - %{product} @ %{instance}',
  'subject.many.other': '%{count} alerts - %{product} @ %{instance}',
  'subject.digest.one': 'Storm: %{count} alert - %{product} @ %{instance}',
  'subject.digest.other': 'Storm: %{count} alerts - %{product} @ %{instance}',
  'subject.test': 'test of %{recipient} - %{product} @ %{instance}',

  'digest.title.one': 'Storm: %{count} alert, summed up',
  'digest.title.other': 'Storm: %{count} alerts, summed up',
  'digest.period': 'From %{from} to %{to}',
  'digest.classifications': 'What',
  'digest.sources': 'Sources',
  'digest.targets': 'Targets',
  'digest.ask': 'Each of them: %{command}',

  'test.text':
    'This is a test of recipient %{recipient}, sent by %{by} from %{instance}. Nothing has happened.',
} as const;
