/** Numbers for the users whom a server speaks of, where the clients' wire has numbers. */
import type { Event } from '../../schemas/event.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Hub } from '../hub.ts';
import { assignInteger } from '../numbering.ts';
import { peopleOf } from './people.ts';

export class Numbers {
  readonly #hub: Hub;
  readonly #endpoint: Endpoint;

  constructor(hub: Hub, endpoint: Endpoint) {
    this.#hub = hub;
    this.#endpoint = endpoint;
  }

  /** Numbers for whoever has none for good yet, where the client's wire has numbers. */
  prepare(event: Event): Promise<void> | undefined {
    if (this.#endpoint.config.identity !== 'integer') return undefined;
    const { identities } = this.#hub;
    const { namespace } = this.#endpoint;
    const unknown = peopleOf(event).filter((id) => !identities.isDurable(namespace, id));
    return unknown.length === 0 ? undefined : this.assign([...new Set(unknown)]);
  }

  /** @throws GatewayError store_unavailable: one could not be made durable */
  async assign(ids: readonly string[]): Promise<void> {
    const { namespace } = this.#endpoint;
    // A number that somebody has at the server already is theirs here too, if it is free.
    for (const id of ids) await assignInteger(this.#hub, namespace, id);
  }
}
