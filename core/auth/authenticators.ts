/** The authenticators of a configuration, by name. */
import { isDeepStrictEqual } from 'node:util';
import type { AuthenticatorConfig } from '../../schemas/config.ts';
import type { Outbound } from '../outbound/caller.ts';
import { httpHook } from './http-hook.ts';
import { jwtAuthenticator } from './jwt.ts';
import type { Authenticator, Identity } from './port.ts';
import { staticTokens } from './static-tokens.ts';

/** Whoever vouched for somebody does so no more. */
const NOBODY: Authenticator = { authenticate: async () => undefined };

/** One name's authenticator, whatever the configuration in force says of it: logins ask it again by this. */
class Slot implements Authenticator {
  inner: Authenticator;

  constructor(inner: Authenticator) {
    this.inner = inner;
  }

  authenticate(
    ...[credential, context]: Parameters<Authenticator['authenticate']>
  ): Promise<Identity | undefined> {
    return this.inner.authenticate(credential, context);
  }

  get recheck(): Authenticator['recheck'] {
    return this.inner.recheck;
  }
}

/** The authenticators in force, by name. A reload changes what is behind a name. */
export class Authenticators {
  readonly #slots = new Map<string, Slot>();
  readonly #outbound: Outbound;
  #configs: Readonly<Record<string, AuthenticatorConfig>> = {};

  constructor(outbound: Outbound) {
    this.#outbound = outbound;
  }

  /** Those that an endpoint lists. */
  of(names: readonly string[]): readonly Authenticator[] {
    return names.map((name) => {
      const slot = this.#slots.get(name);
      if (slot === undefined) throw new Error(`no authenticator ${name}`);
      return slot;
    });
  }

  /**
   * Makes those that are new or changed; what it gives puts them into force.
   *
   * @throws Error that names the authenticator whose key can't be read
   */
  prepare(configs: Readonly<Record<string, AuthenticatorConfig>>): () => void {
    const different = Object.entries(configs).filter(
      ([name, config]) => !this.#slots.has(name) || !isDeepStrictEqual(config, this.#configs[name]),
    );
    const made = makeAuthenticators(Object.fromEntries(different), this.#outbound);
    // Endpoints are made with them before they are in force.
    for (const [name, authenticator] of made) {
      if (!this.#slots.has(name)) this.#slots.set(name, new Slot(authenticator));
    }
    return () => {
      this.#configs = configs;
      for (const [name, authenticator] of made) {
        const slot = this.#slots.get(name);
        if (slot !== undefined) this.#put(name, slot, authenticator);
      }
      for (const [name, slot] of this.#slots) {
        if (Object.hasOwn(configs, name)) continue;
        this.#put(name, slot, NOBODY);
        this.#slots.delete(name);
      }
    };
  }

  /** Logins that the one before is being asked about get its answer. */
  #put(name: string, slot: Slot, next: Authenticator): void {
    const { metrics } = this.#outbound;
    const { inner: before } = slot;
    slot.inner = next;
    if (before !== next && before.caller !== undefined) {
      before.caller.retire();
      metrics?.remove(name);
    }
    if (next.caller !== undefined) metrics?.add(next.caller);
  }

  /** Ends what is under way. */
  close(): void {
    for (const { inner } of this.#slots.values()) inner.caller?.close();
  }
}

/**
 * One authenticator for each name, shared by the endpoints that list it.
 *
 * @throws Error that names the authenticator whose key can't be read
 */
export function makeAuthenticators(
  configs: Readonly<Record<string, AuthenticatorConfig>>,
  outbound: Outbound,
): ReadonlyMap<string, Authenticator> {
  return new Map(
    Object.entries(configs).map(([name, config]) => {
      try {
        return [name, makeAuthenticator(config, name, outbound)];
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`authenticators.${name}: ${reason}`, { cause: error });
      }
    }),
  );
}

function makeAuthenticator(config: AuthenticatorConfig, name: string, outbound: Outbound): Authenticator {
  switch (config.type) {
    case 'static':
      return staticTokens(config.tokens);
    case 'jwt':
      return jwtAuthenticator(config, name, outbound);
    case 'http':
      return httpHook(config, name, outbound);
    default:
      return config satisfies never;
  }
}
