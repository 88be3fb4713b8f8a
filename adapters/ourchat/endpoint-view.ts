/** What all sessions of one endpoint have in common: their options made ready, and what was last said to any of them. */
import type { EndpointContext } from '../../core/dialect.ts';
import type { EventOf } from '../../schemas/event.ts';
import { FORMS } from './codec.ts';
import { LocalTime } from './local-time.ts';
import type { Options } from './options.ts';
import type { WireForm } from './wire.ts';

type UserListEvent = EventOf<'user_list'>;
type PresenceEvent = EventOf<'presence_changed'>;

/**
 * A message names its recipient by id only, but CHAT shows a nickname: the names of the last user list serve.
 * They are kept once per endpoint, not per connection, so that a list of n users costs n entries and not n².
 * It makes no difference which session shows an event here first.
 */
export class EndpointView {
  readonly endpoint: EndpointContext<Options>;
  readonly form: WireForm;
  readonly time: LocalTime;
  #names: ReadonlyMap<string, string> = new Map();
  #list: UserListEvent | undefined;
  #change: PresenceEvent | undefined;

  constructor(endpoint: EndpointContext<Options>) {
    this.endpoint = endpoint;
    this.form = FORMS[endpoint.options.variant];
    this.time = new LocalTime(endpoint.options.timeZone);
  }

  /** The last change of presence that any session here was told of. */
  get change(): PresenceEvent | undefined {
    return this.#change;
  }

  seeChange(event: PresenceEvent): void {
    this.#change = event;
  }

  seeList(event: UserListEvent): void {
    if (event === this.#list) return;
    this.#list = event;
    this.#names = new Map([...event.online, ...event.offline].map(({ id, name }) => [id, name]));
  }

  /** The name of a user of the last list; undefined if it is not known or empty. */
  nameOf(userId: string): string | undefined {
    return this.#names.get(userId) || undefined;
  }
}
