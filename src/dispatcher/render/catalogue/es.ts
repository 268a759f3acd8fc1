/** Spanish, complete: a key that is missing here does not compile. */

import type { CatalogueKey } from '../catalogue.ts';

export const es: Readonly<Record<CatalogueKey, string>> = {
  welcome: 'Te damos la bienvenida. Aquí recibirás alertas de seguridad.',
  unknownCmd: 'Comando desconocido. Comandos disponibles: /start',
  newAlert:
    'Se ha recibido una alerta %{module}.%{alertType}. %{severity} - %{moreInfo}. ¿Qué quieres hacer?',
  alertReplied: 'Esta alerta ya ha sido respondida.',
  replyingAlert: 'Se ha respondido la alerta %{module}.%{alertType} - La opción elegida ha sido %{option}',
  notReplied: 'No se ha podido responder la alerta del módulo %{module}.',
  'ssh.newConnection': 'Nueva conexión de %{ip} (puerto %{port})',
  'ssh.option1': 'Cerrar conexión',
  'ssh.option2': 'Bloquear IP',
  'ssh.ignore': 'Permitir',
  'perfMonitor.cpuUsage': 'El uso de CPU es del %{usage} por ciento',
  'perfMonitor.option1': 'Reiniciar',
  'perfMonitor.option2': 'Apagar',
  'perfMonitor.ignore': 'No hacer nada',
  'webServer.errors404':
    'Ha habido %{count} errores HTTP404 en los últimos %{interval} minutos desde la IP %{ip}',
  'webServer.option2': 'Bloquear IP',
  'webServer.ignore': 'Permitir',

  'severity.none': 'SIN CLASIFICAR',
  'severity.info': 'INFO',
  'severity.low': 'BAJA',
  'severity.medium': 'MEDIA',
  'severity.high': 'ALTA',
  'completion.succeeded': 'intento logrado',
  'completion.failed': 'intento fallido',

  'text.unnamed': 'alerta sin nombre',
  'text.heartbeat': 'señal de vida',
  'text.when': 'Cuándo',
  'text.sensor': 'Sensor',
  'text.source': 'Origen',
  'text.target': 'Destino',
  'text.user': 'usuario %{user}',
  'text.process': 'proceso %{process}',
  'text.file': 'fichero %{file}',
  'text.impact': 'Impacto',
  'text.reference': 'Referencia',
  'text.details': 'Detalles',
  'text.correlation': 'Correlación',
  'text.incident': 'incidente %{id}',
  'text.repeated': '(repetida: puede haber llegado antes)',
  'text.andMore': 'y %{count} más',
  'text.moreAlerts.one': 'y una alerta más: %{severities}',
  'text.moreAlerts.other': 'y %{count} alertas más: %{severities}',
  'text.alerts.one': '%{count} alerta',
  'text.alerts.other': '%{count} alertas',

  'subject.many.one': '%{count} alerta - %{product} @ %{instance}',
  'subject.many.other': '%{count} alertas - %{product} @ %{instance}',
  'subject.digest.one': 'Avalancha: %{count} alerta - %{product} @ %{instance}',
  'subject.digest.other': 'Avalancha: %{count} alertas - %{product} @ %{instance}',
  'subject.test': 'prueba de %{recipient} - %{product} @ %{instance}',

  'digest.title.one': 'Avalancha: %{count} alerta, resumida',
  'digest.title.other': 'Avalancha: %{count} alertas, resumidas',
  'digest.period': 'De %{from} a %{to}',
  'digest.classifications': 'Qué',
  'digest.sources': 'Orígenes',
  'digest.targets': 'Destinos',
  'digest.ask': 'Cada una de ellas: %{command}',

  'test.text':
    'Esto es una prueba del destinatario %{recipient}, enviada por %{by} desde %{instance}. No ha pasado nada.',
};
