/** fast-check arbitraries in the shape of the canonical model's zod schemas. */
import fc, { type Arbitrary } from 'fast-check';
import type { Command } from '../../schemas/command.ts';
import type { Event } from '../../schemas/event.ts';
import type { Attachment, Destination, Group, Headers, Message, Target, User } from '../../schemas/model.ts';

/** Ids that occur in a dialect's vectors: with strangers only, no session would ever find its own user or group. */
export interface Names {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** Well-formed text with everything that breaks encoders: escapes, line ends, NUL, quotes, right-to-left, emoji. */
export const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('\\', ':', '\n', '\r', '\0', '"', "'", '\u2028', '\u05d0', '\u{1f600}', ' ', '{'),
  }),
  fc.constantFrom('', 'null', '__proto__', 'constructor', '9007199254740993', 'undefined', '{}'),
);
const nonEmpty = text.map((value) => value.slice(0, 64).toWellFormed() || '?');

const known = (names: readonly string[]): Arbitrary<string> =>
  names.length === 0 ? nonEmpty : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names) }, nonEmpty);

const epochMs = fc.oneof(
  fc.integer({ min: 0, max: 4_102_444_800_000 }),
  fc.constantFrom(0, Number.MAX_SAFE_INTEGER),
);

/** The object without the keys that are undefined, as `exactOptionalPropertyTypes` has it. */
type Defined<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> };
function defined<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== undefined),
  ) as Defined<Value>;
}
const maybe = <Value>(arbitrary: Arbitrary<Value>): Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** Arbitraries over one set of names. */
export function canonical(names: Names) {
  const userId = known(names.users);
  const groupId = known(names.groups);
  const namespace = fc.constantFrom('main', 'main', 'main', 'other');

  const user: Arbitrary<User> = fc
    .record({ namespace, id: userId, name: text, avatar: maybe(text) })
    .map((value) => defined(value) as User);
  const group: Arbitrary<Group> = fc
    .record({
      namespace,
      id: groupId,
      name: text,
      description: text,
      owner: maybe(user),
      createdAt: epochMs,
      open: fc.boolean(),
    })
    .map((value) => defined(value) as Group);
  const target: Arbitrary<Target> = fc.oneof(
    fc.record({ type: fc.constant('user' as const), id: userId }),
    fc.record({ type: fc.constant('group' as const), id: groupId }),
  );
  const destination: Arbitrary<Destination> = fc.oneof(
    target,
    fc.record({
      type: fc.constantFrom('topic' as const, 'queue' as const),
      id: fc.oneof(fc.constantFrom('/topic/prices', '/queue/work'), nonEmpty),
    }),
  );
  const attachment: Arbitrary<Attachment> = fc
    .record({ url: text, name: maybe(text), size: maybe(fc.nat()) })
    .map((value) => defined(value) as Attachment);
  const contentType = fc.constantFrom('text', 'image', 'sticker/v2', 'x');
  // Empty content never reaches the model: an empty required field counts as missing.
  const message: Arbitrary<Message> = fc
    .record({
      id: nonEmpty,
      clientId: maybe(nonEmpty),
      namespace,
      sequence: fc.integer({ min: 1, max: 1_000_000 }),
      from: user,
      to: target,
      content: nonEmpty,
      contentType,
      sentAt: epochMs,
      replyTo: maybe(nonEmpty),
      attachment: maybe(attachment),
    })
    .map((value) => defined(value) as Message);
  const headers: Arbitrary<Headers> = fc.array(fc.tuple(text, text), { maxLength: 4 });
  const body = fc.oneof(text, fc.uint8Array({ maxLength: 16 }));
  const origin = maybe(fc.constantFrom('c-1', 'c-2', 'elsewhere'));

  const of = <Shape extends object>(type: Event['type'], shape: Arbitrary<Shape>): Arbitrary<Event> =>
    fc
      .tuple(namespace, origin, shape)
      .map(
        ([where, cause, fields]) =>
          defined({ type, namespace: where, origin: cause, ...fields }) as unknown as Event,
      );

  const inGroup = { group, at: epochMs };
  const byType: { readonly [Type in Event['type']]: Arbitrary<Event> } = {
    authenticated: of('authenticated', fc.record({ user })),
    session_replaced: of('session_replaced', fc.record({ user })),
    message: of('message', fc.record({ message, replayed: maybe(fc.boolean()) })),
    message_read: of(
      'message_read',
      fc.record({ target, reader: user, message: maybe(nonEmpty), at: epochMs }),
    ),
    message_revoked: of(
      'message_revoked',
      fc.record({ message: nonEmpty, clientId: maybe(nonEmpty), from: user, to: target, at: epochMs }),
    ),
    relayed: of(
      'relayed',
      fc.record({
        id: nonEmpty,
        target: destination,
        name: text,
        headers,
        body,
        ephemeral: fc.boolean(),
        from: maybe(user),
        delivery: maybe(nonEmpty),
        redelivered: maybe(fc.boolean()),
      }),
    ),
    member_joined: of('member_joined', fc.record({ ...inGroup, user })),
    member_left: of('member_left', fc.record({ ...inGroup, user })),
    member_removed: of(
      'member_removed',
      fc.record({ ...inGroup, user, reason: fc.constantFrom('quit', 'kicked') }),
    ),
    presence_changed: of('presence_changed', fc.record({ user, online: fc.boolean(), at: epochMs })),
    user_list: of(
      'user_list',
      fc.record({
        group,
        online: fc.array(user, { maxLength: 3 }),
        offline: fc.array(user, { maxLength: 3 }),
      }),
    ),
    contact_requested: of(
      'contact_requested',
      fc.record({ request: nonEmpty, from: user, to: userId, at: epochMs }),
    ),
    contact_accepted: of('contact_accepted', fc.record({ contact: user, to: userId, at: epochMs })),
    group_dissolved: of('group_dissolved', fc.record(inGroup)),
    group_transferred: of('group_transferred', fc.record({ ...inGroup, newOwner: user })),
    member_muted: of('member_muted', fc.record({ ...inGroup, user, muted: fc.boolean() })),
    group_announcement: of('group_announcement', fc.record({ ...inGroup, text })),
    group_invited: of('group_invited', fc.record({ group, inviter: user, to: userId, at: epochMs })),
    going_away: of(
      'going_away',
      fc.record({ reason: fc.constantFrom('shutting_down', 'disconnected'), afterMs: fc.nat() }),
    ),
  };
  const event = fc.oneof(...Object.values(byType));

  const sendMessage = fc
    .record({
      type: fc.constant('send_message' as const),
      target,
      content: nonEmpty,
      contentType,
      clientId: maybe(nonEmpty),
      claimedSender: maybe(userId),
      replyTo: maybe(nonEmpty),
      attachment: maybe(attachment),
      onlineOnly: maybe(fc.boolean()),
    })
    .map(defined);
  const relay = fc.record({
    type: fc.constant('relay' as const),
    target: destination,
    name: text.map((value) => value.slice(0, 256).toWellFormed()),
    headers,
    body,
    ephemeral: fc.boolean(),
  });
  const revoke = fc
    .record({
      type: fc.constant('revoke_message' as const),
      message: nonEmpty,
      target: maybe(target),
      claimedSender: maybe(userId),
    })
    .map(defined);
  const credential = fc.oneof(
    fc.record({ kind: fc.constant('token' as const), token: text }),
    fc.record({ kind: fc.constant('password' as const), login: text, passcode: text }),
    fc.record({ kind: fc.constant('claim' as const), user: fc.record({ id: userId, name: text }) }),
    fc.record({ kind: fc.constant('anonymous' as const) }),
  );
  const reference = fc.oneof(
    fc.record({
      kind: fc.constant('message' as const),
      message: nonEmpty,
      conversation: text,
      sequence: fc.integer({ min: 1, max: 99 }),
    }),
    fc.record({ kind: fc.constant('queue' as const), queue: nonEmpty, delivery: nonEmpty }),
  );
  const commandsByType: { readonly [Type in Command['type']]: Arbitrary<unknown> } = {
    authenticate: fc.record({
      type: fc.constant('authenticate'),
      credentials: fc.array(credential, { minLength: 1, maxLength: 2 }),
    }),
    send_message: sendMessage,
    send_batch: fc.record({
      type: fc.constant('send_batch'),
      items: fc.array(fc.oneof(sendMessage, relay, revoke), { maxLength: 3 }),
    }),
    revoke_message: revoke,
    mark_read: fc.record({ type: fc.constant('mark_read'), target, message: maybe(nonEmpty) }).map(defined),
    settle_delivery: fc.record({
      type: fc.constant('settle_delivery'),
      deliveries: fc.array(reference, { minLength: 1, maxLength: 2 }),
      accepted: fc.boolean(),
    }),
    sync: fc.record({ type: fc.constant('sync'), target: maybe(target) }).map(defined),
    join_group: fc
      .record({
        type: fc.constant('join_group'),
        group: groupId,
        exclusive: fc.boolean(),
        claimedSender: maybe(userId),
      })
      .map(defined),
    leave_group: fc
      .record({ type: fc.constant('leave_group'), group: groupId, claimedSender: maybe(userId) })
      .map(defined),
    subscribe: fc.record({ type: fc.constant('subscribe'), target: destination }),
    unsubscribe: fc.record({ type: fc.constant('unsubscribe'), target: destination }),
    list_users: fc.record({ type: fc.constant('list_users'), group: groupId }),
    relay,
    report_error: fc.record({ type: fc.constant('report_error'), code: text, message: text }),
    disconnect: fc.record({ type: fc.constant('disconnect') }),
  };
  const command = fc.oneof(...Object.values(commandsByType)) as Arbitrary<Command>;

  return { user, group, message, event, command };
}
