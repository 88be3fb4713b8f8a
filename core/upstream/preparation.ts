/** What is attended for a client on each connection to its server, before its own commands may go up. */
import type { Logger } from 'pino';
import type { Command } from '../../schemas/command.ts';
import type { ResultOf } from '../../schemas/outcome.ts';
import { DONE } from '../commands/settlement.ts';
import type { Outcome } from '../dialect.ts';

export interface PreparationSteps {
  ask(command: Command, done: (outcome: Outcome) => void): void;
  /** All has been answered. */
  done(): void;
  /** The connection that was lost is still there for the server: until it is not, the client would hear nothing. */
  stale(): void;
}

export class Preparation {
  readonly #log: Logger;
  readonly #steps: PreparationSteps;
  #left = 0;
  #isFirst = true;
  /** What joining for the client at its login gave. */
  readonly joinedAtLogin: ResultOf<'joined'>[] = [];

  constructor(log: Logger, steps: PreparationSteps) {
    this.#log = log;
    this.#steps = steps;
  }

  /** `isFirst`: at the client's login, and not after a reconnection. */
  begin(commands: readonly Command[], isFirst: boolean): void {
    this.#isFirst = isFirst;
    // One more than there are, so that none of them opens the way before all have been asked.
    this.#left = commands.length + 1;
    for (const command of commands) this.#steps.ask(command, (outcome) => this.#answered(command, outcome));
    this.#answered(undefined, DONE);
  }

  #answered(command: Command | undefined, outcome: Outcome): void {
    if (outcome.ok) {
      if (outcome.result.type === 'joined' && this.#isFirst) this.joinedAtLogin.push(outcome.result);
    } else {
      const { code } = outcome.error;
      // What it has no words for is counted as lost.
      if (code !== 'unsupported') {
        this.#log.warn({ command, code }, 'the server behind does not let this be attended');
      }
      if (code === 'already_joined' && !this.#isFirst) {
        this.#steps.stale();
        return;
      }
    }
    if (--this.#left === 0) this.#steps.done();
  }
}
