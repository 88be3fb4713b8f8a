/** A gateway under load of all dialects is killed at random moments: nothing that it acknowledged is lost. */
import { expect, it } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import { freshDirectory, type GatewayProcess, isFull, startProcess } from './gateway-process.ts';
import { Ledger, Remains } from './ledger.ts';
import { READERS, SPEAKERS, type Voice, voices, withReaders } from './voices.ts';

const ROUNDS = isFull ? 50 : 3;
/** Messages of one sender that wait for their acknowledgement. */
const WINDOW = 20;
/** The kill comes with one of the first so many acknowledgements of a round. */
const MOST_ACKS = 400;

/** A generator of numbers from 0 to 1 that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Person {
  readonly user: string;
  readonly voice: Voice;
  readonly #ledger: Ledger;
  readonly #acknowledged: () => void;
  #client: RawClient | undefined;
  /** What this connection has heard, in order. */
  onConnection: string[] = [];
  readonly #waiting = new Set<string>();
  /** Sent again: an echo that answers it may say that it stands where it stood the first time. */
  readonly #again = new Set<string>();
  readonly #listeners = new Set<() => void>();

  constructor(user: string, voice: Voice, ledger: Ledger, acknowledged: () => void) {
    this.user = user;
    this.voice = voice;
    this.#ledger = ledger;
    this.#acknowledged = acknowledged;
  }

  async enter(gateway: GatewayProcess): Promise<void> {
    this.onConnection = [];
    const client = await this.voice.enter(gateway, this.user);
    this.#client = client;
    for (const wire of [...client.received]) this.#take(wire);
    client.socket.on('message', (data: Buffer) => this.#take(data.toString()));
  }

  #take(wire: string): void {
    const content = this.voice.acknowledged(wire, this.user);
    if (content !== undefined) {
      this.#waiting.delete(content);
      this.#ledger.acknowledged.add(content);
    }
    const heard = this.voice.heard(wire);
    if (heard !== undefined && !(content !== undefined && this.#again.delete(content))) {
      this.onConnection.push(heard.content);
      this.#ledger.hear(this.user, heard.content);
    }
    for (const listener of [...this.#listeners]) listener();
    if (content !== undefined) this.#acknowledged();
  }

  say(content: string, to?: string): void {
    if (this.#client === undefined) return;
    this.#ledger.send({ content, user: this.user, to });
    this.#waiting.add(content);
    this.voice.say(this.#client, { user: this.user, content, ...(to === undefined ? {} : { to }) });
  }

  /** Whether nothing that it has said still waits for its acknowledgement. */
  get isSettled(): boolean {
    return this.#waiting.size === 0;
  }

  /** What was never acknowledged is sent again under its id, where the dialect has ids. */
  sayAgain(): void {
    for (const content of [...this.#waiting]) {
      const to = this.#ledger.sent.get(content)?.to;
      if (!this.voice.hasIds) this.#waiting.delete(content);
      else if (this.#client !== undefined) {
        this.#again.add(content);
        this.voice.say(this.#client, { user: this.user, content, ...(to === undefined ? {} : { to }) });
      }
    }
  }

  /** Keeps `WINDOW` messages on their way until the connection ends. */
  load(next: (voice: Voice) => { readonly content: string; readonly to: string | undefined }): void {
    const fill = (): void => {
      while (this.#client !== undefined && this.#waiting.size < WINDOW) {
        const { content, to } = next(this.voice);
        this.say(content, to);
      }
    };
    this.#listeners.add(fill);
    fill();
  }

  async until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    const closed = this.#client?.closed.then(({ code }) => {
      throw new Error(`${this.user}: closed with ${code} while waiting`);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (isSo()) resolve();
    };
    this.#listeners.add(look);
    await Promise.race([promise, closed]);
    this.#listeners.delete(look);
  }

  /** Resolves when everything that was on its way from the gateway has come. */
  async gone(): Promise<void> {
    await this.#client?.closed;
    this.#client = undefined;
    this.#listeners.clear();
  }

  async leave(): Promise<void> {
    this.#client?.terminate();
    await this.gone();
  }
}

it(
  `loses no acknowledged message in ${ROUNDS} kills`,
  async () => {
    const seed = Number(process.env.DRAGOMAN_SEED ?? Math.floor(Math.random() * 2 ** 31));
    const random = randomFrom(seed);
    const pick = (below: number): number => Math.floor(random() * below);
    const about = `seed ${seed} (DRAGOMAN_SEED repeats its choices)`;
    const data = freshDirectory();
    const ledger = new Ledger();
    let killAfter = Number.POSITIVE_INFINITY;
    let kill = (): void => {};
    const acknowledged = (): void => {
      killAfter -= 1;
      if (killAfter <= 0) kill();
    };
    const person = (user: string, index: number): Person =>
      new Person(user, voices[index] as Voice, ledger, acknowledged);
    const speakers = SPEAKERS.map(person);
    const readers = READERS.map(person);
    const everybody = [...speakers, ...readers];
    const privateReaders = readers.filter(({ voice }) => voice.isPrivate);
    let count = 0;

    for (let round = 0; round <= ROUNDS; round += 1) {
      const gateway = await startProcess({ data, edit: withReaders });
      await Promise.all(everybody.map((one) => one.enter(gateway)));
      for (const speaker of speakers) speaker.sayAgain();
      await Promise.all(speakers.map((one) => one.until(() => one.isSettled)));

      // What comes live waits for what was missed: with these, all of it has come.
      const [teller, answerer] = speakers as [Person, Person];
      const fence = `fence-${round}`;
      for (const { user } of privateReaders) teller.say(`${fence}-to-${user}`, user);
      teller.say(fence);
      answerer.say(`${fence}-back`);
      await Promise.all(
        everybody.map((one) =>
          one.until(() => {
            // Both, but for their authors: one is acknowledged before everybody else has heard it.
            const fences: string[] = [];
            if (one !== teller) fences.push(fence);
            if (one !== answerer) fences.push(`${fence}-back`);
            if (privateReaders.includes(one)) fences.push(`${fence}-to-${one.user}`);
            return fences.every((content) => one.onConnection.includes(content));
          }),
        ),
      );
      for (const { user, voice } of everybody)
        expect(ledger.missing(user, voice), `missed by ${user} in round ${round}, ${about}`).toEqual([]);
      if (round === ROUNDS) {
        await gateway.kill();
        break;
      }

      const readersStay = random() < 0.5;
      if (!readersStay) await Promise.all(readers.map((one) => one.leave()));
      const killed = Promise.withResolvers<void>();
      kill = () => void gateway.kill().then(killed.resolve);
      killAfter = 1 + pick(MOST_ACKS);
      for (const speaker of speakers) {
        speaker.load((voice) => {
          count += 1;
          const toReader = voice.isPrivate && random() < 0.5;
          const to = toReader ? privateReaders[pick(privateReaders.length)]?.user : undefined;
          return { content: `message-${count}`, to };
        });
      }
      await killed.promise;
      killAfter = Number.POSITIVE_INFINITY;
      await Promise.all(everybody.map((one) => one.gone()));
      const remains = new Remains(data);
      expect(remains.faults(ledger), `stored in round ${round}, ${about}`).toEqual([]);
      for (const one of everybody)
        expect(
          remains.faultsHeard(one.onConnection),
          `heard by ${one.user} in round ${round}, ${about}`,
        ).toEqual([]);
    }
    expect(ledger.acknowledged.size).toBeGreaterThan(ROUNDS);
  },
  isFull ? 600_000 : 60_000,
);
