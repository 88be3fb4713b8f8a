/** A server's frames -> canonical, as the client's face understands them. */
import type { ConnectionContext } from '../../core/dialect.ts';
import { errorText, GatewayError, type Locale } from '../../core/errors.ts';
import type { EventOf } from '../../schemas/event.ts';
import type { Group, Message, User } from '../../schemas/model.ts';
import type { EndpointView } from './endpoint-view.ts';
import { errorCodeOf } from './error-codes.ts';
import type { Change, ChatFrame, ErrorFrame, ListedUser } from './wire.ts';

const LOCALES: readonly Locale[] = ['en', 'zh-CN'];

/** Reads for one connection: ids by its identity, times that the wire lacks by its clock. */
export class Reading {
  readonly #view: EndpointView;
  readonly #connection: ConnectionContext;

  constructor(view: EndpointView, connection: ConnectionContext) {
    this.#view = view;
    this.#connection = connection;
  }

  /** The wire has no message id and no sequence: the id is new, the sequence 1. */
  message(frame: ChatFrame): Message {
    const { namespace, options } = this.#view.endpoint;
    return {
      id: this.#connection.newId(),
      namespace,
      sequence: 1,
      from: this.user({ userId: frame.fromUserId, nickname: frame.fromNickname }),
      to:
        frame.toUserId === null
          ? { type: 'group', id: options.lobby }
          : { type: 'user', id: this.#canonical(frame.toUserId) },
      content: frame.content,
      contentType: 'text',
      sentAt: frame.at ?? this.#connection.now(),
    };
  }

  presence(change: Change): EventOf<'presence_changed'> {
    return {
      type: 'presence_changed',
      namespace: this.#view.endpoint.namespace,
      user: this.user(change),
      online: change.online,
      at: change.at ?? this.#connection.now(),
    };
  }

  user({ userId, nickname }: ListedUser): User {
    const id = this.#canonical(userId);
    return { namespace: this.#view.endpoint.namespace, id, name: nickname || id };
  }

  /** The dialect says no more of its group than that it is everybody's. */
  lobby(): Group {
    const { namespace, options } = this.#view.endpoint;
    return { namespace, id: options.lobby, name: options.lobby, description: '', createdAt: 0, open: true };
  }

  #canonical(wireId: number): string {
    return this.#connection.identity.toCanonical(String(wireId)) ?? String(wireId);
  }
}

/** A server's ERROR. It ends nothing by itself: the server closes if it means to. */
export function errorOf({ code: number, message }: ErrorFrame): GatewayError {
  const code = errorCodeOf(number);
  if (code === undefined) {
    return new GatewayError('internal', { fatal: null, detail: `upstream error ${number}: ${message}` });
  }
  const isOurs = LOCALES.some((locale) => errorText(code, locale) === message);
  return new GatewayError(code, isOurs ? { fatal: null } : { fatal: null, detail: message });
}
