/**
 * A run of messages in memory, outside of the garbage collector's care: texts as UTF-8 in one buffer, numbers in typed
 * arrays. An object for each message would be visited and moved by every collection as long as it is kept.
 */
import { Buffer } from 'node:buffer';
import type { Message, Target, User } from '../../schemas/model.ts';
import type { Mutable } from '../mutable.ts';
import type { Conversation, MessageIds } from './memory-log.ts';

/** Messages of one segment. */
export const SEGMENT_ROWS = 512;
const CHUNK_BYTES = 128 * 1024;
/** A text that may take more gets a chunk of its own. */
const LARGE_TEXT_BYTES = CHUNK_BYTES / 4;
/** UTF-8 bytes that a UTF-16 unit takes at most. */
const MAX_UNIT_BYTES = 3;

/** Whole numbers of a row, all below 2^31. */
const CHUNK = 0;
const START = 1;
/** UTF-8 bytes of the two ids, then of the rest and the content. */
const HEAD_BYTES = 2;
const BODY_BYTES = 3;
/** UTF-16 units. */
const ID_LENGTH = 4;
const REST_LENGTH = 5;
const CONTENT_BYTES = 6;
const TYPE = 7;
const REVOKED = 8;
const NUMBERS = 9;
/** Whole numbers that may be larger. */
const SEQUENCE = 0;
const SENT_AT = 1;
const LARGE_NUMBERS = 2;

/** What its numbers and references take, and its places in the indexes of ids. */
const ROW_BYTES = NUMBERS * 4 + LARGE_NUMBERS * 8 + 3 * 8 + 2 * 8;
/** Of all numbers of a segment. */
const LARGE_BYTES = SEGMENT_ROWS * LARGE_NUMBERS * 8;
const NUMBER_BYTES = SEGMENT_ROWS * NUMBERS * 4;
/** What an empty segment takes. */
export const SEGMENT_BYTES = SEGMENT_ROWS * ROW_BYTES + CHUNK_BYTES;
const USER_BYTES = 160;
const TYPE_BYTES = 32;

type Rest = Pick<Message, 'replyTo' | 'attachment' | 'extensions'> & { readonly said?: string | undefined };

const NOBODY = undefined as unknown as User;
const NOWHERE = undefined as unknown as Target;
const NONE = undefined as unknown as Conversation;

/** What a segment was like before messages were added to it. */
export interface SegmentMark {
  readonly size: number;
  readonly bytes: number;
  readonly chunks: number;
  readonly chunk: number;
  readonly used: number;
  readonly users: number;
  readonly types: number;
}

export class Segment {
  /** Which one it is: place of its first message by `SEGMENT_ROWS`. */
  number = 0;
  /** Messages in it. */
  size = 0;
  /** What it holds, estimated for what is not text. */
  bytes = SEGMENT_BYTES;
  /** Its numbers and its first chunk, with anything in them before messages are. */
  readonly memory = Buffer.allocUnsafeSlow(LARGE_BYTES + NUMBER_BYTES + CHUNK_BYTES);
  readonly #large = new Float64Array(this.memory.buffer, 0, SEGMENT_ROWS * LARGE_NUMBERS);
  readonly #numbers = new Int32Array(this.memory.buffer, LARGE_BYTES, SEGMENT_ROWS * NUMBERS);
  readonly #conversations = new Array<Conversation>(SEGMENT_ROWS).fill(NONE);
  readonly #authors = new Array<User>(SEGMENT_ROWS).fill(NOBODY);
  readonly #targets = new Array<Target>(SEGMENT_ROWS).fill(NOWHERE);
  readonly #chunks = [this.memory.subarray(LARGE_BYTES + NUMBER_BYTES)];
  /** The one that is being filled, and what of it is taken. */
  #chunk = 0;
  #used = 0;
  /** Profiles that its messages hold on to, and the types of their contents; each counts once. */
  readonly #users = new Set<User>();
  readonly #types: string[] = [];

  /** `contentBytes`: of its content in UTF-8. Only while it is not full. */
  add(message: Message, conversation: Conversation, said: string | undefined, contentBytes: number): void {
    const row = this.size;
    const { id, clientId, contentType, content, from } = message;
    const rest = restOf(message, said);
    // Joining texts costs more than writing one: most messages have no rest.
    const body = rest === '' ? content : rest + content;
    const index = this.#chunkFor(id, clientId, body);
    const chunk = this.#chunks[index] as Buffer;
    const start = index === this.#chunk ? this.#used : 0;
    let headBytes = chunk.write(id, start);
    if (clientId !== undefined) headBytes += chunk.write(clientId, start + headBytes);
    // As many bytes as characters are ASCII, and need no conversion.
    const isAscii = rest === '' && contentBytes === content.length;
    const bodyBytes = chunk.write(body, start + headBytes, chunk.length, isAscii ? 'latin1' : 'utf8');
    if (index === this.#chunk) this.#used = start + headBytes + bodyBytes;

    const numbers = this.#numbers;
    const at = row * NUMBERS;
    numbers[at + CHUNK] = index;
    numbers[at + START] = start;
    numbers[at + HEAD_BYTES] = headBytes;
    numbers[at + BODY_BYTES] = bodyBytes;
    numbers[at + ID_LENGTH] = id.length;
    numbers[at + REST_LENGTH] = rest.length;
    numbers[at + CONTENT_BYTES] = contentBytes;
    numbers[at + TYPE] = this.#typeOf(contentType);
    numbers[at + REVOKED] = 0;
    this.#large[row * LARGE_NUMBERS + SEQUENCE] = message.sequence;
    this.#large[row * LARGE_NUMBERS + SENT_AT] = message.sentAt;
    this.#conversations[row] = conversation;
    this.#authors[row] = from;
    this.#targets[row] = message.to;
    this.size = row + 1;
    if (!this.#users.has(from)) {
      this.#users.add(from);
      this.bytes += sizeOf(from);
    }
  }

  mark(): SegmentMark {
    const { size, bytes } = this;
    const users = this.#users.size;
    const types = this.#types.length;
    return { size, bytes, chunks: this.#chunks.length, chunk: this.#chunk, used: this.#used, users, types };
  }

  /** Takes back the one message that was added after the mark was made. */
  rewind(mark: SegmentMark): void {
    if (this.#users.size > mark.users) this.#users.delete(this.author(mark.size));
    this.#types.length = mark.types;
    this.#chunks.length = mark.chunks;
    this.#chunk = mark.chunk;
    this.#used = mark.used;
    this.size = mark.size;
    this.bytes = mark.bytes;
  }

  /** Empty again, to be another one. */
  clear(): void {
    this.size = 0;
    this.bytes = SEGMENT_BYTES;
    this.#chunks.length = 1;
    this.#chunk = 0;
    this.#used = 0;
    this.#users.clear();
    this.#types.length = 0;
    this.#conversations.fill(NONE);
    this.#authors.fill(NOBODY);
    this.#targets.fill(NOWHERE);
  }

  sentAt(row: number): number {
    return this.#large[row * LARGE_NUMBERS + SENT_AT] as number;
  }

  sequence(row: number): number {
    return this.#large[row * LARGE_NUMBERS + SEQUENCE] as number;
  }

  contentBytes(row: number): number {
    return this.#numbers[row * NUMBERS + CONTENT_BYTES] as number;
  }

  textBytes(row: number): number {
    return this.#number(row, HEAD_BYTES) + this.#number(row, BODY_BYTES);
  }

  isRevoked(row: number): boolean {
    return this.#numbers[row * NUMBERS + REVOKED] === 1;
  }

  revoke(row: number, revoked: boolean): void {
    this.#numbers[row * NUMBERS + REVOKED] = revoked ? 1 : 0;
  }

  conversation(row: number): Conversation {
    return this.#conversations[row] as Conversation;
  }

  author(row: number): User {
    return this.#authors[row] as User;
  }

  target(row: number): Target {
    return this.#targets[row] as Target;
  }

  /** The gateway's id and, behind it, the client's. */
  ids(row: number): MessageIds {
    const start = this.#number(row, START);
    const head = this.#text(row, start, this.#number(row, HEAD_BYTES));
    const length = this.#number(row, ID_LENGTH);
    return {
      id: head.slice(0, length),
      clientId: length === head.length ? undefined : head.slice(length),
    };
  }

  said(row: number): string | undefined {
    return this.#rest(row)?.said;
  }

  /** The message as it was, made anew. */
  message(row: number): Message {
    const { id, clientId } = this.ids(row);
    const body = this.#body(row);
    const restEnd = this.#number(row, REST_LENGTH);
    const message: Mutable<Message> = {
      id,
      namespace: this.conversation(row).namespace,
      sequence: this.sequence(row),
      from: this.author(row),
      to: this.target(row),
      content: body.slice(restEnd),
      contentType: this.#types[this.#number(row, TYPE)] as string,
      sentAt: this.sentAt(row),
    };
    if (clientId !== undefined) message.clientId = clientId;
    const { said: _said, ...rest } = this.#rest(row) ?? {};
    return Object.freeze(Object.assign(message, rest));
  }

  #rest(row: number): Rest | undefined {
    const length = this.#number(row, REST_LENGTH);
    if (length === 0) return undefined;
    return JSON.parse(this.#body(row).slice(0, length)) as Rest;
  }

  #body(row: number): string {
    const start = this.#number(row, START) + this.#number(row, HEAD_BYTES);
    return this.#text(row, start, this.#number(row, BODY_BYTES));
  }

  #text(row: number, start: number, bytes: number): string {
    return (this.#chunks[this.#number(row, CHUNK)] as Buffer).toString('utf8', start, start + bytes);
  }

  #number(row: number, column: number): number {
    return this.#numbers[row * NUMBERS + column] as number;
  }

  /** Index of a type: there are few, and mostly they are one. */
  #typeOf(contentType: string): number {
    const known = this.#types.indexOf(contentType);
    if (known >= 0) return known;
    this.bytes += TYPE_BYTES + contentType.length;
    return this.#types.push(contentType) - 1;
  }

  /** Index of the chunk that takes these: the one that is being filled, or one of their own. */
  #chunkFor(id: string, clientId: string | undefined, body: string): number {
    const most = (id.length + (clientId?.length ?? 0) + body.length) * MAX_UNIT_BYTES;
    if (most > LARGE_TEXT_BYTES)
      return this.#addChunk(
        Buffer.byteLength(id) + Buffer.byteLength(clientId ?? '') + Buffer.byteLength(body),
      );
    if (this.#used + most > CHUNK_BYTES) {
      this.#chunk = this.#addChunk(CHUNK_BYTES);
      this.#used = 0;
    }
    return this.#chunk;
  }

  #addChunk(bytes: number): number {
    const index = this.#chunks.push(Buffer.allocUnsafeSlow(bytes)) - 1;
    this.bytes += bytes;
    return index;
  }
}

/** What few messages have, as JSON; nothing for the others. */
function restOf({ replyTo, attachment, extensions }: Message, said: string | undefined): string {
  if (replyTo === undefined && attachment === undefined && extensions === undefined && said === undefined)
    return '';
  return JSON.stringify({ replyTo, attachment, extensions, said });
}

function sizeOf({ id, name, avatar, extensions }: User): number {
  const more = extensions === undefined ? 0 : JSON.stringify(extensions).length;
  return USER_BYTES + id.length + name.length + (avatar?.length ?? 0) + more;
}
