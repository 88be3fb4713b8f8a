/** A real hub with two endpoints and a large group, to whose connections a test does one thing after the other. */
import { setImmediate as turn } from 'node:timers/promises';
import pino from 'pino';
import type { Event, EventOf } from '../schemas/event.ts';
import type { Message } from '../schemas/model.ts';
import { MemoryBus } from './bus/memory.ts';
import { parseConfig } from './config/load.ts';
import { Connection } from './connection.ts';
import type { UserRecord } from './directory.ts';
import { connectedUser, Endpoint } from './endpoint.ts';
import { GatewayError } from './errors.ts';
import type { GroupRecord } from './groups.ts';
import { Hub } from './hub.ts';
import { wireIdentity } from './identity.ts';
import { MemoryDirectoryStore } from './store/directory.ts';
import { MemoryMessageStore } from './store/memory.ts';
import { MemoryIdentityMap } from './store/memory-identity.ts';
import type { ConfirmedRange, MissedPage, MissedQuery, StoreCallback, Waits } from './store/port.ts';
import {
  CLOSE,
  messageTo,
  READY,
  RecordingTransport,
  routed,
  type Script,
  STORE_LIMITS,
  say,
  scripted,
} from './test-kit.ts';
import type { TextFraming, Transport } from './transport.ts';

const ANGLES: TextFraming = {
  size: (text) => Buffer.byteLength(text) + 2,
  write: (text, size, target, at) => {
    target.write(`<${text}>`, at, size);
  },
};

const MESSAGE = { type: 'send_message', target: { type: 'group', id: 'g' }, contentType: 'text' } as const;
const UPGRADE = { credentials: [], cookies: {}, subprotocol: undefined };

/** Frames text where it is written, as WebSockets do. */
class WebSocketRecorder extends RecordingTransport {
  override readonly text = ANGLES;
}

/** Frames everything by itself, and otherwise than a WebSocket. */
class SockJsRecorder extends RecordingTransport {
  override readonly kind: Transport['kind'] = 'sockjs';

  override frame(message: string | Uint8Array): Uint8Array {
    return Buffer.from(`<sockjs:${message}>`);
  }
}

/** Notes what is confirmed, and answers what was missed when the test says so. */
class NotingStore extends MemoryMessageStore {
  readonly confirmed = new Map<object, Set<string>>();
  readonly asked: StoreCallback<MissedPage>[] = [];

  override confirm(
    ranges: readonly ConfirmedRange[],
    done: StoreCallback<void>,
    _waits?: Waits,
    by?: object,
  ): void {
    const known = this.confirmed.get(by as object) ?? new Set();
    this.confirmed.set(by as object, known);
    for (const { conversation, from, to } of ranges) {
      for (let sequence = from; sequence <= to; sequence++) known.add(`${conversation} ${sequence}`);
    }
    done({ ok: true, value: undefined });
  }

  override missed(_query: MissedQuery, done: StoreCallback<MissedPage>): void {
    this.asked.push(done);
  }
}

export interface Member {
  readonly connection: Connection;
  readonly transport: RecordingTransport;
  readonly user: string;
  /** What has been written, as a peer reads it. */
  said(): readonly string[];
  receive(frame: string): void;
}

/** How a connection is: on which endpoint and transport, whose, and what its session says of the group's messages. */
export interface MemberPlan {
  readonly user: string;
  readonly endpoint?: 0 | 1;
  readonly kind?: Transport['kind'];
  /** Undefined: no fan-out key. */
  readonly key?: string | undefined;
  /** It becomes ready only by the frame `ready`. */
  readonly isLate?: boolean;
  readonly script?: Script;
}

const isAbout = (event: Event, kind: string): boolean =>
  event.type === 'message' && event.message.content.startsWith(kind);

/** Keeps the contract of `fanoutKey`: what a key gives depends on nothing but the key and the event. */
function scriptOf(id: string, plan: MemberPlan): Script {
  let { key } = plan;
  let isBroken = false;
  return {
    open: () => (plan.isLate === true ? [] : [READY]),
    receive: (frame) => {
      const [what, rest] = frame.split(' ');
      if (what === 'ready') return [READY];
      if (what === 'key') key = rest === 'none' ? undefined : rest;
      if (what === 'break') isBroken = true;
      if (what === 'throw') throw new GatewayError('unsupported');
      if (what === 'close') return [say('bye'), CLOSE];
      if (what === 'send') return [routed(1, { ...MESSAGE, content: rest ?? '' })];
      return what === 'quiet' ? [] : [say(`answer ${frame}`)];
    },
    settle: (ref, outcome) => [say(`ack ${ref} ${outcome.ok}`)],
    fanoutKey: (event) => {
      if (isBroken || event.origin === id) return undefined;
      if (isAbout(event, 'poison-key')) throw new GatewayError('unsupported');
      if (isAbout(event, 'alone') || isAbout(event, 'mute')) return undefined;
      if (event.type === 'presence_changed') return 'presence';
      return event.type === 'message' ? key : undefined;
    },
    deliver: (event) => {
      if (isBroken || isAbout(event, 'poison')) throw new GatewayError('unsupported');
      if (event.type === 'presence_changed') return [say(`presence ${event.user.id} ${event.online}`)];
      if (event.type !== 'message') return [say(event.type)];
      const { to, sequence, content } = event.message;
      const what = `${to.id} ${sequence} ${content}`;
      if (event.origin === id) return [say(`own ${what}`)];
      if (isAbout(event, 'mute')) return [];
      const lost = { kind: 'lost', type: 'message', fields: ['sentAt', 'id'] } as const;
      return isAbout(event, 'lossy') ? [say(`${key} ${what}`), lost] : [say(`${key} ${what}`)];
    },
    ...plan.script,
  };
}

/** `isControl`: nothing is ever told together. */
export function crowd(plans: readonly MemberPlan[], isControl = false) {
  let ids = 0;
  const planned = new Map<string, MemberPlan>();
  const dialect = scripted((id) => scriptOf(id, planned.get(id) ?? { user: 'nobody' }));
  const { config, problems } = parseConfig(
    `authenticators: { demo: { type: static, tokens: { t: ann } } }
users: [{ id: ann }]
groups: [{ id: g }]
limits: { held: 20 }
endpoints:
  - { path: /one, dialect: scripted, auth: demo, heartbeat: { ping: 1h, confirm: 1min } }
  - path: /two
    dialect: scripted
    auth: demo
    heartbeat: { ping: 1h, confirm: 1min }
    limits: { sendBuffer: 8KiB, frame: 4KiB, beforeLogin: { bytes: 4KiB } }
`,
    { file: 'kit.yaml', dialects: [dialect], environment: {} },
  );
  if (config === undefined) throw new Error(JSON.stringify(problems));
  const store = new NotingStore({ limits: STORE_LIMITS });
  const hub = new Hub({
    config,
    store,
    identities: new MemoryIdentityMap(),
    directoryStore: new MemoryDirectoryStore(),
    bus: new MemoryBus(),
    log: pino({ level: 'silent' }),
    node: 'one',
    now: () => 0,
    newId: () => `c-${ids++}`,
  });
  const endpoints = config.endpoints.map(
    (one) =>
      new Endpoint({
        config: one,
        dialect,
        authenticators: [],
        identity: wireIdentity('string', 'main', hub.identities),
      }),
  );
  for (const endpoint of endpoints) hub.addEndpoint(endpoint);

  /** How often something was published and messages were being told together then. */
  let together = 0;
  const publish = hub.fanOut.publish.bind(hub.fanOut);
  hub.fanOut.publish = (...parts) => {
    publish(...parts);
    if (isControl) hub.fanOut.settle();
    if (endpoints.some(({ burst }) => burst !== undefined)) together++;
  };

  const group = (id: string): GroupRecord =>
    hub.groups.find('main', id) ??
    hub.groups.add({ namespace: 'main', id, name: id, description: '', createdAt: 0, open: true });
  const user = (id: string): UserRecord =>
    hub.directory.find('main', id) ?? hub.directory.put('main', { id, name: id });
  // Half of the users are members of the group: deliveries to the others are not tracked.
  const isMember = (id: string): boolean => id.charCodeAt(id.length - 1) % 2 === 1;

  const add = (plan: MemberPlan): Member => {
    planned.set(`c-${ids}`, plan);
    const transport = plan.kind === 'sockjs' ? new SockJsRecorder() : new WebSocketRecorder();
    const endpoint = endpoints[plan.endpoint ?? 0] as Endpoint;
    const connection = new Connection(hub, endpoint, transport, UPGRADE);
    hub.opened(connection);
    connection.open();
    const record = user(plan.user);
    if (isMember(plan.user) && !record.memberships.has(group('g'))) hub.addMember(group('g'), record);
    connection.user = connectedUser(record.user);
    hub.attach(connection, record);
    connection.inbox = true;
    return {
      connection,
      transport,
      user: plan.user,
      said: () => transport.written.join('').slice(1, -1).split('><'),
      receive: (frame) => connection.message(Buffer.from(frame), false),
    };
  };
  const members = plans.map(add);
  for (const { connection } of members) hub.attend(connection, group('g'));

  const said: Message[] = [];
  const tell = (message: Message, origin: Member | undefined): void => {
    const event: EventOf<'message'> = {
      type: 'message',
      namespace: 'main',
      message,
      ...(origin === undefined ? {} : { origin: origin.connection.id }),
    };
    const { to } = message;
    hub.fanOut.publish(
      event,
      to.type === 'group'
        ? { kind: 'group', namespace: 'main', group: to.id }
        : { kind: 'users', namespace: 'main', users: [to.id, message.from.id] },
      origin?.connection,
    );
  };

  return {
    hub,
    store,
    endpoints,
    members,
    group,
    together: (): number => together,
    member: (index: number): Member => members[index % members.length] as Member,
    /** A message as the router publishes it once it is stored. `origin`: the connection that it came by. */
    say: (
      content: string,
      from: string,
      origin?: Member,
      to: Message['to'] = { type: 'group', id: 'g' },
    ): void => {
      const author = hub.directory.userOf('main', from);
      const message = Object.freeze(messageTo(said.length + 1, { from: author, to, content }));
      said.push(message);
      tell(message, origin);
    },
    /** As a bus does that brings a message twice. */
    sayAgain: (sequence: number): void => tell(said[sequence - 1] as Message, undefined),
    announce: (): void => {
      const { group: about } = group('g');
      hub.fanOut.publish(
        { type: 'group_announcement', namespace: 'main', group: about, text: 'news', at: 0 },
        { kind: 'group', namespace: 'main', group: 'g' },
      );
    },
    /** What was missed is read: nothing. */
    endReplays: (): void => {
      for (const done of store.asked.splice(0)) done({ ok: true, value: { messages: [], next: undefined } });
    },
    /** The turn ends, everything is written, and whoever was ended is gone. */
    endTurn: async (): Promise<void> => {
      await turn();
      await turn();
      for (const { connection, transport } of members) {
        if (connection.wasEnded) connection.closed(transport.closedWith?.code ?? 1006);
      }
      await turn();
      await turn();
    },
    /** Every peer that is still there confirms all that it has been told. */
    confirmAll: (): void => {
      for (const { connection } of members) {
        connection.flush();
        connection.pong();
        connection.whetherAlive(3_600_000, () => {});
        connection.pong();
      }
    },
    confirmedBy: ({ connection }: Member): readonly string[] =>
      [...(store.confirmed.get(connection) ?? [])].sort(),
    stop: (): void => hub.stop(),
  };
}

export type Crowd = ReturnType<typeof crowd>;
