/**
 * The `authenticate` hook: a backend that is asked who a credential belongs to. It fails closed: whoever can't be
 * asked about is not let in.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { HttpAuthenticatorConfig } from '../../schemas/config.ts';
import { Profile } from '../../schemas/model.ts';
import { GatewayError } from '../errors.ts';
import { readAnswer } from '../outbound/answer.ts';
import type { BoundedAnswer } from '../outbound/bounded-fetch.ts';
import { Caller, type Outbound } from '../outbound/caller.ts';
import { CallFailure, statusFailure } from '../outbound/failure.ts';
import { plainQuestion } from '../outbound/question.ts';
import { type Authenticator, type Identity, tokenOf } from './port.ts';

const EVENT = 'authenticate';
const profile = Profile.unwrap().shape;

/** What the backend answers. Keys that it adds for its own use do no harm. */
const Answer = z.object({
  userId: profile.id,
  name: profile.name.nullish(),
  avatar: profile.avatar.nullable(),
  /** Epoch ms. */
  expiresAt: z.int().min(0).nullish(),
});

/** `name` is the authenticator's. */
export function httpHook(config: HttpAuthenticatorConfig, name: string, outbound: Outbound): Authenticator {
  const { metrics, now } = outbound;

  /** By which the backend knows that this gateway asks. */
  const proof = (body: string): Record<string, string> => {
    const { hmac } = config;
    if (hmac === undefined) return {};
    const seconds = Math.floor(now() / 1000);
    const signature = createHmac('sha256', hmac).update(`${seconds}.${body}`).digest('hex');
    return { 'x-dragoman-signature': `t=${seconds},v1=${signature}` };
  };
  const caller = new Caller({
    name,
    options: { ...config, secrets: config.secret ?? [] },
    outbound,
    headers: proof,
  });

  return {
    caller,
    async authenticate(credential, context): Promise<Identity | undefined> {
      if (tokenOf(credential) === undefined) return undefined;
      try {
        const identity = await caller.ask(plainQuestion(EVENT, { credential, ...context }, read));
        const { expiresAt } = identity ?? {};
        const isGood = identity !== undefined && (expiresAt === undefined || expiresAt > now());
        metrics?.count(caller.name, EVENT, isGood ? 'allowed' : 'refused');
        return isGood ? identity : undefined;
      } catch (error) {
        metrics?.count(caller.name, EVENT, error instanceof CallFailure ? error.fault : 'invalid_answer');
        throw new GatewayError('upstream_unavailable', { fatal: 'upstream_unavailable', cause: error });
      }
    },
    recheck: config.recheck === null ? undefined : { everyMs: config.recheck, graceMs: config.recheckGrace },
  };
}

/** @throws CallFailure: an answer that says nothing is none */
function read({ status, text }: BoundedAnswer): Identity | undefined {
  if (status === 401 || status === 403) return undefined;
  if (status !== 200) throw statusFailure(status);
  const { userId, name, avatar, expiresAt } = readAnswer(text, Answer);
  return {
    userId,
    name: name ?? undefined,
    avatar: avatar ?? undefined,
    expiresAt: expiresAt ?? undefined,
  };
}
