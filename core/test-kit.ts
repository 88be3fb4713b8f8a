/** For the tests of this folder: a connection whose session does as the test says, on a transport that records. */
import pino from 'pino';
import { z } from 'zod';
import type { Command } from '../schemas/command.ts';
import type { Event } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import { parseConfig } from './config/load.ts';
import { Connection } from './connection.ts';
import type { ConnectionHost } from './connection-host.ts';
import type { DeliveryPolicy, Effect, Effects, Outcome, ServerSession } from './dialect.ts';
import { defineDialect } from './dialect.ts';
import { connectedUser, Endpoint } from './endpoint.ts';
import { GatewayError } from './errors.ts';
import { wireIdentity } from './identity.ts';
import { MemoryMessageStore } from './store/memory.ts';
import { MemoryIdentityMap } from './store/memory-identity.ts';
import type { MessageStore } from './store/port.ts';
import { TimerWheel } from './timer-wheel.ts';
import type { TextFraming, Transport } from './transport.ts';

export type Out = Effects<string, Command>;

/** What a scripted session does; what is left out does nothing. */
export interface Script {
  open?: () => Out;
  receive?: (frame: string) => Out;
  deliver?: (event: Event) => Out;
  settle?: (ref: number, outcome: Outcome) => Out;
  fail?: (error: GatewayError) => Out;
  expire?: (timer: string) => Out;
  fanoutKey?: (event: Event) => string | undefined;
  policy?: Partial<DeliveryPolicy>;
  /** Called where a dialect makes a connection's face. */
  face?: () => void;
}

export const say = (frame: string): Effect<string, never> => ({ kind: 'send', frame });
export const routed = (ref: number, value: Command): Effect<string, Command> => ({
  kind: 'route',
  ref,
  value,
});
export const READY: Effect<string, never> = { kind: 'ready' };
export const CLOSE: Effect<string, never> = { kind: 'close', reason: 'normal', text: 'bye' };
export const DONE: Outcome = { ok: true, result: { type: 'done' } };

/** A wire message is frames joined by `|`; the frame `!` can't be read. */
function* framesOf(text: string): Generator<string> {
  for (const frame of text.split('|')) {
    if (frame === '!') throw new GatewayError('frame_malformed');
    yield frame;
  }
}

/** One script for all connections, or what gives each its own by the connection's id. */
export const scripted = (scripts: Script | ((id: string) => Script)) =>
  defineDialect<string, object>({
    id: 'scripted',
    title: 'Does as the test says',
    options: z.strictObject({}),
    subprotocols: [],
    text: 'string',
    defaults: { locale: 'en', identity: 'string', singleSession: false, silenceMs: null, closeCodes: {} },
    reference: { source: '', toldBy: [], frames: [], cut: () => [], read: () => undefined },
    loginBy: 'frame',
    policy: () => ({
      attendance: 'explicit',
      inbox: 'login',
      replay: 'sync',
      ...(typeof scripts === 'function' ? {} : scripts.policy),
    }),
    server: () => (context) => {
      const script = typeof scripts === 'function' ? scripts(context.id) : scripts;
      script.face?.();
      const session: ServerSession<string> = {
        open: () => script.open?.() ?? [],
        receive: (frame) => script.receive?.(frame) ?? [],
        deliver: (event) => script.deliver?.(event) ?? [],
        settle: (ref, outcome) => script.settle?.(ref, outcome) ?? [],
        fail: (error) => script.fail?.(error) ?? [say(`fault ${error.code}`)],
        expire: (timer) => script.expire?.(timer) ?? [],
        fanoutKey: (event) => script.fanoutKey?.(event),
      };
      return { codec: { decode: (message) => framesOf(String(message)), encode: (frame) => frame }, session };
    },
    client: () => () => {
      throw new Error('there is no other side');
    },
  });

/** A transport that keeps what it is told; `room` is what the peer's kernel takes before bytes pile up. */
export class RecordingTransport implements Transport {
  readonly kind: Transport['kind'] = 'websocket';
  readonly remoteAddress = '127.0.0.1';
  readonly written: string[] = [];
  readonly calls: string[] = [];
  bufferedBytes = 0;
  room = Number.POSITIVE_INFINITY;
  closedWith: { readonly code: number; readonly text: string } | undefined;

  readonly text: TextFraming | undefined = undefined;
  frame(message: string | Uint8Array): Uint8Array {
    return Buffer.from(`<${message}>`);
  }

  write(framed: Uint8Array): void {
    this.written.push(Buffer.from(framed).toString());
    const taken = Math.min(this.room, framed.length);
    this.room -= taken;
    this.bufferedBytes += framed.length - taken;
  }

  ping(): void {
    this.calls.push('ping');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  close(code: number, text: string): void {
    this.closedWith = { code, text };
    this.calls.push(`close ${code}`);
  }

  terminate(): void {
    this.calls.push('terminate');
  }
}

export const STORE_LIMITS = {
  backlogMessages: 1000,
  backlogBytes: 1_000_000,
  retentionMs: 1_000_000_000,
  deduplicationMs: 1_000_000,
  queueEntries: 1000,
  queueNames: 1000,
};

export interface Submitted {
  readonly command: Command;
  readonly done: (outcome: Outcome) => void;
}

/** Everything around one connection, with a clock that only `advance` moves. */
export function connect(
  script: Script = {},
  options: { readonly limits?: string; readonly heartbeat?: string; readonly store?: MessageStore } = {},
) {
  let now = 0;
  const dialect = scripted(script);
  const { config, problems } = parseConfig(
    `authenticators: { demo: { type: static, tokens: { t: bob } } }
users: [{ id: bob }]
groups: [{ id: lobby }]
endpoints:
  - path: /ws
    dialect: scripted
    auth: demo
    limits: { ${options.limits ?? ''} }
    heartbeat: { ${options.heartbeat ?? ''} }
`,
    { file: 'kit.yaml', dialects: [dialect], environment: {} },
  );
  const endpointConfig = config?.endpoints[0];
  if (endpointConfig === undefined) throw new Error(JSON.stringify(problems));
  const endpoint = new Endpoint({
    config: endpointConfig,
    dialect,
    authenticators: [],
    identity: wireIdentity('string', 'main', new MemoryIdentityMap()),
  });
  const wheel = new TimerWheel(10, () => now);
  const submitted: Submitted[] = [];
  const ends: Connection[] = [];
  const host: ConnectionHost = {
    wheel,
    store: options.store ?? new MemoryMessageStore({ limits: STORE_LIMITS }),
    log: pino({ level: 'silent' }),
    now: () => 0,
    newId: () => 'c-1',
    submit: (_connection, command, done) => submitted.push({ command, done }),
    ready: () => {},
    isTracked: (_message, { anonymous }) => !anonymous,
    unsaid: () => {},
    mayReceive: () => true,
    drained: () => {},
    pass: () => false,
    overlays: undefined,
    closed: (connection) => ends.push(connection),
  };
  const transport = new RecordingTransport();
  const open = (): Connection =>
    new Connection(host, endpoint, transport, { credentials: [], cookies: {}, subprotocol: undefined });
  const connection = script.face === undefined ? open() : undefined;
  return {
    /** The connection, or a throw if the script's face throws. */
    get connection(): Connection {
      return connection ?? open();
    },
    endpoint,
    transport,
    wheel,
    submitted,
    ends,
    logIn: (id = 'bob'): void => {
      const user = { namespace: 'main', id, name: id };
      if (connection !== undefined) connection.user = connectedUser(user);
    },
    receive: (text: string): void => connection?.message(Buffer.from(text), false),
    /** What has been written, as a peer reads it. */
    said: (): readonly string[] => {
      connection?.flush();
      return transport.written.join('').slice(1, -1).split('><');
    },
    advance: (ms: number): void => {
      const end = now + ms;
      while (now < end) {
        now += 10;
        wheel.turn();
      }
    },
  };
}

/** A message from alice to bob, or as the changes say. */
export const messageTo = (sequence: number, changes: Partial<Message> = {}): Message => ({
  id: `m${sequence}`,
  namespace: 'main',
  sequence,
  from: { namespace: 'main', id: 'alice', name: 'Alice' },
  to: { type: 'user', id: 'bob' },
  content: 'hi',
  contentType: 'text',
  sentAt: 0,
  ...changes,
});

export const delivery = (message: Message): Event => ({ type: 'message', namespace: 'main', message });
