/**
 * Three alerts every template is tried with before it is accepted: one with everything, one with next to nothing, one that is hostile.
 *
 * Called by check-template.ts. Texts of documentation's address blocks and hosts (RFC 5737, RFC 2606).
 */

import { composeAlert, type AlertParts } from '../../../idmef/compose.ts';
import type { SendMessage } from '../../model/sink.ts';
import { alertView } from '../alert-view.ts';

const at = Date.UTC(2026, 2, 14, 8, 26, 53);

const samples: readonly AlertParts[] = [
  {
    messageid: 'sample-1',
    analyzer: {
      analyzerid: 'sensor-1',
      name: 'snort',
      model: 'Snort',
      class: 'NIDS',
      node: 'ids1.example.org',
    },
    createTime: at,
    detectTime: at - 420,
    classification: 'Brute force attack',
    references: [{ name: 'CVE-2026-0001', url: 'https://www.example.org/CVE-2026-0001', origin: 'cve' }],
    severity: 'high',
    completion: 'failed',
    impactType: 'user',
    impact: '37 failed logins in a minute',
    sources: [{ address: '198.51.100.7', nodeName: 'attacker.example.com', port: 40_123 }],
    targets: [
      { address: '192.0.2.5', user: 'root', process: 'sshd', port: 22, protocol: 'tcp', serviceName: 'ssh' },
    ],
    data: [{ meaning: 'attempts', type: 'integer', value: '37' }],
  },
  {
    messageid: 'sample-2',
    analyzer: { analyzerid: 'sensor-2', name: '' },
    createTime: at,
    classification: '',
  },
  {
    messageid: 'sample-3',
    analyzer: { analyzerid: 'sensor-3', name: '<b>*_`[x](y)' },
    createTime: at,
    classification: '<!channel> @everyone {{ 7 | times: 7 }} {% include "x" %} \u202e',
    severity: 'info',
    sources: [{ nodeName: '=cmd|calc', address: '2001:db8::1' }],
    data: [{ meaning: 'payload', type: 'string', value: 'GET /\r\n\u001b[2J '.repeat(100) }],
  },
];

export async function sampleMessages(): Promise<readonly SendMessage[]> {
  return Promise.all(
    samples.map(async (parts, index) => {
      const body = await composeAlert(parts);
      const view = await alertView(body);
      return {
        seq: index + 1,
        body,
        view,
        at,
        origin: { source: 'sample' },
        facts: {
          kind: 'alert',
          severity: view.severity,
          messageid: view.messageid,
          analyzer: view.analyzer,
          classification: view.title,
          source: view.sources[0]?.address ?? '',
          target: view.targets[0]?.address ?? '',
          createTime: view.when,
        },
      };
    }),
  );
}
