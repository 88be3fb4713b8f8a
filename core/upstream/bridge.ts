/**
 * An endpoint in front of another server: the place of the hub for its connections. Every command of a client
 * passes `submit`, every event for it `#event`: whoever wants to watch a bridged conversation stands there.
 */
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Message } from '../../schemas/model.ts';
import { checkSender, speaker } from '../commands/permissions.ts';
import { checkRate, checkRates } from '../commands/rates.ts';
import { DONE, type Done } from '../commands/settlement.ts';
import type { Connection } from '../connection.ts';
import type { ConnectionHost, DeliveryStore } from '../connection-host.ts';
import type { WireMessage } from '../dialect.ts';
import type { ConnectedUser, Endpoint } from '../endpoint.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Hub } from '../hub.ts';
import { checkSize, settleDeliveries, watched } from './bridge-commands.ts';
import { BridgedClients } from './bridged-clients.ts';
import { Entrance, type LoginSteps } from './entrance.ts';
import type { LinkClient } from './link-parts.ts';
import { Numbers } from './numbers.ts';
import { SameWords } from './same-words.ts';
import type { Upstream } from './upstream.ts';
import type { Received } from './upstream-listener.ts';

export class Bridge implements ConnectionHost {
  readonly wheel: Hub['wheel'];
  readonly log: Hub['log'];
  readonly now: Hub['now'];
  readonly newId: Hub['newId'];
  readonly store: DeliveryStore;
  readonly upstream: Upstream;
  readonly #hub: Hub;
  readonly #endpoint: Endpoint;
  readonly #clients = new BridgedClients();
  readonly #words: SameWords;
  readonly #numbers: Numbers;
  readonly #entrance: Entrance;

  constructor(hub: Hub, endpoint: Endpoint, upstream: Upstream) {
    this.#hub = hub;
    this.#endpoint = endpoint;
    this.upstream = upstream;
    this.#words = new SameWords(endpoint.dialect, upstream, hub.log);
    this.#numbers = new Numbers(hub, endpoint);
    this.#entrance = new Entrance({
      hub,
      endpoint,
      upstream,
      clients: this.#clients,
      numbers: this.#numbers,
      clientOf: (connection, steps) => this.#clientOf(connection, steps),
    });
    this.wheel = hub.wheel;
    this.log = hub.log;
    this.now = hub.now;
    this.newId = hub.newId;
    this.store = {
      // What the client has is the server's to know, of this connection alone: another one of the same user has
      // deliveries of its own.
      confirm: (ranges, done, _waits, by) => {
        const { link } = this.#clients.of(by) ?? {};
        for (const { conversation, from, to } of ranges) link?.incoming.confirmed(conversation, from, to);
        done({ ok: true, value: undefined });
      },
      // What was missed is the server's to send again.
      missed: (_query, done) => done({ ok: true, value: { messages: [], next: undefined } }),
    };
  }

  /** Connections of one user here, for whoever ends them. */
  connectionsOf(namespace: string, user: string): readonly Connection[] {
    return [...this.#clients.ofUser(namespace, user)];
  }

  get overlays(): SameWords['overlays'] {
    return this.#words.overlays;
  }

  // --- ConnectionHost -----------------------------------------------------------------------------------

  submit(connection: Connection, command: Command, done: Done): void {
    try {
      this.#submit(connection, command, done);
    } catch (error) {
      done({ ok: false, error: toGatewayError(error) });
    }
  }

  ready(connection: Connection): void {
    const bridged = this.#clients.of(connection);
    bridged?.roster?.welcome();
    bridged?.link.incoming.flow();
  }

  isTracked(_message: Message, { anonymous }: ConnectedUser): boolean {
    return !anonymous && this.upstream.policy.confirmsUpstream === true;
  }

  unsaid(connection: Connection, message: Message): void {
    const { link } = this.#clients.of(connection) ?? {};
    link?.incoming.said(message);
  }

  mayReceive(connection: Connection): boolean {
    return this.#clients.of(connection)?.link.mayReceive ?? true;
  }

  drained(connection: Connection): void {
    this.#clients.of(connection)?.link.incoming.flow();
  }

  closed(connection: Connection): void {
    this.#clients.release(connection);
    this.#hub.closed(connection);
  }

  pass(connection: Connection, wire: WireMessage, error: GatewayError): boolean {
    const { link } = this.#clients.of(connection) ?? {};
    if (!this.#passes(error) || link === undefined) return false;
    try {
      // What no codec knows is a command all the same.
      checkRate(this.#hub, connection, 1);
      return link.passUp(wire);
    } catch (refusal) {
      connection.fault(refusal);
      return true;
    }
  }

  #passes({ code }: GatewayError): boolean {
    return this.#words.isSame && code === 'frame_unknown';
  }

  // --- commands -----------------------------------------------------------------------------------------

  #submit(connection: Connection, command: Command, done: Done): void {
    checkRates(this.#hub, connection, command);
    if (command.type === 'authenticate') {
      this.#entrance.authenticate(connection, command, done);
      return;
    }
    if (command.type === 'report_error') {
      connection.log.info(
        { code: command.code, text: command.message.slice(0, 200) },
        'the client reports an error',
      );
      done(DONE);
      return;
    }
    const bridged = this.#clients.of(connection);
    if (command.type === 'disconnect' && bridged === undefined) {
      done(DONE);
      return;
    }
    const user = speaker(connection);
    for (const said of command.type === 'send_batch' ? command.items : [command]) {
      if ('claimedSender' in said) checkSender(user, said.claimedSender);
    }
    if (bridged === undefined) throw new GatewayError('unauthenticated');
    checkSize(connection, bridged, command);
    if (command.type === 'settle_delivery') {
      settleDeliveries(connection, bridged, command, done);
      return;
    }
    const { link } = bridged;
    link.submit(command, watched(bridged, command, done), this.#words.besides(connection, link));
  }

  // --- the client's side of a link ------------------------------------------------------------------------

  #clientOf(connection: Connection, { up, ended }: LoginSteps): LinkClient {
    return {
      id: connection.id,
      policy: this.#endpoint.policy,
      sharesWords: this.#words.isSame && this.#endpoint.config.identity !== 'integer',
      get isCongested() {
        return connection.deliveries.isCongested;
      },
      prepare: (event) => this.#numbers.prepare(event),
      event: (event, received) => this.#event(connection, event, received),
      news: (event, received) => this.#news(connection, event, received),
      answer: (received, ok, say) => {
        const overlay = this.#words.down(connection, received, ok ? 'answer' : 'refusal');
        if (overlay === undefined) say();
        else connection.laid(overlay, say);
      },
      passes: (error) => this.#passes(error) && connection.deliveries.isReady,
      pass: (wire) => connection.pass(wire),
      lost: (type, fields, value) => this.#endpoint.metrics.countLoss(type, fields, value),
      pump: () => connection.pump(),
      up,
      ended,
    };
  }

  #event(connection: Connection, event: Event, received: Received | undefined): void {
    this.#words.lay(connection, event, received);
    this.#clients.of(connection)?.roster?.see(event);
    connection.deliveries.offer(event);
  }

  /** A message that others are told as well: what is made of it is kept for them. */
  #news(connection: Connection, event: Event, received: Received): void {
    this.#words.layForAll(connection, event, received);
    connection.deliveries.offer(event);
  }
}
