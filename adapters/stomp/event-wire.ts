/**
 * Bodies on /user/queue/events, server to client: one form per canonical event, by `type`. Ours: the source
 * has no such queue. User ids are those of the wire; times are epoch ms.
 */
import type { FrameSchema } from '../../core/json-wire.ts';
import { jsonCodec } from '../../core/json-wire.ts';
import { type ChatType, ID } from './bodies.ts';

export interface WireUser {
  readonly id: string;
  readonly name: string;
  readonly avatar?: string;
}

export interface WireGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly owner?: WireUser;
  readonly createdAt: number;
  readonly open: boolean;
}

interface At {
  readonly at: number;
}
interface Toward {
  readonly chatType: ChatType;
  readonly toId: string;
}
interface InGroup extends At {
  readonly group: WireGroup;
}

export type EventBody =
  | ({ readonly type: 'message_read'; readonly reader: WireUser; readonly messageId?: string } & Toward & At)
  | ({ readonly type: 'message_revoked'; readonly messageId: string; readonly from: WireUser } & Toward & At)
  | ({ readonly type: 'member_joined' | 'member_left'; readonly user: WireUser } & InGroup)
  | ({
      readonly type: 'member_removed';
      readonly user: WireUser;
      readonly reason: 'quit' | 'kicked';
    } & InGroup)
  | ({ readonly type: 'presence_changed'; readonly user: WireUser; readonly online: boolean } & At)
  | ({
      readonly type: 'contact_requested';
      readonly requestId: string;
      readonly from: WireUser;
      readonly toId: string;
    } & At)
  | ({ readonly type: 'contact_accepted'; readonly contact: WireUser; readonly toId: string } & At)
  | ({ readonly type: 'group_dissolved' } & InGroup)
  | ({ readonly type: 'group_transferred'; readonly newOwner: WireUser } & InGroup)
  | ({ readonly type: 'member_muted'; readonly user: WireUser; readonly muted: boolean } & InGroup)
  | ({ readonly type: 'group_announcement'; readonly text: string } & InGroup)
  | ({ readonly type: 'group_invited'; readonly inviter: WireUser; readonly toId: string } & InGroup)
  | ({
      readonly type: 'relayed';
      readonly id: string;
      readonly name: string;
      readonly from?: WireUser;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: string;
    } & Toward);

const TEXT: FrameSchema = { type: 'string' };
const FLAG: FrameSchema = { type: 'boolean' };
const TIME: FrameSchema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const NAME: FrameSchema = { type: 'string', maxLength: 256 };
const USER: FrameSchema = {
  type: 'object',
  required: ['id', 'name'],
  properties: { id: ID, name: NAME, avatar: { type: 'string', maxLength: 4096 } },
};
const GROUP: FrameSchema = {
  type: 'object',
  required: ['id', 'name', 'description', 'createdAt', 'open'],
  properties: {
    id: ID,
    name: NAME,
    description: { type: 'string', maxLength: 4096 },
    owner: USER,
    createdAt: TIME,
    open: FLAG,
  },
};
const HEADERS: FrameSchema = {
  type: 'array',
  items: { type: 'array', items: TEXT, minItems: 2, maxItems: 2 },
};

const TOWARD = { chatType: { enum: ['SINGLE', 'GROUP'] }, toId: ID };

/** An object with these fields, all of them required but the optional ones. */
const body = (
  fields: Readonly<Record<string, FrameSchema>>,
  optional: Readonly<Record<string, FrameSchema>> = {},
): FrameSchema => ({
  type: 'object',
  required: Object.keys(fields),
  properties: { type: TEXT, ...fields, ...optional },
});

const SCHEMAS: Readonly<Record<EventBody['type'], FrameSchema>> = {
  message_read: body({ ...TOWARD, reader: USER, at: TIME }, { messageId: ID }),
  message_revoked: body({ ...TOWARD, messageId: ID, from: USER, at: TIME }),
  member_joined: body({ group: GROUP, user: USER, at: TIME }),
  member_left: body({ group: GROUP, user: USER, at: TIME }),
  member_removed: body({ group: GROUP, user: USER, reason: { enum: ['quit', 'kicked'] }, at: TIME }),
  presence_changed: body({ user: USER, online: FLAG, at: TIME }),
  contact_requested: body({ requestId: ID, from: USER, toId: ID, at: TIME }),
  contact_accepted: body({ contact: USER, toId: ID, at: TIME }),
  group_dissolved: body({ group: GROUP, at: TIME }),
  group_transferred: body({ group: GROUP, newOwner: USER, at: TIME }),
  member_muted: body({ group: GROUP, user: USER, muted: FLAG, at: TIME }),
  group_announcement: body({ group: GROUP, text: TEXT, at: TIME }),
  group_invited: body({ group: GROUP, inviter: USER, toId: ID, at: TIME }),
  relayed: body({ ...TOWARD, id: ID, name: NAME, headers: HEADERS, body: TEXT }, { from: USER }),
};

const codec = jsonCodec<EventBody>({
  kindOf: (value) => {
    const type = value.type;
    return typeof type === 'string' && Object.hasOwn(SCHEMAS, type) ? type : undefined;
  },
  schemas: SCHEMAS,
});

/**
 * Reads a body from /user/queue/events.
 *
 * @throws GatewayError frame_malformed, frame_unknown, field_missing
 */
export function readEventBody(text: string): EventBody {
  const [value] = codec.decode(text);
  return value as EventBody;
}
