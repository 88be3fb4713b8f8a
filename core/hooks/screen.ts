/** Asks the backend about messages before they are stored: each of an endpoint's hooks in turn. */
import type { SendMessage } from '../../schemas/command.ts';
import type { HookConfig } from '../../schemas/config.ts';
import type { User } from '../../schemas/model.ts';
import { GatewayError } from '../errors.ts';
import type { Caller } from '../outbound/caller.ts';
import { CallFailure } from '../outbound/failure.ts';
import type { OutboundMetrics } from '../outbound/metrics.ts';
import { enveloped } from './envelope.ts';
import { readVerdict, type Verdict } from './verdict.ts';

const EVENT = 'before_message';

export interface ScreenHook {
  readonly caller: Caller;
  readonly config: HookConfig;
}

export interface ScreenParts {
  /** Path of the endpoint. */
  readonly endpoint: string;
  /** The endpoint's `limits.content`. */
  readonly maxContent: number;
  /** In the order in which they are asked. */
  readonly hooks: readonly ScreenHook[];
  readonly metrics: OutboundMetrics;
  /** Epoch ms. */
  readonly now: () => number;
}

export class Screen {
  readonly #parts: ScreenParts;

  constructor(parts: ScreenParts) {
    this.#parts = parts;
  }

  /**
   * The message as the backend wants it: the same object where nothing was changed.
   *
   * @throws GatewayError with the backend's code, or upstream_unavailable where a hook that fails closed failed
   */
  async pass(user: User, command: SendMessage): Promise<SendMessage> {
    let passed = command;
    for (const hook of this.#parts.hooks)
      passed = this.#apply(passed, await this.#verdict(hook, user, passed));
    return passed;
  }

  async #verdict({ caller, config }: ScreenHook, user: User, command: SendMessage): Promise<Verdict> {
    const { endpoint, maxContent, metrics, now } = this.#parts;
    const { target: to, clientId, content, contentType, replyTo, attachment } = command;
    const data = { endpoint, from: user, to, clientId, content, contentType, replyTo, attachment };
    const question = enveloped(EVENT, JSON.stringify(data), now(), (answer) =>
      readVerdict(answer, maxContent),
    );
    try {
      const verdict = await caller.ask(question, config.deadline);
      metrics.count(caller.name, EVENT, OUTCOMES[verdict.action]);
      return verdict;
    } catch (error) {
      metrics.count(caller.name, EVENT, error instanceof CallFailure ? error.fault : 'invalid_answer');
      if (config.onFailure === 'open') return { action: 'allow' };
      throw new GatewayError('upstream_unavailable', { fatal: null, cause: error });
    }
  }

  /** A refusal never ends the connection, whatever its code does elsewhere. */
  #apply(command: SendMessage, verdict: Verdict): SendMessage {
    switch (verdict.action) {
      case 'allow':
        return command;
      case 'refuse':
        throw new GatewayError(verdict.code, {
          fatal: null,
          ...(verdict.text === undefined ? {} : { detail: verdict.text }),
        });
      case 'change':
        return {
          ...command,
          content: verdict.content ?? command.content,
          contentType: verdict.contentType ?? command.contentType,
        };
      default:
        return verdict satisfies never;
    }
  }
}

const OUTCOMES = { allow: 'allowed', refuse: 'refused', change: 'changed' } as const;
