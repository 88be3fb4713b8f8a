/** Loading the configuration for a command: its problems end the command. */
import type { Config, ConfigDialect } from '../../schemas/config.ts';
import { loadConfig } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import type { Environment } from '../config/substitute.ts';
import { CommandFailure } from './failure.ts';

/** @throws CommandFailure with one line for each problem */
export function configurationFor(
  file: string,
  dialects: readonly ConfigDialect[],
  environment: Environment,
): Config {
  const { config, problems } = loadConfig(file, dialects, environment);
  if (config !== undefined) return config;
  const summary = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  throw new CommandFailure([...problems.map(formatProblem), `${summary} in ${file}`].join('\n'));
}
