/** The client face: we are a STOMP client of an upstream server, be it a chat service or a general broker. */
import type {
  ClientSession,
  ConnectionContext,
  Effect,
  EndpointContext,
  Outcome,
} from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { explain, lost, NOTHING, READY, send } from '../../core/session-kit.ts';
import type { Command, CommandOf } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Destination, User } from '../../schemas/model.ts';
import {
  attendanceResult,
  closeAfter,
  DONE,
  failed,
  selfOf,
  settled,
  storedResult,
  unsupported,
} from './client-answers.ts';
import { type ChatCommand, chatOf, type PeerChat } from './client-chat.ts';
import { bareFrame, batchFrames, connectFrame, relayFrame, withHeader } from './client-frames.ts';
import { PeerMessages } from './client-messages.ts';
import { PeerSubscriptions } from './client-subscriptions.ts';
import { type Expected, Unanswered } from './client-unanswered.ts';
import { REPLACED, replacedClose } from './frames.ts';
import { agree, heartBeatTimers, outgoingTimer, readHeartBeat } from './heart-beat.ts';
import type { Options } from './options.ts';
import { readError } from './refusal.ts';
import { idleTimer } from './stall.ts';
import { type Link, rulesOf } from './version.ts';
import { HEART_BEAT, headerOf, protocolFault, type StompFrame } from './wire.ts';

type Effects = readonly Effect<StompFrame, Event>[];

export class StompClientSession implements ClientSession<StompFrame> {
  readonly #endpoint: EndpointContext<Options>;
  readonly #connection: ConnectionContext;
  readonly #link: Link;
  /** Runs out when a server has sent nothing for so long, paused reading aside. */
  readonly #idle: Effect<never, never>;
  readonly #subscriptions: PeerSubscriptions;
  readonly #messages: PeerMessages;
  readonly #chatAt: PeerChat;
  readonly #unanswered = new Unanswered();
  #state: 'connecting' | 'open' | 'leaving' | 'closed' = 'connecting';
  #outgoingMs = 0;
  /** The receipt of our DISCONNECT. */
  #farewell: string | undefined;
  #self: User;

  constructor(endpoint: EndpointContext<Options>, connection: ConnectionContext, link: Link) {
    this.#endpoint = endpoint;
    this.#connection = connection;
    this.#link = link;
    this.#idle = idleTimer(endpoint.options.frameTimeoutMs);
    this.#subscriptions = new PeerSubscriptions(endpoint.options.limits.unacked);
    this.#self = selfOf(endpoint, connection);
    this.#messages = new PeerMessages(endpoint, connection, this.#subscriptions);
    this.#chatAt = chatOf(endpoint, connection);
  }

  open(): Effects {
    const { silenceMs } = this.#endpoint.heartbeat;
    const effects: Effect<StompFrame, never>[] = [
      send(connectFrame(this.#endpoint, this.#connection)),
      this.#idle,
    ];
    if (silenceMs !== null)
      effects.push({ kind: 'timer', name: 'silence', afterMs: silenceMs, restart: 'received_or_pong' });
    return effects;
  }

  receive(frame: StompFrame): Effects {
    const { command } = frame;
    if (this.#state === 'closed' || command === 'heart-beat') return NOTHING;
    if (command === 'ERROR') return this.#refused(frame);
    if (this.#state === 'connecting') {
      if (command === 'CONNECTED') return this.#connected(frame);
      throw protocolFault('protocol_violation', `${command} before CONNECTED`);
    }
    switch (command) {
      case 'MESSAGE':
        return this.#received(frame);
      case 'RECEIPT':
        return this.#receipt(headerOf(frame, 'receipt-id') ?? '');
      default:
        throw protocolFault('protocol_violation', `${command} is not for a server to send now`);
    }
  }

  /** CONNECTED: version, heart-beats, who we are, and the queues that a chat client listens to. */
  #connected(frame: StompFrame): Effects {
    const version = headerOf(frame, 'version') ?? '1.0';
    if (rulesOf(version) === undefined)
      throw protocolFault('protocol_violation', 'the server chose a version that was not offered');
    const { heartBeat } = this.#endpoint.options;
    const agreed = agree(heartBeat, readHeartBeat(headerOf(frame, 'heart-beat')));
    this.#outgoingMs = agreed.outgoingMs;
    this.#state = 'open';
    const effects: Effect<StompFrame, Event>[] = [];
    const name = headerOf(frame, 'user-name');
    const id = name === undefined ? undefined : this.#connection.identity.toCanonical(name);
    if (name !== undefined && id !== undefined && id !== '') {
      const { namespace } = this.#endpoint;
      this.#self = { namespace, id, name };
      const value: Event = { type: 'authenticated', namespace, user: this.#self };
      effects.push({ kind: 'route', ref: this.#messages.nextRef(), value });
    }
    for (const subscribe of this.#chatAt.atLogin(this.#subscriptions, this.#self))
      effects.push(send(subscribe));
    effects.push(...heartBeatTimers(agreed), READY);
    return effects;
  }

  #received(frame: StompFrame): Effects {
    const refusal = this.#messages.refusalOf(frame);
    if (refusal === undefined) return this.#messages.receive(frame, this.#self, this.#link.rules);
    const settlements = this.#unanswered.refuse(refusal.messageId, refusal);
    return settlements.length > 0 ? settlements : [lost('error')];
  }

  #receipt(id: string): Effects {
    const settlements = this.#unanswered.answer(id, this.#messages.inboxCount);
    if (this.#state !== 'leaving' || id !== this.#farewell) return settlements;
    this.#state = 'closed';
    return [...settlements, { kind: 'close', reason: 'normal', text: 'DISCONNECT' }];
  }

  /** ERROR: the frame that it names has failed, and the server ends the connection [STOMP 1.2, ERROR]. */
  #refused(frame: StompFrame): Effects {
    const error = readError(frame, this.#state === 'connecting');
    const settlements = this.#unanswered.end(error, headerOf(frame, 'receipt-id'));
    const connecting = this.#state === 'connecting';
    this.#state = 'closed';
    if (headerOf(frame, 'message') === REPLACED) {
      const { namespace } = this.#endpoint;
      const value: Event = { type: 'session_replaced', namespace, user: this.#self };
      const ref = this.#messages.nextRef();
      return [...settlements, { kind: 'route', ref, value }, replacedClose];
    }
    return [...settlements, closeAfter(error, connecting, this.#endpoint.locale)];
  }

  deliver(command: Command, ref = 0): Effects {
    if (this.#state !== 'open') return [failed(ref, new GatewayError('upstream_unavailable'))];
    switch (command.type) {
      case 'authenticate':
        return [settled(ref, { type: 'authenticated', user: this.#self, anonymous: false })];
      case 'send_message':
      case 'revoke_message':
      case 'sync':
        return this.#chat(command, ref);
      case 'send_batch':
        return this.#batch(command, ref);
      case 'relay':
        if (command.target.type === 'user' || command.target.type === 'group')
          return unsupported(command, ref);
        return this.#ask(relayFrame(command, !this.#endpoint.options.upstream.chat), { ref, result: DONE });
      case 'subscribe':
      case 'unsubscribe':
        return this.#attend(command, command.target, ref);
      case 'join_group':
      case 'leave_group':
        return [
          ...this.#attend(command, { type: 'group', id: command.group }, ref),
          lost(command.type, 'attending'),
        ];
      case 'settle_delivery':
        return this.#settleDeliveries(command, ref);
      case 'disconnect':
        return this.#disconnect(ref);
      case 'mark_read':
      case 'list_users':
      case 'report_error':
        return unsupported(command, ref);
      default:
        return command satisfies never;
    }
  }

  #chat(command: ChatCommand, ref: number): Effects {
    if (!this.#chatAt.has(command)) return unsupported(command, ref);
    const messageId = this.#messageIdOf(command);
    const frame = this.#chatAt.frame(command, messageId, this.#self);
    if (frame === undefined) return [failed(ref, new GatewayError('recipient_unknown'))];
    switch (command.type) {
      case 'send_message':
        this.#noteSent(command, messageId);
        return this.#ask(frame, { ref, messageId, result: this.#stored(command, messageId) });
      case 'revoke_message':
        return this.#ask(frame, { ref, messageId, result: DONE });
      case 'sync': {
        const effects = this.#ask(frame, { ref, result: { type: 'synced', count: 0 } });
        return command.target === undefined ? effects : [...effects, lost('sync', 'target')];
      }
      default:
        return command satisfies never;
    }
  }

  #noteSent({ target }: CommandOf<'send_message'>, messageId: string): void {
    if (target.type === 'group') this.#messages.noteSent(this.#chatAt.placeOf(target), messageId);
  }

  #messageIdOf(command: ChatCommand): string {
    if (command.type === 'revoke_message') return command.message;
    return (command.type === 'send_message' ? command.clientId : undefined) ?? this.#connection.newId();
  }

  #stored(command: CommandOf<'send_message'>, messageId: string) {
    return storedResult(command, messageId, { user: this.#self, sentAt: this.#connection.now() });
  }

  #batch(command: CommandOf<'send_batch'>, ref: number): Effects {
    const batch = batchFrames(command, {
      name: `tx-${this.#unanswered.nextName()}`,
      toBroker: !this.#endpoint.options.upstream.chat,
      messageId: (item) => this.#messageIdOf(item),
      frame: (item, messageId) => this.#chatAt.frame(item, messageId, this.#self),
    });
    if (batch === undefined) return unsupported(command, ref);
    for (const { item, messageId } of batch.messages) this.#noteSent(item, messageId);
    const stored = batch.messages.map(({ item, messageId }) => this.#stored(item, messageId));
    return [
      ...batch.frames.map(send),
      ...this.#ask(batch.commit, { ref, result: { type: 'batch_stored', stored } }),
    ];
  }

  #attend(
    command: CommandOf<'subscribe' | 'unsubscribe' | 'join_group' | 'leave_group'>,
    target: Destination,
    ref: number,
  ): Effects {
    const { upstream } = this.#endpoint.options;
    const isChat = target.type === 'user' || target.type === 'group';
    const destination = isChat ? this.#chatAt.placeOf(target) : target.id;
    if (destination === undefined) return unsupported(command, ref);
    const result = attendanceResult(command, this.#self);
    const arrives = command.type === 'subscribe' || command.type === 'join_group';
    if (!arrives) {
      const frame = this.#subscriptions.remove(destination);
      return frame === undefined ? [settled(ref, result)] : this.#ask(frame, { ref, result });
    }
    if (this.#subscriptions.has(destination)) return [settled(ref, result)];
    const mode = isChat ? upstream.acknowledge : target.type === 'queue' ? 'client-individual' : 'auto';
    const subscribe = this.#subscriptions.add(
      destination,
      isChat && upstream.chat ? undefined : target,
      mode,
    );
    return this.#ask(subscribe, { ref, result });
  }

  #settleDeliveries({ deliveries, accepted }: CommandOf<'settle_delivery'>, ref: number): Effects {
    const frames = this.#subscriptions.acknowledge(deliveries, accepted, this.#link.rules);
    const last = frames.at(-1);
    if (last === undefined) return [settled(ref, DONE)];
    return [...frames.slice(0, -1).map(send), ...this.#ask(last, { ref, result: DONE })];
  }

  /** Sends a frame with a receipt, whose RECEIPT settles the command; or settles it at once. */
  #ask(frame: StompFrame, expected: Expected): Effects {
    if (!this.#endpoint.options.upstream.receipts)
      return [send(frame), settled(expected.ref, expected.result)];
    const receipt = this.#unanswered.add(expected, this.#messages.inboxCount);
    return [send(withHeader(frame, 'receipt', receipt))];
  }

  /** Every server answers this receipt: it is the only way to leave in order [STOMP 1.2, DISCONNECT]. */
  #disconnect(ref: number): Effects {
    this.#state = 'leaving';
    const receipt = this.#unanswered.add({ ref, result: DONE }, this.#messages.inboxCount);
    this.#farewell = receipt;
    return [send(bareFrame('DISCONNECT', [['receipt', receipt]]))];
  }

  /** Core has taken an event: in an ack mode, the server may forget its message. */
  settle(ref: number, outcome: Outcome): Effects {
    const frame = this.#messages.taken(ref, outcome.ok, this.#link.rules);
    return frame === undefined || this.#state !== 'open' ? NOTHING : [send(frame)];
  }

  fail(error: GatewayError): Effects {
    return error.fatal === undefined ? NOTHING : this.#end(error);
  }

  expire(timer: string): Effects {
    if (this.#state === 'closed') return NOTHING;
    switch (timer) {
      case 'frame':
        return this.#link.incompleteBytes > 0
          ? this.#end(protocolFault('frame_malformed', 'the frame did not end in time'))
          : [this.#idle];
      case 'heart-beat-out':
        return [send(HEART_BEAT), outgoingTimer(this.#outgoingMs)];
      case 'heart-beat-in':
      case 'silence':
        return this.#end(new GatewayError('silence'));
      default:
        return NOTHING;
    }
  }

  #end(error: GatewayError): Effects {
    this.#state = 'closed';
    const text = explain(error, this.#endpoint.locale);
    return [{ kind: 'close', reason: error.fatal ?? 'protocol_error', text }];
  }
}
