/** The answers that carry an error or a yes: in the source's words where it has them, else the error table's. */
import type { Effects, EndpointContext } from '../../core/dialect.ts';
import type { GatewayError } from '../../core/errors.ts';
import { closeIfFatal, explain, send } from '../../core/session-kit.ts';
import type { SocketOptions } from './options.ts';
import type { RefusedFrame, SocketFrame } from './wire.ts';

export type Request = 'socket:subscribe' | 'socket:unsubscribe';

type AnswerEffects = Effects<SocketFrame, never>;

export class Answers {
  readonly #endpoint: EndpointContext<SocketOptions>;

  constructor(endpoint: EndpointContext<SocketOptions>) {
    this.#endpoint = endpoint;
  }

  granted(request: Request, channel: string): AnswerEffects {
    const event = request === 'socket:subscribe' ? 'socket:subscribed' : 'socket:unsubscribed';
    return [send(this.#endpoint.options.echoChannel ? { event, data: { channel } } : { event })];
  }

  /** `channel` is undefined where a broken request named none. */
  refused(request: Request, error: GatewayError, channel: string | undefined): AnswerEffects {
    const { locale, options } = this.#endpoint;
    const text = explain(error, locale);
    const data = options.echoChannel && channel !== undefined ? { error: text, channel } : { error: text };
    const frame: RefusedFrame = { event: `${request}.error`, data };
    return [send(frame), ...closeIfFatal(error, locale)];
  }

  /** An `error` event, and the close if the error ends the connection. */
  error(error: GatewayError, messageId?: string): AnswerEffects {
    const { locale } = this.#endpoint;
    const message = explain(error, locale);
    const data =
      messageId === undefined ? { code: error.code, message } : { code: error.code, message, messageId };
    return [send<SocketFrame>({ event: 'error', data }), ...closeIfFatal(error, locale)];
  }

  /** A login that failed always ends the connection. */
  loginFailed(error: GatewayError): AnswerEffects {
    const effects = this.error(error);
    if (error.fatal !== undefined) return effects;
    return [
      ...effects,
      { kind: 'close', reason: 'unauthenticated', text: explain(error, this.#endpoint.locale) },
    ];
  }
}
