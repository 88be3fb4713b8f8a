/** Wire messages that decode, both directions. */

import { Buffer } from 'node:buffer';
import type { AcceptVector } from '../../../core/dialect-vectors.ts';
import { HEART_BEAT } from '../wire.ts';
import { JSON_TYPE } from './broker-kit.ts';
import { numbered } from './codec-kit.ts';
import { frame, wire } from './kit.ts';

const HELLO =
  '{"appId":"ak_demo_chat","messageId":"msg_uuid_001","toId":"user_002","chatType":"SINGLE","msgType":"TEXT","content":"Hello"}';

const SAID =
  '{"id":"msg_uuid_001","fromId":"user_002","toId":"user_001","chatType":"SINGLE","msgType":"TEXT","content":"Hello","status":"SENT","createdAt":1715000000000}';

/** One frame in one wire message; `encodes` where we would write it the same way. */
const simple = (
  name: string,
  face: 'server' | 'client',
  parts: readonly [Parameters<typeof frame>[0], readonly string[], string?],
  same = true,
): AcceptVector => {
  const [command, headers, body] = parts;
  const text = wire(command, headers, body);
  const visible = headers.filter((header) => !header.startsWith('content-length:'));
  return {
    name,
    face,
    wire: [text],
    frames: [frame(command, visible, body)],
    ...(same ? { encodes: [text] } : {}),
  };
};

const clientFrames: readonly AcceptVector[] = [
  simple('reads CONNECT as the source has it', 'server', [
    'CONNECT',
    ['accept-version:1.2', 'heart-beat:0,0', 'host:dev.xuqinmin.com', 'Authorization:Bearer T'],
  ]),
  simple('reads STOMP, the other name of CONNECT', 'server', ['STOMP', ['accept-version:1.2', 'host:h']]),
  simple('reads CONNECT of @stomp/stompjs: no host, three versions', 'server', [
    'CONNECT',
    ['Authorization:Bearer T', 'accept-version:1.2,1.1,1.0', 'heart-beat:10000,10000'],
  ]),
  simple('reads CONNECT without any header: STOMP 1.0', 'server', ['CONNECT', []]),
  simple('reads SUBSCRIBE', 'server', [
    'SUBSCRIBE',
    ['id:sub-1', 'destination:/user/queue/messages', 'ack:auto', 'receipt:r-1'],
  ]),
  simple('reads UNSUBSCRIBE', 'server', ['UNSUBSCRIBE', ['id:sub-1']]),
  simple(
    'reads SEND without content-length: the body ends at the NUL',
    'server',
    ['SEND', ['destination:/app/chat.send', JSON_TYPE], HELLO],
    false,
  ),
  simple('reads SEND with content-length, and writes it so', 'server', [
    'SEND',
    ['destination:/app/chat.send', JSON_TYPE, `content-length:${HELLO.length}`],
    HELLO,
  ]),
  simple('reads a body that ends with a line end, as the source prints it', 'server', [
    'SEND',
    ['destination:/app/chat.sync', 'content-length:25'],
    '{"appId":"ak_demo_chat"}\n',
  ]),
  simple('reads ACK', 'server', ['ACK', ['id:1', 'transaction:tx1']]),
  simple('reads NACK', 'server', ['NACK', ['id:1']]),
  simple('reads BEGIN', 'server', ['BEGIN', ['transaction:tx1']]),
  simple('reads COMMIT', 'server', ['COMMIT', ['transaction:tx1']]),
  simple('reads ABORT', 'server', ['ABORT', ['transaction:tx1']]),
  simple('reads DISCONNECT', 'server', ['DISCONNECT', ['receipt:r-2']]),
];

const serverFrames: readonly AcceptVector[] = [
  simple('reads CONNECTED as the source has it', 'client', ['CONNECTED', ['version:1.2']]),
  simple('reads CONNECTED with its heart-beats', 'client', ['CONNECTED', ['version:1.2', 'heart-beat:0,0']]),
  simple('reads MESSAGE', 'client', [
    'MESSAGE',
    [
      'subscription:sub-1',
      'destination:/user/queue/messages',
      'message-id:m-1',
      JSON_TYPE,
      `content-length:${SAID.length}`,
    ],
    SAID,
  ]),
  simple(
    'reads MESSAGE as the source has it: without subscription, a line end after the body',
    'client',
    ['MESSAGE', ['destination:/user/queue/messages', 'message-id:...'], `${SAID}\n`],
    false,
  ),
  simple('reads RECEIPT', 'client', ['RECEIPT', ['receipt-id:r-1']]),
  simple(
    'reads ERROR as the source has it',
    'client',
    ['ERROR', ['message:Unauthorized'], 'Unauthorized'],
    false,
  ),
  simple('reads ERROR that names the frame at fault', 'client', [
    'ERROR',
    ['message:Unauthorized', 'receipt-id:r-1', 'content-type:text/plain', 'content-length:12'],
    'Unauthorized',
  ]),
  simple('writes content-length on an empty MESSAGE too', 'client', ['MESSAGE', ['content-length:0']]),
  {
    name: 'ignores the line end that a broker sends after each frame',
    face: 'client',
    wire: [`${wire('RECEIPT', ['receipt-id:1'])}\n`, `${wire('RECEIPT', ['receipt-id:2'])}\n`],
    frames: [frame('RECEIPT', ['receipt-id:1']), frame('RECEIPT', ['receipt-id:2'])],
  },
  {
    name: 'unescapes the headers of MESSAGE in 1.2 and escapes them the same way',
    face: 'client',
    wire: ['MESSAGE\nnote:a\\cb\\nc\\\\d\\r\ncontent-length:2\n\n{}\0'],
    frames: [{ command: 'MESSAGE', headers: [['note', 'a:b\nc\\d\r']], body: '{}' }],
    encodes: ['MESSAGE\nnote:a\\cb\\nc\\\\d\\r\ncontent-length:2\n\n{}\0'],
  },
  {
    name: 'follows the version that CONNECTED names: 1.0 has no escapes',
    face: 'client',
    wire: ['CONNECTED\nversion:1.0\n\n\0MESSAGE\nnote:a\\cb:c\n\n\0'],
    frames: [
      frame('CONNECTED', ['version:1.0']),
      { command: 'MESSAGE', headers: [['note', 'a\\cb:c']], body: '' },
    ],
  },
  {
    name: 'takes a CONNECTED without version for 1.0',
    face: 'client',
    wire: ['CONNECTED\nsession:s\n\n\0', 'MESSAGE\nnote:a\\tb\n\n\0'],
    frames: [
      frame('CONNECTED', ['session:s']),
      { command: 'MESSAGE', headers: [['note', 'a\\tb']], body: '' },
    ],
  },
  {
    name: 'reads a MESSAGE in pieces, a piece being one byte of a character',
    face: 'client',
    wire: [
      'MESSAGE\nmessage-id:1\n\n\u4f60',
      Uint8Array.of(0xe5),
      Uint8Array.of(0xa5),
      Uint8Array.of(0xbd, 0x00),
    ],
    frames: [frame('MESSAGE', ['message-id:1'], '\u4f60\u597d')],
  },
];

const binaryBody = Uint8Array.of(0xff, 0x00, 0xfe, 0x0a);

const wholeWire: readonly AcceptVector[] = [
  {
    name: 'hands a lone line end over as a heart-beat',
    face: 'server',
    wire: ['\n'],
    frames: [HEART_BEAT],
    encodes: ['\n'],
  },
  {
    name: 'hands CRLF over as one heart-beat, as Android clients send it',
    face: 'server',
    wire: ['\r\n'],
    frames: [HEART_BEAT],
  },
  {
    name: 'hands a lone line end of a server over as a heart-beat',
    face: 'client',
    wire: ['\n'],
    frames: [HEART_BEAT],
    encodes: ['\n'],
  },
  {
    name: 'reads CRLF line ends [STOMP 1.2, Augmented BNF]',
    face: 'server',
    wire: ['CONNECT\r\naccept-version:1.2\r\nhost:h\r\n\r\n\0'],
    frames: [frame('CONNECT', ['accept-version:1.2', 'host:h'])],
  },
  {
    name: 'keeps CRLF in a body',
    face: 'server',
    wire: ['SEND\r\ndestination:/d\r\n\r\na\r\nb\0'],
    frames: [frame('SEND', ['destination:/d'], 'a\r\nb')],
  },
  {
    name: 'reads several frames in one wire message, with line ends and NULs between them, the first line end being the frame’s own',
    face: 'server',
    wire: [`${wire('BEGIN', ['transaction:1'])}\n\r\n\0\0\n${wire('ABORT', ['transaction:1'])}\n`],
    frames: [frame('BEGIN', ['transaction:1']), HEART_BEAT, HEART_BEAT, frame('ABORT', ['transaction:1'])],
  },
  {
    name: 'reads a frame that spans wire messages',
    face: 'server',
    wire: ['SEND\ndestination:/to', 'pic/x\n\nhel', 'lo\0'],
    frames: [frame('SEND', ['destination:/topic/x'], 'hello')],
  },
  {
    name: 'reads a binary wire message like text',
    face: 'server',
    wire: [Buffer.from(wire('UNSUBSCRIBE', ['id:1']))],
    frames: [frame('UNSUBSCRIBE', ['id:1'])],
    encodes: [wire('UNSUBSCRIBE', ['id:1'])],
  },
  {
    name: 'keeps a NUL in a body of known length',
    face: 'server',
    wire: ['SEND\ndestination:/d\ncontent-length:3\n\na\0b\0'],
    frames: [frame('SEND', ['destination:/d'], 'a\0b')],
    encodes: ['SEND\ndestination:/d\ncontent-length:3\n\na\0b\0'],
  },
  {
    name: 'keeps a body that is not UTF-8 as bytes and writes it as a binary wire message',
    face: 'server',
    wire: [
      Buffer.concat([Buffer.from('SEND\ndestination:/d\ncontent-length:4\n\n'), binaryBody, Buffer.alloc(1)]),
    ],
    frames: [frame('SEND', ['destination:/d'], binaryBody)],
    encodes: [
      new Uint8Array(
        Buffer.concat([
          Buffer.from('SEND\ndestination:/d\ncontent-length:4\n\n'),
          binaryBody,
          Buffer.alloc(1),
        ]),
      ),
    ],
  },
  {
    name: 'counts content-length in bytes',
    face: 'server',
    wire: [Buffer.from('SEND\ndestination:/d\ncontent-length:7\n\n\u4f60\ud83d\ude00\0')],
    frames: [frame('SEND', ['destination:/d'], '\u4f60\ud83d\ude00')],
    encodes: ['SEND\ndestination:/d\ncontent-length:7\n\n\u4f60\ud83d\ude00\0'],
  },
  {
    name: 'keeps a byte order mark in a body',
    face: 'server',
    wire: [Buffer.from('SEND\ndestination:/d\n\n\ufeffx\0')],
    frames: [frame('SEND', ['destination:/d'], '\ufeffx')],
  },
  {
    name: 'uses the first of repeated headers [STOMP 1.2, Repeated Header Entries]',
    face: 'server',
    wire: ['SEND\ndestination:/first\ndestination:/second\ncontent-length:2\ncontent-length:9\n\nab\0'],
    frames: [frame('SEND', ['destination:/first'], 'ab')],
  },
  {
    name: 'keeps white space, empty values and raw colons in header values',
    face: 'server',
    wire: ['SUBSCRIBE\nid: 1 \ndestination:/d\nempty:\nurl:http://h:80/\n\n\0'],
    frames: [frame('SUBSCRIBE', ['id: 1 ', 'destination:/d', 'empty:', 'url:http://h:80/'])],
  },
  {
    name: 'unescapes names and values in 1.2',
    face: 'server',
    wire: ['CONNECT\naccept-version:1.2\n\n\0SEND\na\\cb:c\\cd\\\\n\\r\\n\n\n\0'],
    frames: [
      frame('CONNECT', ['accept-version:1.2']),
      { command: 'SEND', headers: [['a:b', 'c:d\\n\r\n']], body: '' },
    ],
  },
  {
    name: 'does not unescape CONNECT [STOMP 1.2, Value Encoding]',
    face: 'server',
    wire: ['CONNECT\naccept-version:1.2\npasscode:a\\cb\\t:c\n\n\0'],
    frames: [
      {
        command: 'CONNECT',
        headers: [
          ['accept-version', '1.2'],
          ['passcode', 'a\\cb\\t:c'],
        ],
        body: '',
      },
    ],
    encodes: ['CONNECT\naccept-version:1.2\npasscode:a\\cb\\t:c\n\n\0'],
  },
  {
    name: 'knows no escapes after CONNECT without accept-version: 1.0',
    face: 'server',
    wire: ['CONNECT\n\n\0SEND\nnote:a\\cb\\t\n\n\0'],
    frames: [frame('CONNECT', []), { command: 'SEND', headers: [['note', 'a\\cb\\t']], body: '' }],
  },
  {
    name: 'unescapes \\c, \\n and \\\\ in 1.1',
    face: 'server',
    wire: ['CONNECT\naccept-version:1.0,1.1\n\n\0SEND\nnote:\\c\\n\\\\\n\n\0'],
    frames: [
      frame('CONNECT', ['accept-version:1.0,1.1']),
      { command: 'SEND', headers: [['note', ':\n\\']], body: '' },
    ],
  },
  {
    name: 'keeps the version of the first CONNECT, whatever a second one says',
    face: 'server',
    wire: ['CONNECT\naccept-version:1.2\n\n\0CONNECT\n\n\0SEND\nnote:\\c\n\n\0'],
    frames: [
      frame('CONNECT', ['accept-version:1.2']),
      frame('CONNECT', []),
      { command: 'SEND', headers: [['note', ':']], body: '' },
    ],
  },
  {
    name: 'keeps names that objects have of their own apart',
    face: 'server',
    wire: ['SEND\n__proto__:x\nconstructor:y\ntoString:z\n\n\0'],
    frames: [frame('SEND', ['__proto__:x', 'constructor:y', 'toString:z'])],
  },
  {
    name: 'reads 32 headers',
    face: 'server',
    wire: [wire('SEND', numbered(32))],
    frames: [frame('SEND', numbered(32))],
  },
  {
    name: 'reads a header of 4096 bytes',
    face: 'server',
    wire: [wire('ACK', [`id:${'x'.repeat(4093)}`])],
    frames: [frame('ACK', [`id:${'x'.repeat(4093)}`])],
  },
];

export const accept: readonly AcceptVector[] = [...clientFrames, ...serverFrames, ...wholeWire];
