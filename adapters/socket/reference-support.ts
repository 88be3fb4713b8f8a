/** What the parts of the reference share. */
import { type FieldNote, may, must } from '../../core/reference.ts';

/** A clause of the source, by its heading. */
export const stated = (heading: string): string => `S: ${heading}`;

/** Everything that is no system event is ours. */
export const OURS = 'D: business events';

export const eventIs = (...events: readonly string[]) => [{ path: 'event', is: events }];

export const EVENT: FieldNote = must('event', 'Which event this is.', { clause: stated('命名规范') });

/** A user, as below the user that an event carries. */
export const USER: readonly FieldNote[] = [
  must('id', 'The id.', { becomes: 'id' }),
  may('name', 'The name, else the id.', { becomes: 'name' }),
  may('avatar', "URL of the user's picture; empty for none.", { becomes: 'avatar' }),
];
