/** What an operator may ask of a running gateway: to say what a reload would do, and to do it. */
import type { PlanStep } from '../schemas/plan.ts';

export type ReloadOutcome =
  /** `unchanged`: the file says what is in force already. */
  | { readonly outcome: 'reloaded' | 'unchanged'; readonly steps: readonly PlanStep[] }
  /** The file can't be used; nothing has changed. One line for each problem, as `dragoman check` says it. */
  | { readonly outcome: 'invalid'; readonly problems: readonly string[] }
  /** Some of it needs a restart; nothing has changed. */
  | { readonly outcome: 'refused'; readonly steps: readonly PlanStep[] };

export interface Operator {
  /**
   * Reads the configuration file and takes it over, one after the other where several ask.
   *
   * @throws GatewayError shutting_down; store_unavailable: nothing has changed
   */
  reload(): Promise<ReloadOutcome>;
  /** What a reload would do, with the file as it is or with this text instead. Changes nothing. */
  plan(text?: string): Plan;
}

export interface Plan {
  /** Why the configuration can't be used; empty if it can. */
  readonly problems: readonly string[];
  readonly steps: readonly PlanStep[];
}
