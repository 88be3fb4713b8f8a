/**
 * What a server says on one connection, from wire messages to frames. Where it says what it has said to another
 * client just before, nothing is read again: the bytes are compared, and the message is the one that was made then.
 */
import type { WireMessage } from '../dialect.ts';
import { type GatewayError, toGatewayError } from '../errors.ts';
import type { UpstreamFace } from './client-face.ts';
import type { News, Telling } from './tellings.ts';
import type { Upstream } from './upstream.ts';
import type { Received } from './upstream-listener.ts';

/** The session, as far as hearing needs it. */
export interface Hearer {
  /** Whether the server has let us in; and whether nothing is received any more. */
  readonly isReady: boolean;
  readonly isOver: boolean;
  /** The server has said something. */
  signOfLife(): void;
  /** A frame for the face. */
  receive(received: Received): void;
  news(news: News): void;
  /** What the codec can't read. */
  unreadable(wire: WireMessage, error: GatewayError): void;
}

export class Hearing {
  readonly #upstream: Upstream;
  readonly #face: UpstreamFace;
  readonly #hearer: Hearer;
  /** What was heard last, of what others hear as well. */
  #last: Telling | undefined;
  /** Whether the chunk that is being read has been taken for a sign of life. */
  #isSeen = false;

  constructor(upstream: Upstream, face: UpstreamFace, hearer: Hearer) {
    this.#upstream = upstream;
    this.#face = face;
    this.#hearer = hearer;
  }

  /** A chunk has been read. */
  arrived(): void {
    this.#isSeen = false;
  }

  /** A text message as a part of a chunk; false: it is not what others were told after what was told here last. */
  known(chunk: Buffer, from: number, to: number): boolean {
    const next = this.#last?.next;
    if (next === undefined || this.#hearer.isOver || !next.is(chunk, from, to)) return false;
    this.#heard(to - from);
    return this.#isNews(next);
  }

  /** A text message, whose bytes are good for this call only. */
  textMessage(payload: Buffer): void {
    this.message(this.#upstream.dialect.text === 'bytes' ? Buffer.from(payload) : payload, false);
  }

  /** Of a dialect that reads bytes, and of a binary message, they may be kept; of others they are read now. */
  message(data: Buffer, isBinary: boolean): void {
    if (this.#hearer.isOver) return;
    this.#heard(data.length);
    const wire = isBinary || this.#upstream.dialect.text === 'bytes' ? data : data.toString();
    try {
      const telling = this.#tellingOf(wire, data);
      if (telling !== undefined && this.#isNews(telling)) return;
      for (const frame of telling?.frames ?? this.#face.codec.decode(wire)) {
        if (this.#hearer.isOver) return;
        this.#upstream.metrics.framesIn++;
        this.#hearer.receive({ wire, frame });
      }
    } catch (thrown) {
      this.#hearer.unreadable(isBinary ? data : data.toString(), toGatewayError(thrown));
    }
  }

  #heard(bytes: number): void {
    this.#upstream.metrics.bytesIn += bytes;
    // One look at the clock is enough for a chunk.
    if (!this.#isSeen) this.#hearer.signOfLife();
    this.#isSeen = true;
  }

  /** What was read for one client is what another reads in the same words, if their codec is one and the same. */
  #tellingOf(wire: WireMessage, data: Buffer): Telling | undefined {
    const { sharesCodec, tellings } = this.#upstream;
    if (typeof wire !== 'string' || !sharesCodec || !tellings.keeps(wire)) return undefined;
    return tellings.get(wire) ?? tellings.add(wire, data, [...this.#face.codec.decode(wire)]);
  }

  /** Whether it is what all understand alike, and has been told. */
  #isNews(telling: Telling): boolean {
    const { config, policy, tellings, metrics } = this.#upstream;
    // Whom a number means may change; and a server that waits for confirmations gets each client's own.
    const isEachOwn = config.identity === 'integer' || policy.confirmsUpstream === true;
    if (!this.#hearer.isReady || isEachOwn) return false;
    if (telling.news === undefined) telling.news = this.#newsOf(telling);
    if (telling.news === null) return false;
    tellings.follows(this.#last, telling);
    this.#last = telling;
    metrics.framesIn++;
    this.#hearer.news(telling.news);
    return true;
  }

  #newsOf({ frames, text }: Telling): News | null {
    const { session } = this.#face;
    const [frame] = frames;
    if (frames.length !== 1 || session.commonMessage === undefined) return null;
    try {
      const event = session.commonMessage(frame);
      if (event !== undefined) return this.#upstream.tellings.newsOf(event, { wire: text, frame });
    } catch {
      // What is wrong with it the session says when it receives it.
    }
    return null;
  }
}
