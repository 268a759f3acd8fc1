/** Runs compiled tests in a process of their own and says what came of them, for scenarios that are tests at a larger scale. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface TestRun {
  readonly passed: number;
  readonly failures: readonly string[];
}

/** Paths below the compiled `test/`. A run without a passed test is a failure. */
export async function runTests(
  files: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<TestRun> {
  const paths = files.map((file) => fileURLToPath(new URL(`../${file}`, import.meta.url)));
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', ...paths], {
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const passed = Number(/^# pass (\d+)$/m.exec(text)?.[1] ?? 0);
  const failures = [...text.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map(([, name = '']) => name);
  if (failures.length === 0 && (code !== 0 || passed === 0))
    failures.push(`exit code ${code}, ${passed} passed`);
  return { passed, failures: failures.length === 0 ? [] : [...failures, text.slice(0, 3000)] };
}
