/** `dragoman doctor`: reads what it is asked, has it looked at, prints what was found. */
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { parseDuration } from '../../schemas/config/units.ts';
import type { Environment } from '../config/substitute.ts';
import type { AnyDialect } from '../dialect.ts';
import { examine } from '../doctor/doctor.ts';
import { placeOf } from '../doctor/place.ts';
import type { DoctorRequest } from '../doctor/request.ts';
import { configurationFor } from './configuration.ts';
import { DOCTOR_VARIABLES, type DoctorOptions } from './doctor-command.ts';
import { DoctorTable } from './doctor-table.ts';
import { CommandFailure } from './failure.ts';

export interface DoctorParts {
  readonly environment: Environment;
  readonly dialects: readonly AnyDialect[];
  out(text: string): void;
}

/** @throws CommandFailure if a check fails, or the command is wrong */
export async function doctorCommand(
  { environment, dialects, out }: DoctorParts,
  url: string | undefined,
  options: DoctorOptions,
): Promise<void> {
  const request = requestOf({ environment, dialects }, url, options);
  const place = placeOf(request.config, url);
  if (place === undefined) throw new CommandFailure(`${url} is no address such as https://chat.example.com`);
  if (options.ca !== undefined) trust(options.ca);
  const table = new DoctorTable(options.json === true ? () => {} : out);
  table.begin(place.http, options.config);
  const findings = await examine(request, place, (finding) => table.add(finding));
  if (options.json === true) out(`${JSON.stringify({ url: place.http, findings }, null, 2)}\n`);
  table.end();
  const failed = findings.filter(({ result }) => result === 'fail').length;
  if (failed > 0) throw new CommandFailure(failed === 1 ? '1 check failed' : `${failed} checks failed`);
}

function requestOf(
  { environment, dialects }: Pick<DoctorParts, 'environment' | 'dialects'>,
  url: string | undefined,
  options: DoctorOptions,
): DoctorRequest {
  const config = configurationFor(options.config, dialects, environment);
  const { endpoint, user, peerUser, group, timeout } = options;
  const paths = config.endpoints.map(({ path }) => path);
  if (endpoint !== undefined && !paths.includes(endpoint)) {
    throw new CommandFailure(`there is no endpoint ${endpoint}; the configuration has: ${paths.join(', ')}`);
  }
  const timeoutMs = parseDuration(timeout);
  if (timeoutMs === undefined || timeoutMs < 10 || timeoutMs > 600_000) {
    throw new CommandFailure(`--timeout must be a duration of 10ms to 10min, such as 5s, not ${timeout}`);
  }
  const given = (name: keyof typeof DOCTOR_VARIABLES): string | undefined =>
    options[name] ?? environment[DOCTOR_VARIABLES[name]];
  return {
    config,
    dialects,
    url,
    endpoint,
    user,
    peerUser,
    group,
    timeoutMs,
    token: given('token'),
    login: given('login'),
    passcode: given('passcode'),
    peerToken: given('peerToken'),
  };
}

/** For all connections of this process. */
function trust(file: string): void {
  try {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')]);
  } catch (error) {
    throw new CommandFailure(
      `${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
