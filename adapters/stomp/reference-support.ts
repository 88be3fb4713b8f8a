/** What the parts of the reference share. */
import { type Condition, type FieldNote, may, must } from '../../core/reference.ts';

/** A clause of the service's page, by its heading. */
export const stated = (heading: string): string => `S: ${heading}`;
/** A clause of the specification, by its heading. */
export const specified = (heading: string): string => `S: STOMP 1.2, ${heading}`;

export const OURS = 'D: ours';

export const commandIs = (...commands: readonly string[]): Condition => ({ path: 'command', is: commands });
export const destinationIs = (destination: string): Condition => ({
  path: 'headers.destination',
  is: [destination],
});

export const COMMAND: FieldNote = must('command', 'Which kind of frame this is.', {
  clause: specified('STOMP Frames'),
});
export const RECEIPT: FieldNote = may(
  'headers.receipt',
  'Asks for a RECEIPT with this id once the frame has taken effect.',
  {
    clause: specified('Header receipt'),
  },
);
export const TRANSACTION: FieldNote = may(
  'headers.transaction',
  'The transaction that it is part of; it takes effect at COMMIT.',
  { clause: specified('SEND') },
);
export const CONTENT: readonly FieldNote[] = [
  may('headers.content-type', 'MIME type of the body.', { clause: specified('Header content-type') }),
  may('headers.content-length', 'Length of the body in bytes, without the NUL.', {
    clause: specified('Header content-length'),
  }),
];

export const CHAT_TYPES = { SINGLE: 'between two users', GROUP: 'in a group' } as const;

/** Where a message's type is said: the known ones and what they mean. */
export const MSG_TYPES = {
  TEXT: 'text',
  IMAGE: 'an image, whose URL is the content',
  VOICE: 'a voice message, whose URL is the content',
  AUDIO: 'sound, whose URL is the content',
  VIDEO: 'a film, whose URL is the content',
  FILE: 'a file, whose URL is the content',
  LOCATION: 'a place',
  LINK: 'a link',
  EMOJI: 'an emoji',
  CARD: 'a card',
  CUSTOM: 'a form of the application’s own',
} as const;

/** What a message may carry besides its own fields. */
export const EXTRAS: readonly FieldNote[] = [
  may('text', "The message's words, where content is the URL of its attachment.", {
    becomes: 'content',
    clause: OURS,
    mayBeEmpty: true,
  }),
  may('attachment', 'A file that belongs to it.', { becomes: 'attachment', clause: OURS }),
  must('attachment.url', 'Where it is.', { becomes: 'attachment.url', clause: OURS }),
  may('attachment.name', 'Its name.', { becomes: 'attachment.name', clause: OURS }),
  may('attachment.size', 'Its size in bytes.', { becomes: 'attachment.size', clause: OURS }),
  may('replyTo', 'Id of the message that this one answers.', { becomes: 'replyTo', clause: OURS }),
  may('mentionedUserIds', 'Ids of the users whom it mentions; at most 1,000.', {
    becomes: 'extensions',
    clause: OURS,
  }),
];
