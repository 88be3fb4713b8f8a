/** The people, groups and messages of the samples: every field set. */
import type { Attachment, Group, Message, Profile, Target, User } from '../../schemas/model.ts';
import { NAMESPACE } from './stand-ins.ts';

/** A field of a dialect that does not exist: what is lost here is lost between any two. */
export const EXTENSIONS = { elsewhere: { mood: 'calm' } } as const;

const profile = (id: string, name: string): Profile => ({
  id,
  name,
  avatar: `https://example.org/${id}.png`,
  extensions: EXTENSIONS,
});
const user = (id: string, name: string): User => ({ namespace: NAMESPACE, ...profile(id, name) });

/** Who is logged in: sends every command and hears every event. */
export const ALICE = user('alice', 'Alice Adler');
export const BOB = user('bob', 'Bob Berg');
export const CAROL = user('carol', 'Carol Chen');

/** Epoch ms, of no whole second: a wire of whole seconds changes it. */
export const AT = 1_765_679_400_250;
export const CREATED_AT = 1_760_000_000_125;

export const LOBBY: Target = { type: 'group', id: 'lobby' };
export const TEAM: Target = { type: 'group', id: 'team' };
export const TO_ALICE: Target = { type: 'user', id: ALICE.id };
export const TO_BOB: Target = { type: 'user', id: BOB.id };

export const LOBBY_GROUP: Group = {
  namespace: NAMESPACE,
  id: LOBBY.id,
  name: 'The lobby',
  description: 'Where everybody meets',
  owner: CAROL,
  createdAt: CREATED_AT,
  open: false,
  extensions: EXTENSIONS,
};

export const ATTACHMENT: Attachment = { url: 'https://example.org/cat.png', name: 'cat.png', size: 20_480 };

export const MESSAGE: Message = {
  id: '01KCDN0VMTB6W2X8H5QZ3C4D7E',
  clientId: 'client-message-7',
  namespace: NAMESPACE,
  sequence: 42,
  from: BOB,
  to: LOBBY,
  content: 'Look at this: 猫 “cat” {"a":1}\nsecond line',
  contentType: 'image',
  sentAt: AT,
  replyTo: 'client-message-6',
  attachment: ATTACHMENT,
  extensions: EXTENSIONS,
};

/** A message without what only a picture has. */
export function textMessage(overrides: Partial<Message>): Message {
  const { attachment: _attachment, ...rest } = MESSAGE;
  return { ...rest, contentType: 'text', ...overrides };
}
