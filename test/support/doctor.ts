/** `dragoman doctor` as a test runs it: the command in this process, with its findings as JSON. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dialects } from '../../adapters/index.ts';
import { doctorCommand } from '../../core/cli/doctor.ts';
import type { DoctorOptions } from '../../core/cli/doctor-command.ts';
import { CommandFailure } from '../../core/cli/failure.ts';
import type { CheckName, Finding } from '../../core/doctor/finding.ts';
import { DEFAULT_YAML } from './gateway.ts';

/** The default, in which the gateway asks at once whether messages have arrived: nobody has to stay for it. */
export const YAML = DEFAULT_YAML.replaceAll(
  '    auth: demo\n',
  '    auth: demo\n    heartbeat: { confirm: 0ms }\n',
);

export const folder = mkdtempSync(join(tmpdir(), 'dragoman-doctor-'));
// Files of tests may share a process, and this module with it.
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

let files = 0;
export const write = (text: string, name = `${++files}.yaml`): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

export interface Report {
  readonly code: number;
  readonly findings: readonly Finding[];
  readonly out: string;
}

interface Visit extends Partial<DoctorOptions> {
  readonly yaml?: string;
}

/** Long enough for what comes; only what never comes takes it. */
export const PATIENCE = '2s';

export async function examine(url: string, { yaml = YAML, ...options }: Visit = {}): Promise<Report> {
  const config = write(yaml);
  let out = '';
  const parts = {
    environment: {},
    dialects,
    out: (text: string) => {
      out += text;
    },
  };
  const code = await doctorCommand(parts, url, { config, timeout: '5s', json: true, ...options }).then(
    () => 0,
    (error: unknown) => {
      if (error instanceof CommandFailure) return error.exitCode;
      throw error;
    },
  );
  const findings = options.json === false ? [] : (JSON.parse(out) as { findings: Finding[] }).findings;
  return { code, findings, out };
}

export const failuresOf = ({ findings }: Report): readonly Finding[] =>
  findings.filter(({ result }) => result === 'fail');
export const of = ({ findings }: Report, check: CheckName): Finding | undefined =>
  findings.find((finding) => finding.check === check);
