/** The server face: one STOMP client's protocol state. */
import type {
  ConnectionContext,
  Effect,
  EndpointContext,
  Outcome,
  ServerSession,
} from '../../core/dialect.ts';
import { GatewayError } from '../../core/errors.ts';
import { explain, NOTHING, Pending, READY } from '../../core/session-kit.ts';
import type { Command } from '../../schemas/command.ts';
import type { Event, EventOf } from '../../schemas/event.ts';
import type { ResultOf } from '../../schemas/outcome.ts';
import { Attendance } from './attendance.ts';
import type { MessageSayer } from './chat.ts';
import { Deliveries } from './deliveries.ts';
import type { Destinations } from './destinations.ts';
import { goingAway, receiptFor, replaced } from './frames.ts';
import { heartBeatTimers, outgoingTimer } from './heart-beat.ts';
import { LOST_FIELDS, readSendFrame, type SendDesk } from './inbound.ts';
import { connectedFrame, fatalLogin, type LoginRequest, readConnect } from './login.ts';
import type { Options } from './options.ts';
import { Outbound } from './outbound.ts';
import { QUIET, type Waiting } from './pending.ts';
import { errorBody, errorFrame } from './refusal.ts';
import { LATE, lateOr, Settlement } from './settlement.ts';
import { Stall } from './stall.ts';
import { automatic, Subscriptions } from './subscriptions.ts';
import { Transactions } from './transactions.ts';
import type { Link } from './version.ts';
import { HEART_BEAT, optionalHeader, protocolFault, type StompFrame } from './wire.ts';

type Effects = readonly Effect<StompFrame, Command>[];

/** What all connections of an endpoint share. */
export interface EndpointParts {
  readonly endpoint: EndpointContext<Options>;
  readonly destinations: Destinations;
  readonly sayer: MessageSayer;
}

type State = 'fresh' | 'logging_in' | 'open' | 'leaving' | 'closed';

export class StompServerSession implements ServerSession<StompFrame> {
  readonly #endpoint: EndpointContext<Options>;
  readonly #parts: EndpointParts;
  readonly #connection: ConnectionContext;
  readonly #link: Link;
  readonly #pending = new Pending<Waiting>();
  readonly #subscriptions = new Subscriptions();
  readonly #transactions: Transactions;
  readonly #attendance: Attendance;
  readonly #settlement: Settlement;
  readonly #outbound: Outbound;
  readonly #stall: Stall;
  #state: State = 'fresh';
  #login: LoginRequest | undefined;
  #desk: SendDesk | undefined;
  #farewell: string | undefined;

  constructor(parts: EndpointParts, connection: ConnectionContext, link: Link) {
    const { limits, frameTimeoutMs } = parts.endpoint.options;
    this.#endpoint = parts.endpoint;
    this.#parts = parts;
    this.#connection = connection;
    this.#link = link;
    this.#transactions = new Transactions(limits);
    this.#stall = new Stall(link, frameTimeoutMs);
    const deliveries = new Deliveries(limits.unacked);
    const shared = { link, pending: this.#pending, subscriptions: this.#subscriptions };
    this.#attendance = new Attendance({ ...shared, limit: limits.subscriptions });
    this.#settlement = new Settlement(this.#pending, { deliveries, transactions: this.#transactions }, link);
    this.#outbound = new Outbound({ ...shared, connection, deliveries, sayer: parts.sayer });
  }

  open(): Effects {
    const { silenceMs } = this.#endpoint.heartbeat;
    if (silenceMs === null) return [this.#stall.timer];
    return [
      this.#stall.timer,
      { kind: 'timer', name: 'silence', afterMs: silenceMs, restart: 'received_or_pong' },
    ];
  }

  receive(frame: StompFrame): Effects {
    if (this.#state === 'leaving' || this.#state === 'closed') return NOTHING;
    if (frame.command === 'heart-beat') return NOTHING;
    const receipt = optionalHeader(frame, 'receipt');
    try {
      return this.#handle(frame, receipt);
    } catch (thrown) {
      const error = expected(thrown);
      // A refused frame of a transaction takes the transaction with it: see Transactions.
      const alone = optionalHeader(frame, 'transaction') === undefined;
      return alone ? this.#refuse(error, receipt, error.messageId) : this.#end(error, receipt);
    }
  }

  #handle(frame: StompFrame, receipt: string | undefined): Effects {
    const { command } = frame;
    if (command === 'CONNECT' || command === 'STOMP') return this.#connect(frame, receipt);
    const desk = this.#desk;
    if (desk === undefined)
      throw new GatewayError('unauthenticated', {
        fatal: 'unauthenticated',
        detail: 'CONNECT comes first',
      });
    switch (command) {
      case 'SEND':
        return this.#send(frame, receipt, desk);
      case 'SUBSCRIBE':
        return this.#attendance.subscribe(frame, receipt, desk);
      case 'UNSUBSCRIBE':
        return this.#attendance.unsubscribe(frame, receipt, desk);
      case 'ACK':
        return this.#settlement.acknowledge(frame, receipt, true);
      case 'NACK':
        if (!this.#link.rules.nack) throw protocolFault('frame_unknown', 'there is no NACK in STOMP 1.0');
        return this.#settlement.acknowledge(frame, receipt, false);
      case 'BEGIN':
        this.#transactions.begin(frame);
        return receiptFor(receipt);
      case 'COMMIT':
        return this.#settlement.commit(frame, receipt);
      case 'ABORT':
        this.#transactions.end(frame);
        return receiptFor(receipt);
      case 'DISCONNECT':
        this.#state = 'leaving';
        this.#farewell = receipt;
        return [this.#route({ kind: 'disconnect' }, { type: 'disconnect' })];
      case 'CONNECTED':
      case 'MESSAGE':
      case 'RECEIPT':
      case 'ERROR':
      case 'heart-beat':
        throw protocolFault('protocol_violation', `${command} is for the server to send`);
      default:
        return command satisfies never;
    }
  }

  #route(waiting: Waiting, value: Command): Effect<StompFrame, Command> {
    return { kind: 'route', ref: this.#pending.add(waiting), value };
  }

  #connect(frame: StompFrame, receipt: string | undefined): Effects {
    if (this.#state !== 'fresh') throw protocolFault('protocol_violation', 'CONNECT comes once');
    this.#login = readConnect(frame, this.#endpoint, this.#connection);
    this.#state = 'logging_in';
    const { credentials } = this.#login;
    return [this.#route({ kind: 'login', receipt }, { type: 'authenticate', credentials })];
  }

  #connected(login: LoginRequest, { user, anonymous }: ResultOf<'authenticated'>): Effects {
    this.#state = 'open';
    this.#desk = {
      identity: this.#connection.identity,
      appId: this.#endpoint.options.appId,
      destinations: this.#parts.destinations,
      user: user.id,
      anonymous,
    };
    const effects: Effect<StompFrame, Command>[] = [
      { kind: 'send', frame: connectedFrame(login, user, this.#connection) },
      READY,
      ...heartBeatTimers(login.agreed),
    ];
    if (this.#endpoint.options.autoSubscribe && !anonymous) {
      this.#subscriptions.addAutomatic(automatic(login.rules));
      effects.push(this.#route(QUIET, { type: 'subscribe', target: { type: 'user', id: user.id } }));
    }
    return effects;
  }

  #send(frame: StompFrame, receipt: string | undefined, desk: SendDesk): Effects {
    const transactionId = optionalHeader(frame, 'transaction');
    const transaction =
      transactionId === undefined ? undefined : this.#transactions.join(transactionId, frame);
    const { command, messageId, unknownFields } = readSendFrame(frame, desk);
    if (command.type === 'sync' && this.#subscriptions.inbox.length === 0)
      throw new GatewayError('not_subscribed', { detail: 'subscribe to /user/queue/messages first' });
    const dropped = unknownFields ? [LOST_FIELDS] : NOTHING;
    if (transaction === undefined)
      return [this.#route({ kind: 'frame', receipt, messageId }, command), ...dropped];
    if (command.type === 'sync')
      throw new GatewayError('unsupported', { detail: 'chat.sync cannot be part of a transaction' });
    transaction.items.push(command);
    if (receipt !== undefined) transaction.receipts.push(receipt);
    return dropped;
  }

  settle(ref: number, outcome: Outcome): Effects {
    const waiting = this.#pending.take(ref);
    if (waiting === undefined || this.#state === 'closed') return NOTHING;
    const effects = outcome.ok ? this.#settled(waiting, outcome) : this.#failed(waiting, outcome.error);
    return this.#state === 'leaving' && this.#pending.size === 0 ? [...effects, ...this.#leave()] : effects;
  }

  #settled(waiting: Waiting, { result }: Extract<Outcome, { ok: true }>): Effects {
    switch (waiting.kind) {
      case 'login':
        if (this.#login === undefined || result.type !== 'authenticated') return NOTHING;
        return [...this.#connected(this.#login, result), ...receiptFor(waiting.receipt)];
      case 'frame':
      case 'acknowledgement':
      case 'subscribe':
        return receiptFor(waiting.receipt);
      case 'batch':
        return this.#settlement.batchStored(waiting.transaction);
      case 'commit':
        return this.#settlement.acknowledged(waiting.committing);
      case 'quiet':
      case 'disconnect':
        return NOTHING;
      default:
        return waiting satisfies never;
    }
  }

  #failed(waiting: Waiting, error: GatewayError): Effects {
    switch (waiting.kind) {
      case 'login':
        return this.#end(error.fatal === undefined ? fatalLogin(error) : error, waiting.receipt);
      case 'frame':
        return this.#refuse(error, waiting.receipt, waiting.messageId ?? error.messageId);
      case 'subscribe':
        this.#subscriptions.remove(waiting.subscription.id);
        return this.#refuse(error, waiting.receipt, undefined);
      case 'batch':
        return this.#refuse(error, waiting.receipt, error.messageId);
      case 'acknowledgement':
        return lateOr(error, waiting.receipt) ?? this.#refuse(error, waiting.receipt, undefined);
      case 'commit':
        return lateOr(error, undefined) === undefined
          ? this.#end(error, waiting.committing.receipts.at(-1))
          : [LATE, ...this.#settlement.acknowledged(waiting.committing)];
      case 'quiet':
      case 'disconnect':
        return error.fatal === undefined ? NOTHING : this.#end(error, undefined);
      default:
        return waiting satisfies never;
    }
  }

  /** [STOMP 1.2, DISCONNECT]: its receipt says that everything before it was taken care of. */
  #leave(): Effects {
    this.#state = 'closed';
    return [...receiptFor(this.#farewell), { kind: 'close', reason: 'normal', text: 'DISCONNECT' }];
  }

  deliver(event: Event): Effects {
    if (event.type === 'session_replaced' || event.type === 'going_away') return this.#goodbye(event);
    if (this.#state !== 'open') return NOTHING;
    try {
      return this.#outbound.say(event);
    } catch (thrown) {
      return this.#refuse(expected(thrown), undefined, undefined);
    }
  }

  #goodbye(event: EventOf<'session_replaced' | 'going_away'>): Effects {
    if (this.#state === 'closed') return NOTHING;
    this.#state = 'closed';
    return event.type === 'going_away' ? goingAway(event) : replaced;
  }

  fail(error: GatewayError): Effects {
    return this.#refuse(error, error.salvaged?.receipt, error.messageId);
  }

  expire(timer: string): Effects {
    if (this.#state === 'closed') return NOTHING;
    switch (timer) {
      case 'frame':
        return this.#stall.isStalled(this.#pending.size > 0)
          ? this.#end(protocolFault('frame_malformed', 'the frame did not end in time'), undefined)
          : [this.#stall.timer];
      case 'heart-beat-out':
        return [{ kind: 'send', frame: HEART_BEAT }, outgoingTimer(this.#login?.agreed.outgoingMs ?? 0)];
      case 'heart-beat-in':
      case 'silence':
        return this.#end(new GatewayError('silence'), undefined);
      default:
        return NOTHING;
    }
  }

  fanoutKey(event: Event): string | undefined {
    return this.#state === 'open' ? this.#outbound.fanoutKey(event) : undefined;
  }

  /**
   * A business refusal goes to the errors queue of a client that listens there and asked for no receipt.
   * Everything else is an ERROR, which ends the connection [STOMP 1.2, ERROR].
   */
  #refuse(error: GatewayError, receipt: string | undefined, messageId: string | undefined): Effects {
    if (this.#state === 'closed') return NOTHING;
    const quiet = error.fatal === undefined && receipt === undefined;
    if (!quiet || this.#subscriptions.errors.length === 0) return this.#end(error, receipt);
    return this.#outbound.refusal(errorBody(error, this.#endpoint.locale, messageId));
  }

  #end(error: GatewayError, receipt: string | undefined): Effects {
    if (this.#state === 'closed') return NOTHING;
    this.#state = 'closed';
    const { locale } = this.#endpoint;
    const version = error.salvaged?.version;
    const extra = version === undefined ? NOTHING : ([['version', version]] as const);
    return [
      { kind: 'send', frame: errorFrame(error, locale, receipt, extra) },
      { kind: 'close', reason: error.fatal ?? 'protocol_error', text: explain(error, locale) },
    ];
  }
}

/** What isn't a GatewayError is a fault of ours: core logs it and calls `fail`. */
function expected(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  throw thrown;
}
