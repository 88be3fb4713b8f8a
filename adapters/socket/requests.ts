/** What the client face has asked its server and is waiting to hear of. */
import type { ConnectionContext, Effects, Outcome } from '../../core/dialect.ts';
import type { GatewayError } from '../../core/errors.ts';
import { explain, lost, NOTHING } from '../../core/session-kit.ts';
import type { CommandOf } from '../../schemas/command.ts';
import type { Destination, Group, Message, User } from '../../schemas/model.ts';
import type { Result } from '../../schemas/outcome.ts';
import { errorOf, errorOfText } from './upstream-errors.ts';
import type { ServerEvents } from './wire.ts';

type Subscribing = CommandOf<'subscribe' | 'join_group'>;
type Unsubscribing = CommandOf<'unsubscribe' | 'leave_group'>;

interface Asked {
  readonly command: Subscribing | Unsubscribing;
  readonly target: Destination;
  readonly ref: number | undefined;
}

interface Sent {
  readonly command: CommandOf<'send_message'>;
  readonly ref: number | undefined;
}

type Settlements = Effects<never, never>;

/** Bounded, because core bounds the commands in flight. */
export class Requests {
  readonly #namespace: string;
  readonly #connection: ConnectionContext;
  /** The answers carry no channel: they come strictly in order. */
  readonly #subscribing: Asked[] = [];
  readonly #unsubscribing: Asked[] = [];
  /** By the id on the wire; several only where one id is sent again before it was answered. */
  readonly #sent = new Map<string, Sent[]>();
  #selfId: string | undefined;

  constructor(namespace: string, connection: ConnectionContext) {
    this.#namespace = namespace;
    this.#connection = connection;
  }

  asked(command: Subscribing | Unsubscribing, target: Destination, ref: number | undefined): void {
    if (target.type === 'user') this.#selfId = target.id;
    const joins = command.type === 'subscribe' || command.type === 'join_group';
    (joins ? this.#subscribing : this.#unsubscribing).push({ command, target, ref });
  }

  sent(id: string, command: CommandOf<'send_message'>, ref: number | undefined): void {
    const waiting = this.#sent.get(id);
    if (waiting === undefined) this.#sent.set(id, [{ command, ref }]);
    else waiting.push({ command, ref });
  }

  granted(event: 'socket:subscribed' | 'socket:unsubscribed'): Settlements {
    const asked = (event === 'socket:subscribed' ? this.#subscribing : this.#unsubscribing).shift();
    return asked === undefined
      ? [lost(event)]
      : settled(asked.ref, { ok: true, result: this.#granted(asked) });
  }

  refused(event: 'socket:subscribe.error' | 'socket:unsubscribe.error', text: string): Settlements {
    const asked = (event === 'socket:subscribe.error' ? this.#subscribing : this.#unsubscribing).shift();
    return asked === undefined ? [lost(event)] : settled(asked.ref, { ok: false, error: errorOfText(text) });
  }

  acknowledged(id: string): Settlements {
    const sent = this.#takeSent(id);
    if (sent === undefined) return [lost('ack')];
    const message = this.#stored(id, sent.command);
    return settled(sent.ref, { ok: true, result: { type: 'stored', message, duplicate: false } });
  }

  /** An error without a message is about the login, which ends the connection, or about nothing that we wait for. */
  failed({ code, message, messageId }: ServerEvents['error']): Settlements {
    const error: GatewayError = errorOf(code, message);
    const sent = messageId === undefined ? undefined : this.#takeSent(messageId);
    if (sent !== undefined) return settled(sent.ref, { ok: false, error });
    switch (error.code) {
      case 'unauthenticated':
      case 'token_invalid':
        return [{ kind: 'close', reason: 'unauthenticated', text: explain(error, 'en') }];
      case 'token_expired':
        return [{ kind: 'close', reason: 'token_expired', text: explain(error, 'en') }];
      default:
        return [lost('error')];
    }
  }

  #takeSent(id: string): Sent | undefined {
    const waiting = this.#sent.get(id);
    const sent = waiting?.shift();
    if (waiting?.length === 0) this.#sent.delete(id);
    return sent;
  }

  #granted({ command, target }: Asked): Result {
    switch (command.type) {
      case 'subscribe':
        return { type: 'subscribed', target };
      case 'unsubscribe':
        return { type: 'unsubscribed', target };
      case 'join_group': {
        const user = this.#self(command.claimedSender);
        return { type: 'joined', group: this.#group(command.group), user, attending: [user] };
      }
      case 'leave_group':
        return { type: 'left', group: this.#group(command.group), user: this.#self(command.claimedSender) };
    }
    return command satisfies never;
  }

  /** The ack says only that it is stored; all else is as we sent it. */
  #stored(id: string, command: CommandOf<'send_message'>): Message {
    const { clientId, target, content, contentType, replyTo } = command;
    return {
      id,
      ...(clientId === undefined ? {} : { clientId }),
      namespace: this.#namespace,
      sequence: 1,
      from: this.#self(command.claimedSender),
      to: target,
      content,
      contentType,
      sentAt: this.#connection.now(),
      ...(replyTo === undefined ? {} : { replyTo }),
    };
  }

  /** The dialect never says who we are: known from what was claimed, or from the inbox that we subscribed. */
  #self(claimed: string | undefined): User {
    for (const credential of this.#connection.credentials) {
      if (credential.kind === 'claim') return { namespace: this.#namespace, ...credential.user };
    }
    const id = claimed ?? this.#selfId ?? this.#connection.id;
    return { namespace: this.#namespace, id, name: id };
  }

  #group(id: string): Group {
    return { namespace: this.#namespace, id, name: id, description: '', createdAt: 0, open: true };
  }
}

const settled = (ref: number | undefined, outcome: Outcome): Settlements =>
  ref === undefined ? NOTHING : [{ kind: 'settled', ref, outcome }];
