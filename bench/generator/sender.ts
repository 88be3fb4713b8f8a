/** Sends the messages of one connection: by a window of what is under way, or by a schedule. */
import { contentOf, idMarker, type Stamp, stamped, stampOf } from '../marker.ts';
import type { Histogram } from '../statistics.ts';
import { clientFrame, MASK } from '../websocket-frame.ts';
import { wires } from '../wires.ts';
import type { Client } from './client.ts';
import { deliveredOf, FROM, nowMicros, START, type Tally, UNTIL } from './tally.ts';

export interface Sender {
  /** Sends what may be sent now. */
  pump(): void;
}

interface Sending {
  readonly client: Client;
  readonly tally: Tally;
  readonly contentBytes: number;
}

function stampFor({ client, contentBytes }: Sending): Stamp {
  const { who } = client;
  const text = wires[who.wire].say(who, idMarker(who.sender), contentOf(who.sender, contentBytes));
  const payload = Buffer.from(text);
  return stampOf(payload, clientFrame(payload), MASK);
}

function writer(sending: Sending): (count: number) => void {
  const stamp = stampFor(sending);
  const { client, tally } = sending;
  const { sender } = client.who;
  return (count) => {
    const sent = tally.sent[sender] as number;
    tally.sent[sender] = sent + count;
    client.write(stamped(stamp, sent, count));
  };
}

/** `receivers`: deliveries that one message makes. */
export function closedSender(sending: Sending, window: number, receivers: number): Sender {
  const { client, tally } = sending;
  const { sender, wire } = client.who;
  const write = writer(sending);
  const acknowledges = wires[wire].acknowledges !== 'nothing';
  return {
    pump() {
      const sent = tally.sent[sender] as number;
      const arrived = deliveredOf(tally, sender) / receivers;
      const acknowledged = acknowledges ? (tally.acknowledged[sender] as number) : sent;
      const free = Math.floor(window - (sent - Math.min(arrived, acknowledged)));
      if (free > 0) write(free);
    },
  };
}

/** A schedule: message n is due `offset + n * interval` microseconds after the start. */
export interface Schedule {
  readonly offset: number;
  readonly interval: number;
}

export const dueAt = ({ offset, interval }: Schedule, sequence: number): number =>
  offset + sequence * interval;

export function openSender(sending: Sending, schedule: Schedule, lateness: Histogram): Sender {
  const { client, tally } = sending;
  const { sender } = client.who;
  const write = writer(sending);
  return {
    pump() {
      const { times } = tally;
      const start = times[START] as number;
      const now = nowMicros();
      const sent = tally.sent[sender] as number;
      // What is due at the very end is not sent any more.
      const due = Math.ceil(
        (Math.min(now, times[UNTIL] as number) - start - schedule.offset) / schedule.interval,
      );
      if (due <= sent) return;
      for (let sequence = sent; sequence < due; sequence++) {
        const at = start + dueAt(schedule, sequence);
        if (at >= (times[FROM] as number)) lateness.add(now - at);
      }
      write(due - sent);
    },
  };
}

/** Starts a server that writes by itself. */
export function pouringSender({ client }: Sending): Sender {
  let isStarted = false;
  return {
    pump() {
      if (isStarted) return;
      isStarted = true;
      client.write(clientFrame(Buffer.from('start')));
    },
  };
}
