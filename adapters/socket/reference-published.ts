/** Chat messages of clients, and the events that they publish. */
import { type FrameReference, frame, may, must } from '../../core/reference.ts';
import { EVENT, eventIs, OURS } from './reference-support.ts';
import { SYSTEM_PREFIX } from './wire.ts';

const CHANNEL_MEANING = 'Where it is said; the option channels says what the name stands for.';

const MESSAGE = frame({
  name: 'message',
  direction: 'client',
  when: eventIs('message'),
  meaning: 'A chat message to a subscribed channel or a user; answered with ack or error.',
  clause: OURS,
  fields: [
    EVENT,
    must('channel', CHANNEL_MEANING, { becomes: 'send_message.target.id' }),
    may('data.id', "The client's own id: sent again with the same content it is stored once.", {
      becomes: 'send_message.clientId',
    }),
    must('data.content', 'The text, at most 10,000 code points; white space counts as text.', {
      becomes: 'send_message.content',
    }),
    may(
      'data.contentType',
      'What the content is, text by default; its spelling is kept for clients of this dialect.',
      {
        becomes: 'send_message.contentType',
      },
    ),
    may('data.replyTo', 'Id of the message that this one answers.', { becomes: 'send_message.replyTo' }),
    may('data.from', "Not needed; anybody but the sender's own id is refused.", {
      becomes: 'send_message.claimedSender',
    }),
    must('data.from.id', "The sender's id, where from is an object.", {
      becomes: 'send_message.claimedSender',
    }),
    may('data.from.name', "Ignored: the directory's name wins."),
    may('data.from.avatar', "Ignored: the directory's picture wins."),
  ],
});

const publishedBy = (direction: 'client' | 'server'): FrameReference =>
  frame({
    name: direction === 'client' ? 'any other event, published' : 'any other event, passed on',
    direction,
    when: [{ path: 'event', startsNotWith: SYSTEM_PREFIX }],
    otherwise: true,
    meaning:
      direction === 'client'
        ? 'An event of the client’s own (typing, …), passed on to the channel’s other subscribers and never stored.'
        : 'What another client published on the channel.',
    clause: OURS,
    fields: [
      must('event', 'Its name: any that no event of the server has.', {
        becomes: direction === 'client' ? 'relay.name' : 'relayed.name',
      }),
      must('channel', CHANNEL_MEANING, {
        becomes: direction === 'client' ? 'relay.target.id' : 'relayed.target.id',
      }),
      may('data', 'Anything or nothing; passed on whole.', {
        becomes: direction === 'client' ? 'relay.body' : 'relayed.body',
        anythingBelow: true,
      }),
    ],
  });

export const PUBLISHED_REFERENCE: readonly FrameReference[] = [
  MESSAGE,
  publishedBy('client'),
  publishedBy('server'),
];
