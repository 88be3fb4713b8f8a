import type { Message, Target, User } from '../../schemas/model.ts';
import type { Conversation, Entry, MessageIds } from './memory-log.ts';
import { SEGMENT_ROWS, type Segment } from './memory-segment.ts';

/** A message of a segment, read where it lies. */
export class Row implements Entry {
  readonly #segment: Segment;
  readonly #row: number;

  constructor(segment: Segment, row: number) {
    this.#segment = segment;
    this.#row = row;
  }

  get place(): number {
    return this.#segment.number * SEGMENT_ROWS + this.#row;
  }

  get conversation(): Conversation {
    return this.#segment.conversation(this.#row);
  }

  get sequence(): number {
    return this.#segment.sequence(this.#row);
  }

  get from(): User {
    return this.#segment.author(this.#row);
  }

  get to(): Target {
    return this.#segment.target(this.#row);
  }

  get sentAt(): number {
    return this.#segment.sentAt(this.#row);
  }

  get bytes(): number {
    return this.#segment.contentBytes(this.#row);
  }

  get textBytes(): number {
    return this.#segment.textBytes(this.#row);
  }

  get ids(): MessageIds {
    return this.#segment.ids(this.#row);
  }

  get said(): string | undefined {
    return this.#segment.said(this.#row);
  }

  get revoked(): boolean {
    return this.#segment.isRevoked(this.#row);
  }

  set revoked(revoked: boolean) {
    this.#segment.revoke(this.#row, revoked);
  }

  get message(): Message {
    return this.#segment.message(this.#row);
  }
}
