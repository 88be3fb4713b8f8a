/**
 * The chat that we have sent to an upstream server and that it has not answered. Its echo is the ack, and an
 * ERROR names no message, so answers are matched:
 *
 * - an echo answers the oldest message with the same sender, recipient and content;
 * - echoes of one conversation come in the order of sending, so a message that was passed over was refused;
 * - an ERROR is kept until a message is passed over, or until there are as many ERRORs as messages.
 *
 * So no message is ever taken for stored without an echo of its own words, however ERRORs and echoes interleave.
 */
import { GatewayError } from '../../core/errors.ts';
import type { ChatFrame } from './wire.ts';

export interface Sent {
  readonly ref: number;
  readonly fromUserId: number;
  readonly toUserId: number | null;
  readonly content: string;
}

export interface Refused {
  readonly ref: number;
  readonly error: GatewayError;
}

/** Bounded by the commands in flight, which core bounds. */
export class Unanswered {
  #sent: readonly Sent[] = [];
  #errors: readonly GatewayError[] = [];

  get size(): number {
    return this.#sent.length;
  }

  add(sent: Sent): void {
    this.#sent = [...this.#sent, sent];
  }

  /** What an echo tells: which message it answers, if any, and which ones are refused by it. */
  echo(frame: ChatFrame): { readonly ref: number | undefined; readonly refused: readonly Refused[] } {
    const isConversation = (sent: Sent) =>
      sent.toUserId === frame.toUserId && sent.fromUserId === frame.fromUserId;
    const index = this.#sent.findIndex((sent) => isConversation(sent) && sent.content === frame.content);
    const answered = this.#sent[index];
    if (answered === undefined) return { ref: undefined, refused: [] };
    const passedOver = this.#sent.slice(0, index).filter(isConversation);
    this.#sent = this.#sent.filter((sent) => sent !== answered && !passedOver.includes(sent));
    return { ref: answered.ref, refused: [...this.#refuse(passedOver), ...this.#refuseAll()] };
  }

  /** What an ERROR tells. With nothing unanswered it is about something else, and tells nothing. */
  error(error: GatewayError): readonly Refused[] {
    if (this.#sent.length === 0) return [];
    this.#errors = [...this.#errors, error];
    return this.#refuseAll();
  }

  /** All that is left, if each of it has an ERROR. */
  #refuseAll(): readonly Refused[] {
    if (this.#errors.length < this.#sent.length) return [];
    const refused = this.#refuse(this.#sent);
    this.#sent = [];
    this.#errors = [];
    return refused;
  }

  #refuse(sent: readonly Sent[]): readonly Refused[] {
    const errors = this.#errors;
    this.#errors = errors.slice(sent.length);
    return sent.map(({ ref }, index) => ({
      ref,
      error: errors[index] ?? new GatewayError('internal', { fatal: null }),
    }));
  }
}
