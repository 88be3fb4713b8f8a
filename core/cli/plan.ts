/** `dragoman plan`: what a reload would do, asked of a running gateway or worked out between two files. */
import { readFileSync } from 'node:fs';
import { Problem } from '../../schemas/api/common.ts';
import { PlanAnswer } from '../../schemas/api/operation.ts';
import type { ConfigDialect } from '../../schemas/config.ts';
import type { PlanStep } from '../../schemas/plan.ts';
import { needsRestart, planOf } from '../config/plan.ts';
import type { Environment } from '../config/substitute.ts';
import { configurationFor } from './configuration.ts';
import { CommandFailure } from './failure.ts';

const DEFAULT_URL = 'http://127.0.0.1:8080';
const TIMEOUT_MS = 30_000;
/** The exit code of a plan that no reload can carry out. */
const NOT_POSSIBLE = 2;

export interface PlanRequest {
  /** One file: asked of the gateway. Two: from the first to the second. */
  readonly files: readonly [string, string?];
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
}

export interface PlanParts {
  readonly dialects: readonly ConfigDialect[];
  readonly environment: Environment;
  out(text: string): void;
}

/** @throws CommandFailure: 1 for a file that is invalid and a gateway that can't be asked, 2 where a restart is needed */
export async function planCommand(parts: PlanParts, request: PlanRequest): Promise<void> {
  const [first, second] = request.files;
  const steps = second === undefined ? await asked(parts.environment, request) : worked(parts, first, second);
  parts.out(request.json === true ? `${JSON.stringify(steps, null, 2)}\n` : planText(steps));
  if (needsRestart(steps)) {
    throw new CommandFailure('a reload would be refused: only a restart changes all of this', NOT_POSSIBLE);
  }
}

function worked({ dialects, environment }: PlanParts, old: string, next: string): readonly PlanStep[] {
  return planOf(configurationFor(old, dialects, environment), configurationFor(next, dialects, environment));
}

async function asked(
  environment: Environment,
  { files: [file], url, key }: PlanRequest,
): Promise<readonly PlanStep[]> {
  const base = url ?? environment.DRAGOMAN_URL ?? DEFAULT_URL;
  const secret = key ?? environment.DRAGOMAN_KEY;
  if (secret === undefined) {
    throw new CommandFailure(
      'a running gateway is asked with a key of its API that has the scope admin:reload: set DRAGOMAN_KEY, or give --key; without a gateway name two files: dragoman plan old.yaml new.yaml',
    );
  }
  const { problems, steps } = await ask(new URL('/api/v1/plan', base), secret, textOf(file));
  if (problems.length > 0) throw new CommandFailure([...problems, `${file} is invalid`].join('\n'));
  return steps;
}

async function ask(url: URL, key: string, config: string): Promise<PlanAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ config }),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    const { cause, message } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new CommandFailure(`the gateway at ${url.origin} can not be asked: ${reason}`);
  });
  const body: unknown = await response.json().catch(() => undefined);
  const answer = PlanAnswer.safeParse(body);
  if (response.ok && answer.success) return answer.data;
  const problem = Problem.safeParse(body);
  const why = problem.success
    ? `${problem.data.title}: ${problem.data.detail}`
    : 'that is no answer of an API';
  throw new CommandFailure(`the gateway at ${url.origin} answered ${response.status}: ${why}`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`${file}: cannot be read: ${(error as Error).message}`);
  }
}

/** One line for each step, and how many connections are touched. */
export function planText(steps: readonly PlanStep[]): string {
  const lines = steps.map((step) => [`${step.subject} ${step.name}`, step.action, remark(step)] as const);
  const width = (column: 0 | 1): number => Math.max(0, ...lines.map((line) => line[column].length));
  const [first, second] = [width(0), width(1)];
  const table = lines.map(([what, action, why]) =>
    `${what.padEnd(first)}  ${action.padEnd(second)}  ${why}`.trimEnd(),
  );
  return `${[...table, summary(steps)].join('\n')}\n`;
}

function remark({ action, fields = [], connections }: PlanStep): string {
  const told = [fields.join(', ')];
  if (connections !== undefined) {
    const verb = goes(action) ? 'asked to go' : connections === 1 ? 'stays' : 'stay';
    told.push(`${count(connections)} ${verb}`);
  }
  return told.filter(Boolean).join('; ');
}

const goes = (action: PlanStep['action']): boolean => action === 'replaced' || action === 'removed';
const count = (connections: number): string =>
  connections === 1 ? '1 connection' : `${connections} connections`;

function summary(steps: readonly PlanStep[]): string {
  const changes = steps.filter(({ action }) => action !== 'unchanged').length;
  if (changes === 0) return 'nothing changes';
  const leaving = steps
    .filter(({ action, connections }) => goes(action) && connections !== undefined)
    .reduce((sum, { connections = 0 }) => sum + connections, 0);
  const isCounted = steps.some(({ connections }) => connections !== undefined);
  const what = changes === 1 ? '1 change' : `${changes} changes`;
  return isCounted ? `${what}, ${count(leaving)} asked to go` : what;
}
