/** Conversations of the server's face about what is said between login and the end, form `ourchat`. */

import type { ConversationVector } from '../../core/dialect-vectors.ts';
import { GatewayError } from '../../core/errors.ts';
import { groupCommand, withAlice } from './vectors-lifecycle.ts';
import {
  AT,
  alice,
  bob,
  charlie,
  chatFrame,
  chatWire,
  direct,
  errorFrame,
  eve,
  failed,
  listed,
  lobby,
  lost,
  message,
  messageEvent,
  ok,
  presence,
  privateWire,
  route,
  send,
  userList,
} from './vectors-support.ts';

const privateCommand = { ...groupCommand, content: 'Hello, Bob!', target: { type: 'user', id: 'bob' } };
const privateFrame = chatFrame({ toUserId: 2, toNickname: 'bob', content: 'Hello, Bob!' });

const sending: readonly ConversationVector[] = [
  withAlice('group chat is sent to the lobby; its own copy is the ack', [
    [{ wire: chatWire() }, [route(2, groupCommand)]],
    [{ settle: 2, outcome: ok({ type: 'stored', message: message(), duplicate: false }) }, []],
    [{ deliver: messageEvent(message(), 'c-1') }, [send(chatFrame())]],
  ]),
  withAlice('private chat is sent to its recipient and comes back to its sender', [
    [{ wire: privateWire() }, [route(2, privateCommand)]],
    [{ settle: 2, outcome: ok({ type: 'stored', message: direct(), duplicate: false }) }, []],
    [{ deliver: messageEvent(direct(), 'c-1') }, [send(privateFrame)]],
  ]),
  withAlice(
    'the lobby is the group of the option',
    [
      [{ wire: chatWire() }, [route(2, { ...groupCommand, target: { type: 'group', id: 'hall' } })]],
      [{ deliver: messageEvent(message()) }, [lost('message', 'message.to')]],
      [{ deliver: messageEvent(message({ to: { type: 'group', id: 'hall' } })) }, [send(chatFrame())]],
    ],
    { options: { lobby: 'hall' } },
  ),
  withAlice(
    'with offline: refuse, private chat is for users online only, group chat as ever',
    [
      [{ wire: privateWire() }, [route(2, { ...privateCommand, onlineOnly: true })]],
      [{ settle: 2, outcome: failed('recipient_unknown') }, [send(errorFrame('recipient_unknown'))]],
      [{ wire: chatWire() }, [route(3, groupCommand)]],
    ],
    { options: { offline: 'refuse' } },
  ),
  withAlice('an integer that nobody has is ERROR 1001', [
    [
      { wire: privateWire({ toUserId: 99 }) },
      [send({ type: 'error', code: 1001, message: '用户不存在或已离线' })],
    ],
  ]),
  withAlice('a forged sender is the claimed one, which the router refuses', [
    [{ wire: chatWire({ fromUserId: 2 }) }, [route(2, { ...groupCommand, claimedSender: 'bob' })]],
    [{ settle: 2, outcome: failed('sender_mismatch') }, [send(errorFrame('sender_mismatch'))]],
  ]),
  withAlice('a sender whom nobody knows is refused at once', [
    [{ wire: chatWire({ fromUserId: 99 }) }, [send(errorFrame('sender_mismatch'))]],
  ]),
  withAlice('a refusal is ERROR with the text of the table, and the connection stays', [
    [{ wire: chatWire() }, [route(2, groupCommand)]],
    [
      { settle: 2, outcome: failed('muted', { detail: 'until tomorrow' }) },
      [send({ type: 'error', code: 1014, message: '你已被禁言' })],
    ],
  ]),
  withAlice('a message that was stored before is answered with its copy', [
    [{ wire: chatWire() }, [route(2, groupCommand)]],
    [
      { settle: 2, outcome: ok({ type: 'stored', message: message(), duplicate: true }) },
      [send(chatFrame())],
    ],
  ]),
  withAlice("a client's ERROR is reported and never answered", [
    [
      { wire: '{"type":"ERROR","code":1001,"message":"用户不存在或已离线"}' },
      [route(2, { type: 'report_error', code: '1001', message: '用户不存在或已离线' })],
    ],
    [{ settle: 2, outcome: failed('rate_limited') }, []],
  ]),
  withAlice(
    'errors speak the language of the endpoint',
    [
      [
        { fail: new GatewayError('frame_malformed') },
        [send({ type: 'error', code: 1005, message: 'the frame cannot be read' })],
      ],
    ],
    { locale: 'en' },
  ),
];

const receiving: readonly ConversationVector[] = [
  withAlice('private chat names its recipient: the receiver itself', [
    [
      { deliver: messageEvent(direct({ from: bob, to: { type: 'user', id: 'alice' } })) },
      [
        send(
          chatFrame({
            fromUserId: 2,
            fromNickname: 'Bob',
            toUserId: 1,
            toNickname: 'Alice',
            content: 'Hello, Bob!',
          }),
        ),
      ],
    ],
  ]),
  withAlice('private chat names its recipient as the last user list did', [
    [{ deliver: messageEvent(direct()) }, [send(privateFrame)]],
    [
      { deliver: userList([alice], [bob]) },
      [send({ type: 'user_list', online: [listed(1, 'Alice')], offline: [listed(2, 'Bob')], change: null })],
    ],
    [{ deliver: messageEvent(direct()) }, [send({ ...privateFrame, toNickname: 'Bob' })]],
  ]),
  withAlice('a nickname that is empty gives way to the id', [
    [
      { deliver: messageEvent(message({ from: { ...bob, name: '' } })) },
      [send(chatFrame({ fromUserId: 2, fromNickname: 'bob' }))],
    ],
  ]),
  withAlice('what CHAT has no field for is counted', [
    [
      {
        deliver: messageEvent(
          message({ contentType: 'image', replyTo: 'x', attachment: { url: 'https://example.org/a.png' } }),
        ),
      },
      [send(chatFrame()), lost('message', 'message.contentType', 'message.replyTo', 'message.attachment')],
    ],
  ]),
  withAlice('messages of other groups and of users without an integer are counted', [
    [
      { deliver: messageEvent(message({ to: { type: 'group', id: 'staff' } })) },
      [lost('message', 'message.to')],
    ],
    [{ deliver: messageEvent(message({ from: eve })) }, [lost('message', 'message.from')]],
    [{ deliver: messageEvent(direct({ to: { type: 'user', id: 'eve' } })) }, [lost('message', 'message.to')]],
  ]),
  withAlice('a message that was missed looks like any other', [
    [{ deliver: { ...messageEvent(message()), replayed: true } }, [send(chatFrame())]],
  ]),
  withAlice('SYSTEM tells of others and never of oneself', [
    [
      { deliver: presence(bob, true) },
      [send({ type: 'system', userId: 2, nickname: 'Bob', online: true, at: AT })],
    ],
    [
      { deliver: presence(bob, false) },
      [send({ type: 'system', userId: 2, nickname: 'Bob', online: false, at: AT })],
    ],
    [{ deliver: presence(alice, true) }, []],
    [{ deliver: presence(eve, true) }, [lost('presence_changed', 'user')]],
  ]),
  withAlice('USER_LIST is of the lobby, the receiver included', [
    [
      { deliver: userList([alice, charlie], [bob]) },
      [
        send({
          type: 'user_list',
          online: [listed(1, 'Alice'), listed(3, 'Charlie')],
          offline: [listed(2, 'Bob')],
          change: null,
        }),
      ],
    ],
    [{ deliver: userList([alice], [], { ...lobby, id: 'staff' }) }, [lost('user_list')]],
    [
      { deliver: userList([alice, eve], [eve]) },
      [
        send({ type: 'user_list', online: [listed(1, 'Alice')], offline: [], change: null }),
        lost('user_list', 'online', 'offline'),
      ],
    ],
  ]),
  withAlice('what the dialect has no words for is counted', [
    [
      { deliver: { type: 'message_read', namespace: 'main', target: direct().to, reader: bob, at: AT } },
      [lost('message_read')],
    ],
    [
      {
        deliver: {
          type: 'message_revoked',
          namespace: 'main',
          message: 'x',
          from: bob,
          to: message().to,
          at: AT,
        },
      },
      [lost('message_revoked')],
    ],
    [
      { deliver: { type: 'member_joined', namespace: 'main', group: lobby, user: bob, at: AT } },
      [lost('member_joined')],
    ],
    [
      { deliver: { type: 'group_announcement', namespace: 'main', group: lobby, text: 'x', at: AT } },
      [lost('group_announcement')],
    ],
  ]),
];

export const serverConversations: readonly ConversationVector[] = [...sending, ...receiving];
