import { expect, it } from 'vitest';
import type { WireMessage } from '../dialect.ts';
import type { UpstreamFace } from './client-face.ts';
import { Hearing } from './hearing.ts';
import { Tellings } from './tellings.ts';
import type { Upstream } from './upstream.ts';
import type { Received } from './upstream-listener.ts';

function hearing(text: 'utf8' | 'bytes') {
  const received: Received[] = [];
  const upstream = {
    dialect: { text },
    sharesCodec: true,
    tellings: new Tellings({ texts: 512, textLength: 4096 }),
    metrics: { framesIn: 0, bytesIn: 0 },
    config: { identity: 'string' },
    policy: {},
  } as never as Upstream;
  // As a codec may that takes bytes: what it reads are views of what it is given.
  const decode = (wire: WireMessage) => [typeof wire === 'string' ? wire : wire.subarray(1)];
  const heard = new Hearing(upstream, { codec: { decode }, session: {} } as never as UpstreamFace, {
    isReady: false,
    isOver: false,
    signOfLife: () => {},
    receive: (what) => received.push(what),
    news: () => {},
    unreadable: () => {},
  });
  return { heard, received };
}

it.each(['utf8', 'bytes'] as const)(
  'what is made of %s is not changed by what is read afterwards',
  (text) => {
    const { heard, received } = hearing(text);
    const buffer = Buffer.from('a message');
    heard.textMessage(buffer);
    buffer.fill('?');
    const [first] = received;
    expect(String(first?.wire)).toBe('a message');
    expect(String(first?.frame)).toBe(text === 'bytes' ? ' message' : 'a message');
    const again = Buffer.from('a message');
    heard.textMessage(again);
    again.fill('!');
    expect(received.map(({ wire }) => String(wire))).toEqual(['a message', 'a message']);
  },
);
