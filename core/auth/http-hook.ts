/**
 * A backend that is asked who a credential belongs to. It fails closed: whoever can't be asked about is not
 * let in.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Credential } from '../../schemas/command.ts';
import type { HttpAuthenticatorConfig } from '../../schemas/config.ts';
import { Profile } from '../../schemas/model.ts';
import { GatewayError } from '../errors.ts';
import { type BoundedAnswer, boundedFetch } from './bounded-fetch.ts';
import { type Authenticator, type Identity, type LoginContext, tokenOf } from './port.ts';
import { Slots } from './slots.ts';

const { id, name, avatar } = Profile.unwrap().shape;

/** What the backend answers. Keys that it adds for its own use do no harm. */
const Answer = z.object({
  userId: id,
  name: name.nullish(),
  avatar: avatar.nullable(),
  /** Epoch ms. */
  expiresAt: z.int().min(0).nullish(),
});

const unavailable = (cause: unknown): GatewayError =>
  new GatewayError('upstream_unavailable', { fatal: 'upstream_unavailable', cause });

export function httpHook(config: HttpAuthenticatorConfig, now: () => number = Date.now): Authenticator {
  const slots = new Slots(config.concurrency, config.waiting);

  const ask = async (credential: Credential, context: LoginContext): Promise<BoundedAnswer> => {
    const body = JSON.stringify({ credential, ...context });
    return boundedFetch(config.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...proof(body) },
      body,
      timeoutMs: config.timeout,
      maxBytes: config.maxBytes,
    });
  };

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

  return {
    async authenticate(credential, context): Promise<Identity | undefined> {
      if (tokenOf(credential) === undefined) return undefined;
      let answer: BoundedAnswer;
      try {
        answer = await slots.take(() => ask(credential, context));
      } catch (error) {
        throw unavailable(error);
      }
      if (answer.status === 401 || answer.status === 403) return undefined;
      if (answer.status !== 200) throw unavailable(new Error(`the login hook answers ${answer.status}`));
      const identity = read(answer.text);
      const expired = identity.expiresAt !== undefined && identity.expiresAt <= now();
      return expired ? undefined : identity;
    },
    recheck: config.recheck === null ? undefined : { everyMs: config.recheck, graceMs: config.recheckGrace },
  };
}

/** @throws GatewayError upstream_unavailable: an answer that says nothing is none */
function read(text: string): Identity {
  try {
    const answer = Answer.parse(JSON.parse(text));
    return {
      userId: answer.userId,
      name: answer.name ?? undefined,
      avatar: answer.avatar ?? undefined,
      expiresAt: answer.expiresAt ?? undefined,
    };
  } catch (error) {
    throw unavailable(error);
  }
}
