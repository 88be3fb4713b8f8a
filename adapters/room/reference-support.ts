/** Models and enumerations that requests and replies share. */
import { type FieldNote, may, must } from '../../core/reference.ts';

/** A clause of the source, by its heading. */
export const stated = (heading: string): string => `S: ${heading}`;

export const MSG_TYPE_MEANINGS = {
  1: 'heartbeat',
  2: 'first or repeated initialisation',
  3: 'chat message',
  4: 'receipt of a message (not used yet)',
  5: 'list of friends (not used yet)',
} as const;

export const DATA_TYPE_MEANINGS = {
  1: 'joining a room',
  2: 'leaving a room',
  3: 'chat text (ours)',
} as const;

const MODEL = stated('消息传输-model- Member');

/** A person; what it becomes is said as of a user. */
export const MEMBER: readonly FieldNote[] = [
  must('id', 'The unique id.', { becomes: 'id', clause: MODEL }),
  may('personName', 'Real name; shown to clients of this dialect only.', {
    becomes: 'extensions',
    clause: MODEL,
  }),
  may('personNum', 'Number of the person; shown to clients of this dialect only.', {
    becomes: 'extensions',
    clause: MODEL,
  }),
  may('nickName', 'The name that others see, before personName and id.', { becomes: 'name', clause: MODEL }),
  may('headImgUrl', "URL of the person's picture.", { becomes: 'avatar', clause: MODEL }),
];
