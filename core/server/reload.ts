/** Reloading: the file is read and checked first, then planned, and only then anything changes. */
import type { Logger } from 'pino';
import type { Config } from '../../schemas/config.ts';
import type { PlanStep } from '../../schemas/plan.ts';
import type { ConfigResult } from '../config/load.ts';
import { changesAnything, needsRestart, planOf } from '../config/plan.ts';
import { formatProblem } from '../config/problem.ts';
import { configWarnings } from '../config/warnings.ts';
import { GatewayError } from '../errors.ts';
import type { Operator, Plan, ReloadOutcome } from '../operator.ts';
import type { OperationMetrics } from './operation-metrics.ts';

/** Where the configuration comes from. */
export interface ConfigSource {
  /** As it is now. */
  read(): ConfigResult;
  /** The same checks for another text. */
  parse(text: string): ParsedText;
}

/** `hide` takes out of what is said of the text what is not for whoever sent it. */
export type ParsedText = ConfigResult & { readonly hide?: (said: string) => string };

export interface ReloaderParts {
  /** Undefined: there is no file to read again. */
  readonly source: ConfigSource | undefined;
  readonly config: () => Config;
  /** How many connections the endpoint of a path has. */
  readonly connections: (path: string) => number;
  /** Puts a configuration into force, or throws and has changed nothing. */
  readonly takeOver: (config: Config) => Promise<void>;
  readonly draining: () => boolean;
  readonly metrics: OperationMetrics;
  readonly log: Logger;
}

const NO_FILE = 'this gateway was not started from a file';

export class Reloader implements Operator {
  readonly #parts: ReloaderParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
  }

  /** Runs after all that was asked for before, however it ended. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  reload(): Promise<ReloadOutcome> {
    const { metrics } = this.#parts;
    return this.inTurn(async () => {
      try {
        const outcome = await this.#reload();
        metrics.reload(outcome.outcome);
        return outcome;
      } catch (error) {
        metrics.reload('failed');
        this.#parts.log.error({ err: error }, 'reload failed: nothing has changed');
        throw error;
      }
    });
  }

  plan(text?: string): Plan {
    const { source } = this.#parts;
    if (source === undefined) return { problems: [NO_FILE], steps: [] };
    const parsed: ParsedText = text === undefined ? source.read() : source.parse(text);
    const { config, problems, hide = (said) => said } = parsed;
    if (config === undefined) {
      return { problems: problems.map((problem) => hide(formatProblem(problem))), steps: [] };
    }
    const steps = this.#stepsTo(config);
    return { problems: [], steps: steps.map((step) => ({ ...step, name: hide(step.name) })) };
  }

  async #reload(): Promise<ReloadOutcome> {
    const { source, draining, log, metrics } = this.#parts;
    if (draining()) throw new GatewayError('shutting_down');
    if (source === undefined) return this.#invalid([NO_FILE]);
    const { config, problems } = source.read();
    if (config === undefined) return this.#invalid(problems.map(formatProblem));
    const steps = this.#stepsTo(config);
    if (needsRestart(steps)) {
      const bound = steps.filter(({ action }) => action === 'restart').map(({ name }) => name);
      log.error({ restart: bound }, 'reload refused: only a restart changes this; nothing has changed');
      return { outcome: 'refused', steps };
    }
    if (!changesAnything(steps)) {
      log.info('reload: the configuration is the same');
      return { outcome: 'unchanged', steps };
    }
    const fault = await this.#takeOver(config);
    if (fault !== undefined) return this.#invalid([fault]);
    for (const warning of configWarnings(config)) log.warn(warning);
    const done = steps.filter(({ action }) => action !== 'unchanged').map(lineOf);
    log.info({ steps: done, hash: metrics.hashOf(config) }, 'reloaded');
    return { outcome: 'reloaded', steps };
  }

  /** What can't be used of a file in which nothing is wrong: a key file that is not there, a number that is taken. */
  async #takeOver(config: Config): Promise<string | undefined> {
    try {
      await this.#parts.takeOver(config);
      return undefined;
    } catch (error) {
      const isOurs = error instanceof GatewayError && error.code !== 'duplicate_conflict';
      if (isOurs || !(error instanceof Error)) throw error;
      return error instanceof GatewayError
        ? `users: an integer is taken already, or somebody has another one: ${error.detail ?? error.message}`
        : error.message;
    }
  }

  #invalid(problems: readonly string[]): ReloadOutcome {
    this.#parts.log.error({ problems }, 'reload refused: the configuration is invalid; nothing has changed');
    return { outcome: 'invalid', problems };
  }

  #stepsTo(config: Config): readonly PlanStep[] {
    return planOf(this.#parts.config(), config).map((step) =>
      step.subject === 'endpoint' && step.action !== 'added'
        ? { ...step, connections: this.#parts.connections(step.name) }
        : step,
    );
  }
}

const lineOf = ({ subject, name, action, connections }: PlanStep): string => {
  const touched = action === 'replaced' || action === 'removed' ? (connections ?? 0) : 0;
  return `${subject} ${name} ${action}${touched === 0 ? '' : `, ${touched} connections asked to go`}`;
};
