/** The hooks of a configuration, and which of them an endpoint, a message or a user's coming and going is for. */
import { isDeepStrictEqual } from 'node:util';
import type { Config, EndpointConfig, HookConfig, HookEvent } from '../../schemas/config.ts';
import type { Message, User } from '../../schemas/model.ts';
import { Caller, type Outbound } from '../outbound/caller.ts';
import type { OutboundMetrics } from '../outbound/metrics.ts';
import { Notifier } from './notifier.ts';
import { Screen } from './screen.ts';

/** Where something happened; without an endpoint it was not by a client. */
export interface Place {
  readonly namespace: string;
  readonly endpoint: string | undefined;
}

interface Hook {
  readonly config: HookConfig;
  readonly caller: Caller;
  readonly notifier: Notifier;
}

export interface HooksParts extends Outbound {
  readonly config: Pick<Config, 'hooks'>;
  readonly metrics: OutboundMetrics;
}

export class Hooks {
  readonly metrics: OutboundMetrics;
  readonly #parts: HooksParts;
  readonly #now: () => number;
  #hooks: readonly Hook[] = [];
  #afterMessage: readonly Hook[] = [];
  #presence: readonly Hook[] = [];
  /** Replaced, and still telling what they were to tell. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(parts: HooksParts) {
    this.#parts = parts;
    this.metrics = parts.metrics;
    this.#now = parts.now;
    this.reconfigure(parts.config);
  }

  /** Other hooks from now on. One of which the same is said goes on; the others tell what still waits, and end. */
  reconfigure({ hooks }: Pick<Config, 'hooks'>): void {
    const old = this.#hooks;
    this.#hooks = Object.entries(hooks).map(
      ([name, hook]) =>
        old.find(({ caller, config }) => caller.name === name && isDeepStrictEqual(config, hook)) ??
        this.#make(name, hook),
    );
    const those = (event: HookEvent) => this.#hooks.filter((hook) => hook.config.events.includes(event));
    this.#afterMessage = those('after_message');
    this.#presence = those('presence');
    for (const hook of old) if (!this.#hooks.includes(hook)) this.#dismiss(hook);
  }

  #make(name: string, config: HookConfig): Hook {
    const { metrics, log, now } = this.#parts;
    const caller = new Caller({
      name,
      options: { ...config, secrets: config.secret },
      outbound: this.#parts,
    });
    metrics.add(caller);
    return { config, caller, notifier: new Notifier({ caller, config, metrics, log, now }) };
  }

  /** Messages about which it is being asked wait for its answer. */
  #dismiss(hook: Hook): void {
    const { caller } = hook;
    if (!this.#hooks.some((other) => other.caller.name === caller.name)) this.metrics.remove(caller.name);
    const left = this.#end(hook).finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
    left.then(() => caller.retire());
  }

  #end({ notifier, config }: Hook): Promise<void> {
    return notifier.drain(config.drain);
  }

  /** Who is asked about messages from an endpoint; undefined: nobody, and nothing waits. */
  screenFor({
    path,
    namespace,
    limits,
  }: Pick<EndpointConfig, 'path' | 'namespace' | 'limits'>): Screen | undefined {
    const hooks = this.#hooks.filter(
      ({ config }) =>
        config.events.includes('before_message') && concerns(config, { namespace, endpoint: path }),
    );
    if (hooks.length === 0) return undefined;
    const { metrics } = this;
    return new Screen({ endpoint: path, maxContent: limits.content, hooks, metrics, now: this.#now });
  }

  /** Call it for each message that was stored, once. */
  stored(message: Message, endpoint: string | undefined): void {
    if (this.#afterMessage.length === 0) return;
    const place = { namespace: message.namespace, endpoint };
    tell(this.#afterMessage, 'after_message', place, () => ({ endpoint, message }));
  }

  /** Call it when a user's first connection has come or the last one has gone. */
  presence(user: User, online: boolean, endpoint: string): void {
    if (this.#presence.length === 0) return;
    const place = { namespace: user.namespace, endpoint };
    const at = this.#now();
    tell(this.#presence, 'presence', place, () => ({ endpoint, user, online, at }));
  }

  /** Tells what still waits, each hook for as long as its `drain` says, and ends. */
  async close(): Promise<void> {
    await Promise.all([...this.#hooks.map((hook) => this.#end(hook)), ...this.#leaving]);
    for (const { caller } of this.#hooks) caller.close();
  }
}

const concerns = ({ endpoints, namespaces }: HookConfig, { endpoint, namespace }: Place): boolean =>
  (endpoints === undefined || (endpoint !== undefined && endpoints.includes(endpoint))) &&
  (namespaces === undefined || namespaces.includes(namespace));

/** The text is made once for all of them. */
function tell(hooks: readonly Hook[], event: HookEvent, place: Place, data: () => object): void {
  let text: string | undefined;
  for (const { config, notifier } of hooks) {
    if (!concerns(config, place)) continue;
    text ??= JSON.stringify(data());
    notifier.tell(event, text);
  }
}
