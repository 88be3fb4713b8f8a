/**
 * The `authenticate` hook: a backend that is asked who a credential belongs to. It fails closed: whoever can't be
 * asked about is not let in.
 */
import { createHmac, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { HttpAuthenticatorConfig } from '../../schemas/config.ts';
import { Profile } from '../../schemas/model.ts';
import { GatewayError } from '../errors.ts';
import { type AddressGuard, addressGuard } from '../hooks/addresses.ts';
import { readAnswer } from '../hooks/answer.ts';
import { HookCaller, type Question } from '../hooks/caller.ts';
import { HookFailure, statusFailure } from '../hooks/failure.ts';
import type { HookMetrics } from '../hooks/metrics.ts';
import type { BoundedAnswer } from './bounded-fetch.ts';
import { type Authenticator, type Identity, tokenOf } from './port.ts';

const EVENT = 'authenticate';
const { id, name, avatar } = Profile.unwrap().shape;

/** What the backend answers. Keys that it adds for its own use do no harm. */
const Answer = z.object({
  userId: id,
  name: name.nullish(),
  avatar: avatar.nullable(),
  /** Epoch ms. */
  expiresAt: z.int().min(0).nullish(),
});

export interface HttpHookParts {
  /** The authenticator's name, for metrics and log. */
  readonly name: string;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  readonly metrics?: HookMetrics | undefined;
  readonly guard?: AddressGuard;
  /** Epoch ms. */
  readonly now?: () => number;
}

export function httpHook(config: HttpAuthenticatorConfig, parts: HttpHookParts): Authenticator {
  const { metrics, log, now = Date.now } = parts;

  /** By which the backend knows that this gateway asks. */
  const proof = (body: string): Record<string, string> => {
    const { bearer, hmac } = config;
    const seconds = Math.floor(now() / 1000);
    const signature = (key: string): string =>
      createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex');
    return {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(hmac === undefined ? {} : { 'x-dragoman-signature': `t=${seconds},v1=${signature(hmac)}` }),
    };
  };
  const caller = new HookCaller({
    name: parts.name,
    options: { ...config, secrets: config.secret ?? [] },
    guard: parts.guard ?? addressGuard(config.allowPrivate),
    headers: proof,
    metrics,
    log,
    now,
  });

  return {
    async authenticate(credential, context): Promise<Identity | undefined> {
      if (tokenOf(credential) === undefined) return undefined;
      try {
        const identity = await caller.ask(questionOf({ credential, ...context }));
        const { expiresAt } = identity ?? {};
        const isGood = identity !== undefined && (expiresAt === undefined || expiresAt > now());
        metrics?.count(caller.name, EVENT, isGood ? 'allowed' : 'refused');
        return isGood ? identity : undefined;
      } catch (error) {
        metrics?.count(caller.name, EVENT, error instanceof HookFailure ? error.fault : 'invalid_answer');
        throw new GatewayError('upstream_unavailable', { fatal: 'upstream_unavailable', cause: error });
      }
    },
    recheck: config.recheck === null ? undefined : { everyMs: config.recheck, graceMs: config.recheckGrace },
  };
}

/** A repeat says that it is one, by `attempt` from 2 on. */
function questionOf(asked: object): Question<Identity | undefined> {
  let attempt = 0;
  return {
    event: EVENT,
    id: `msg_${randomUUID()}`,
    body: () => JSON.stringify(++attempt === 1 ? asked : { ...asked, attempt }),
    read,
  };
}

/** @throws HookFailure: an answer that says nothing is none */
function read({ status, text }: BoundedAnswer): Identity | undefined {
  if (status === 401 || status === 403) return undefined;
  if (status !== 200) throw statusFailure(status);
  const { userId, name: shown, avatar: picture, expiresAt } = readAnswer(text, Answer);
  return {
    userId,
    name: shown ?? undefined,
    avatar: picture ?? undefined,
    expiresAt: expiresAt ?? undefined,
  };
}
