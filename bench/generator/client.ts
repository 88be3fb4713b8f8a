/** One connection of the generator: raw TCP, the upgrade by hand, and as little as possible for each message. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { CONTENT, findMarker, ID, isMarkerAt, senderAt, sequenceAt } from '../marker.ts';
import type { Participant } from '../population.ts';
import { SequenceChecker } from '../sequence-checker.ts';
import { CLOSE, clientFrame, FrameReader, type FrameSink, PING, PONG } from '../websocket-frame.ts';
import type { Step, Wire } from '../wires.ts';

/** What the connections of a thread share. */
export interface Surroundings {
  readonly port: number;
  /** Read into by all of them in turn. */
  readonly buffer: Buffer;
  /** The numbers of the senders in a group. */
  readonly sendersPerGroup: number;
  /** A chunk is about to be read. */
  reading(bytes: number): void;
  delivered(sender: number, sequence: number): void;
  acknowledged(sender: number): void;
  fault(text: string): void;
}

const UPGRADED = 'HTTP/1.1 101 ';
const HEAD_END = '\r\n\r\n';
/** Local addresses, so that many connections to one port do not run out of ports. */
const LOCAL_ADDRESSES = 8;

export class Client implements FrameSink {
  readonly who: Participant;
  readonly checker: SequenceChecker;
  readonly #wire: Wire;
  readonly #around: Surroundings;
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #ready = Promise.withResolvers<void>();
  #head: string | undefined = '';
  #steps: readonly Step[] = [];
  /** Where the marker stood in the last message: mostly it stands there again. */
  #offset = 0;
  #isEnding = false;
  #isReady = false;

  constructor(who: Participant, wire: Wire, around: Surroundings) {
    this.who = who;
    this.#wire = wire;
    this.#around = around;
    this.checker = new SequenceChecker(
      Math.max(0, who.group) * around.sendersPerGroup,
      around.sendersPerGroup,
    );
    this.#socket = connect({
      port: around.port,
      host: '127.0.0.1',
      localAddress: `127.0.0.${1 + (who.index % LOCAL_ADDRESSES)}`,
      noDelay: true,
      onread: {
        buffer: around.buffer,
        callback: (length, buffer) => {
          this.#read((buffer as Buffer).subarray(0, length));
          return true;
        },
      },
    });
    this.#socket.once('connect', () => this.#upgrade());
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', () => this.#end('closed'));
  }

  /** Resolves once it is logged in and in its group. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#isEnding = true;
    // Ended in good order, its port would stay taken for a minute, and those of the next runs would be hard to find.
    this.#socket.resetAndDestroy();
  }

  #upgrade(): void {
    const { path, protocol } = this.#wire;
    const lines = [
      `GET ${path(this.who)} HTTP/1.1`,
      `Host: 127.0.0.1:${this.#around.port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      'Sec-WebSocket-Version: 13',
    ];
    if (protocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
    this.#socket.write(`${lines.join('\r\n')}${HEAD_END}`);
  }

  #read(chunk: Buffer): void {
    try {
      if (this.#head !== undefined) this.#readHead(chunk);
      else {
        this.#around.reading(chunk.length);
        this.#reader.read(chunk, this);
      }
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #readHead(chunk: Buffer): void {
    // latin1: as many characters as bytes.
    this.#head += chunk.toString('latin1');
    const end = (this.#head as string).indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.#head as string;
    if (!head.startsWith(UPGRADED)) throw new Error(`not upgraded: ${head.slice(0, 200)}`);
    this.#head = undefined;
    this.#steps = this.#wire.steps(this.who);
    this.#nextStep();
    const rest = Buffer.from(head.slice(end + HEAD_END.length), 'latin1');
    if (rest.length > 0) this.#reader.read(rest, this);
  }

  #nextStep(): void {
    const [step] = this.#steps;
    if (step === undefined) {
      this.#isReady = true;
      this.#ready.resolve();
      if (this.who.stuck) this.#socket.pause();
    } else if (step.send !== undefined) {
      this.write(clientFrame(Buffer.from(step.send)));
    }
  }

  frame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === PING) this.write(clientFrame(Buffer.from(bytes.subarray(start, end)), PONG));
    else if (opcode === CLOSE) {
      const code = end - start >= 2 ? bytes.readUInt16BE(start) : 1005;
      this.#end(`closed with ${code} ${bytes.toString('utf8', start + 2, Math.max(start + 2, end))}`);
    } else if (this.#isReady) this.#message(bytes, start, end);
    else this.#greeting(bytes.toString('utf8', start, end));
  }

  #greeting(text: string): void {
    const [step] = this.#steps;
    if (step === undefined || !text.includes(step.until)) return;
    this.#steps = this.#steps.slice(1);
    this.#nextStep();
  }

  #message(bytes: Buffer, start: number, end: number): void {
    let at = start + this.#offset;
    if (at >= end || !isMarkerAt(bytes, at, CONTENT)) {
      at = findMarker(bytes, CONTENT, { start, end });
      if (at < 0) {
        this.#other(bytes, start, end);
        return;
      }
      this.#offset = at - start;
    }
    const sender = senderAt(bytes, at);
    if (sender === this.who.sender) {
      if (this.#wire.acknowledges === 'echo') this.#around.acknowledged(sender);
      return;
    }
    const sequence = sequenceAt(bytes, at);
    this.checker.see(sender, sequence);
    this.#around.delivered(sender, sequence);
  }

  #other(bytes: Buffer, start: number, end: number): void {
    const at = findMarker(bytes, ID, { start, end });
    if (at >= 0) {
      this.#aboutOwn(bytes, { at, start, end });
      return;
    }
    const text = bytes.toString('utf8', start, end);
    const answer = this.#wire.reply?.(text);
    if (answer !== undefined) this.write(clientFrame(Buffer.from(answer)));
    else if (/"type":"(?:error|ERROR)"|"event":"error"|"status":0|^ERROR/.test(text))
      this.#around.fault(`${this.who.user} was told: ${text.slice(0, 300)}`);
  }

  /** A frame with the id of a message of this connection's and no content. */
  #aboutOwn(
    bytes: Buffer,
    place: { readonly at: number; readonly start: number; readonly end: number },
  ): void {
    if (this.#wire.acknowledges !== 'frame') return;
    const text = bytes.toString('utf8', place.start, place.end);
    if (/"error"|^ERROR/.test(text)) this.#around.fault(`${this.who.user} was refused: ${text}`);
    else if (senderAt(bytes, place.at) === this.who.sender) this.#around.acknowledged(this.who.sender);
  }

  #end(why: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#socket.destroy();
    if (!this.#isReady) this.#ready.reject(new Error(`${this.who.user} (${this.who.wire}): ${why}`));
    // Whoever does not read may be sent away.
    else if (!this.who.stuck) this.#around.fault(`${this.who.user} lost its connection: ${why}`);
  }
}
