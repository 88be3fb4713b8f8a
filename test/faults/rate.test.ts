/** Who sends too fast is refused in the dialect's own words, by the message's id, and heard again later. */
import { describe, expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import type { RawClient } from '../support/raw-client.ts';
import { type Speaker, speakers } from '../support/speakers.ts';
import { chat, connectStomp, readStomp } from '../support/stomp-wire.ts';

/** Enough for a login's subscriptions, then soon too little. */
const edit = (yaml: string): string => `${yaml}\nlimits: { rate: { perSecond: 20, burst: 5 } }\n`;
const TEXT = '消息发送过于频繁';

interface Case {
  readonly speaker: Speaker;
  readonly say: (client: RawClient, id: string) => void;
  readonly isRefusal: (wire: string) => boolean;
  /** The refusal of this message. */
  readonly refusal: (id: string) => object;
}

const parse = (wire: string): Record<string, unknown> => JSON.parse(wire) as Record<string, unknown>;
const sayWith =
  (speaker: Speaker) =>
  (client: RawClient, id: string): void =>
    speaker.say(client, { user: 'alice', id, content: `say ${id}` });

const CASES: readonly Case[] = [
  {
    speaker: speakers.json,
    say: sayWith(speakers.json),
    isRefusal: (wire) => parse(wire).type === 'error',
    refusal: (id) => ({ type: 'error', data: { message: TEXT, messageId: id } }),
  },
  {
    speaker: speakers.room,
    say: sayWith(speakers.room),
    isRefusal: (wire) => parse(wire).status === 0,
    refusal: () => ({ status: 0, msg: TEXT, resultBody: '' }),
  },
  {
    speaker: speakers.socket,
    say: sayWith(speakers.socket),
    isRefusal: (wire) => parse(wire).event === 'error',
    refusal: (id) => ({
      event: 'error',
      data: { code: 'rate_limited', message: 'too many messages; slow down', messageId: id },
    }),
  },
  {
    speaker: speakers.ourchat,
    say: sayWith(speakers.ourchat),
    isRefusal: (wire) => parse(wire).type === 'ERROR',
    refusal: () => ({ type: 'ERROR', code: 1015, message: TEXT }),
  },
];

/** Sends one message after another until one has this answer; gives the id and the answer. */
async function until({ speaker, say, isRefusal }: Case, client: RawClient, wanted: 'stored' | 'refused') {
  for (let count = 0; count < 100_000; count++) {
    const id = `${wanted}-${count}`;
    say(client, id);
    const isStored = (wire: string): boolean =>
      speaker.isAck(wire, id) || (speaker.copy && speaker.read(wire)?.content === `say ${id}`);
    const wire = await client.next((text) => isRefusal(text) || isStored(text));
    if (isStored(wire) === (wanted === 'stored')) return { id, wire };
  }
  throw new Error(`nothing is ever ${wanted}`);
}

describe.each(CASES)('too many messages from a $speaker.dialect client', (one) => {
  it('are refused by their id, and the client is heard again later on the same connection', async () => {
    await using gateway = await startGateway({ edit });
    const bob = await speakers.json.enter(gateway, 'bob');
    const alice = await one.speaker.enter(gateway, 'alice');
    const { id, wire } = await until(one, alice, 'refused');
    expect(parse(wire)).toEqual(one.refusal(id));
    const stored = await until(one, alice, 'stored');
    await bob.next((text) => text.includes(`"say ${stored.id}"`));
    expect(bob.received.join('')).not.toContain(`"say ${id}"`);
  });
});

describe('too many messages from a stomp client', () => {
  const send = (client: RawClient, id: string, receipt?: string): void =>
    client.send(
      chat(
        'send',
        { messageId: id, toId: 'lobby', chatType: 'GROUP', msgType: 'TEXT', content: `say ${id}` },
        receipt === undefined ? {} : { receipt },
      ),
    );

  it('are refused on the errors queue by their id, the connection open', async () => {
    await using gateway = await startGateway({ edit });
    const alice = await connectStomp(gateway, 'alice', ['/user/queue/errors', '/topic/group/lobby']);
    const isError = (wire: string): boolean => readStomp(wire)?.headers.destination === '/user/queue/errors';
    const until = async (wanted: 'stored' | 'refused'): Promise<{ id: string; wire: string }> => {
      for (let count = 0; ; count++) {
        const id = `${wanted}-${count}`;
        send(alice, id);
        const wire = await alice.next((text) => isError(text) || text.includes(`"say ${id}"`));
        if (isError(wire) === (wanted === 'refused')) return { id, wire };
      }
    };
    const { id, wire } = await until('refused');
    expect(parse(readStomp(wire)?.body ?? '')).toEqual({
      code: 'rate_limited',
      message: 'too many messages; slow down',
      messageId: id,
    });
    await until('stored');
  });

  it('are refused with ERROR and the receipt id where a receipt was asked for, which ends the connection', async () => {
    await using gateway = await startGateway({ edit });
    const alice = await connectStomp(gateway, 'alice');
    const answers: (string | undefined)[] = [];
    while (answers.at(-1) !== 'ERROR') {
      const receipt = `r${answers.length}`;
      send(alice, receipt, receipt);
      const wire = await alice.next((text) => text.includes(`receipt-id:${receipt}\n`));
      answers.push(readStomp(wire)?.command);
    }
    expect((await alice.closed).code).toBe(1002);
    expect(answers.length).toBeGreaterThan(1);
    expect(new Set(answers.slice(0, -1))).toEqual(new Set(['RECEIPT']));
  });
});
