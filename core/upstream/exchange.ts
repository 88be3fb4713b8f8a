/** A backend that gives the credential by which a client is logged in at the server behind. */
import { z } from 'zod';
import type { Credential } from '../../schemas/command.ts';
import type { ExchangeConfig } from '../../schemas/config.ts';
import type { User } from '../../schemas/model.ts';
import { tokenOf } from '../auth/port.ts';
import { GatewayError } from '../errors.ts';
import { readAnswer } from '../outbound/answer.ts';
import type { BoundedAnswer } from '../outbound/bounded-fetch.ts';
import { Caller, type Outbound } from '../outbound/caller.ts';
import { CallFailure, statusFailure } from '../outbound/failure.ts';
import { plainQuestion } from '../outbound/question.ts';

const EVENT = 'exchange';

const Answer = z.union([
  z.object({ token: z.string().min(1).max(8192) }),
  z.object({ login: z.string().min(1).max(256), passcode: z.string().max(8192) }),
]);

export interface Exchanging {
  readonly user: User | undefined;
  readonly credentials: readonly Credential[];
}

export class Exchange {
  /** Named by the endpoint's path. */
  readonly caller: Caller;
  readonly #endpoint: string;
  readonly #outbound: Outbound;

  /** `endpoint` is its path. */
  constructor(config: ExchangeConfig, endpoint: string, outbound: Outbound) {
    this.#endpoint = endpoint;
    this.#outbound = outbound;
    const options = { ...config, secrets: config.secret ?? [] };
    this.caller = new Caller({ name: endpoint, options, outbound });
  }

  /**
   * What to log in with in place of what the client has shown.
   *
   * @throws GatewayError token_invalid where it is refused, upstream_unavailable where there is no usable answer
   */
  async credentialFor({ user, credentials }: Exchanging): Promise<Credential> {
    const credential = credentials.find((candidate) => tokenOf(candidate) !== undefined) ?? null;
    const asked = { credential, user: user ?? null, endpoint: this.#endpoint };
    const given = await this.caller.ask(plainQuestion(EVENT, asked, read)).catch((error: unknown) => {
      this.#count(error instanceof CallFailure ? error.fault : 'invalid_answer');
      throw new GatewayError('upstream_unavailable', { fatal: 'upstream_unavailable', cause: error });
    });
    this.#count(given === undefined ? 'refused' : 'allowed');
    if (given === undefined) throw new GatewayError('token_invalid');
    return given;
  }

  #count(outcome: 'allowed' | 'refused' | CallFailure['fault']): void {
    this.#outbound.metrics?.count(this.#endpoint, EVENT, outcome);
  }
}

/** @throws CallFailure: what it says repeats nothing of the answer, which may be a secret */
function read({ status, text }: BoundedAnswer): Credential | undefined {
  if (status === 401 || status === 403) return undefined;
  if (status !== 200) throw statusFailure(status);
  const answer = readAnswer(text, Answer);
  return 'token' in answer
    ? { kind: 'token', token: answer.token }
    : { kind: 'password', login: answer.login, passcode: answer.passcode };
}
