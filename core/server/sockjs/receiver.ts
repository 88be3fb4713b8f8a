/**
 * One HTTP response on which a session's frames go to the client: a poll, a streamed response, or an event
 * stream. It ends by itself after one frame (poll) or when its size limit is reached; the client then asks
 * again.
 */
import type { ServerResponse } from 'node:http';
import { eventFrame } from './framing.ts';

/** What tells the HTTP transports apart. */
export interface ReceiverForm {
  readonly contentType: string;
  /** Sent before the first frame, so that browsers start to hand out what they get. */
  readonly prelude: Buffer | undefined;
  /** A response carries one frame only. */
  readonly single: boolean;
  /** Puts a frame, which ends with a line feed, into the transport's own delimiters. */
  wrap(frame: Buffer): Buffer;
}

const asIs = (frame: Buffer): Buffer => frame;

export const RECEIVER_FORMS = {
  xhr: { contentType: 'application/javascript;charset=UTF-8', prelude: undefined, single: true, wrap: asIs },
  xhr_streaming: {
    contentType: 'application/javascript;charset=UTF-8',
    prelude: Buffer.from(`${'h'.repeat(2048)}\n`),
    single: false,
    wrap: asIs,
  },
  eventsource: {
    contentType: 'text/event-stream;charset=UTF-8',
    prelude: Buffer.from('\r\n'),
    single: false,
    wrap: eventFrame,
  },
} as const satisfies Record<string, ReceiverForm>;

/** What a receiver tells the session on it. */
export interface ReceiverOwner {
  /** Bytes have gone to the kernel. */
  flushed(): void;
  /**
   * The response is over; called once. `complete`: it was ended by us and the kernel has all of it; otherwise
   * the client broke it off, and what it carried may be lost.
   */
  receiverClosed(receiver: Receiver, complete: boolean): void;
}

export class Receiver {
  readonly #response: ServerResponse;
  readonly #form: ReceiverForm;
  readonly #owner: ReceiverOwner;
  #remainingBytes: number;
  #ended = false;

  /** `response` has its headers set and nothing sent; `maxBytes` counts frames, not the prelude. */
  constructor(response: ServerResponse, form: ReceiverForm, owner: ReceiverOwner, maxBytes: number) {
    this.#response = response;
    this.#form = form;
    this.#owner = owner;
    this.#remainingBytes = maxBytes;
    response.once('close', () => {
      this.#ended = true;
      owner.receiverClosed(this, response.writableFinished);
    });
    if (form.prelude !== undefined) response.write(form.prelude);
  }

  /** No further frame may be sent. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that the kernel has not taken. */
  get bufferedBytes(): number {
    return this.#response.writableLength;
  }

  send(frame: Buffer): void {
    const data = this.#form.wrap(frame);
    this.#remainingBytes -= data.length;
    if (this.#form.single) {
      // Without a write before it, `end` gives the response its content-length.
      this.#ended = true;
      this.#response.end(data, this.#flushed);
      return;
    }
    this.#response.write(data, this.#flushed);
    if (this.#remainingBytes <= 0) this.end();
  }

  /** Ends the response after what was sent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end();
  }

  /** Ends the response and its socket at once. */
  destroy(): void {
    this.#ended = true;
    this.#response.destroy();
  }

  readonly #flushed = (error?: Error | null): void => {
    if (!error) this.#owner.flushed();
  };
}
