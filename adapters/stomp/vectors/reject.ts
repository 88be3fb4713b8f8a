/** Wire messages that are refused, both directions. */

import { Buffer } from 'node:buffer';
import type { RejectVector } from '../../../core/dialect-vectors.ts';
import { numbered } from './codec-kit.ts';
import { frame, wire } from './kit.ts';

const refuse = (
  name: string,
  text: string | Uint8Array,
  code: RejectVector['code'],
  more: Partial<RejectVector> = {},
): RejectVector => ({ name, face: 'server', wire: [text], code, ...more });

const length = (value: string, body = 'hello'): string =>
  wire('SEND', ['destination:/d', `content-length:${value}`], body);

export const reject: readonly RejectVector[] = [
  refuse('refuses an unknown command', wire('PUBLISH', ['receipt:1']), 'frame_unknown'),
  refuse('refuses an unknown command before the rest of its head is here', 'PUBLISH\nrece', 'frame_unknown'),
  refuse('refuses JSON at its first byte', '{"type":"auth"}', 'frame_malformed'),
  refuse('refuses a command in lower case', wire('connect'), 'frame_malformed'),
  refuse('refuses a command after a space', ` ${wire('CONNECT')}`, 'frame_malformed'),
  refuse('refuses a command before a space', wire('CONNECT '), 'frame_malformed'),
  refuse('refuses a digit in a command', wire('SEND2'), 'frame_malformed'),
  refuse('refuses a carriage return in a command', 'CON\rNECT\n\n\0', 'frame_malformed'),
  refuse('refuses a NUL in a command', 'CONNECT\0', 'frame_malformed'),
  refuse('refuses bytes that are no STOMP at all', Uint8Array.of(0x82, 0x01, 0xff), 'frame_malformed'),
  refuse('refuses a command over 32 bytes before it ends', 'A'.repeat(33), 'limit_exceeded'),
  refuse('refuses an HTTP request', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', 'frame_malformed'),
  refuse('refuses CONNECTED from a client', wire('CONNECTED', ['version:1.2']), 'protocol_violation'),
  refuse('refuses MESSAGE from a client', wire('MESSAGE', ['subscription:1']), 'protocol_violation'),
  refuse('refuses RECEIPT from a client', wire('RECEIPT', ['receipt-id:1']), 'protocol_violation'),
  refuse('refuses ERROR from a client', wire('ERROR', ['message:x']), 'protocol_violation'),
  refuse('refuses a header without a colon', wire('SEND', ['destination']), 'frame_malformed'),
  refuse('refuses a header without a name', wire('SEND', [':/topic/x']), 'frame_malformed'),
  refuse('refuses a NUL among the headers', 'CONNECT\nhost:h\0', 'frame_malformed'),
  refuse('refuses a NUL in a header that goes on', 'SEND\ndestination:/d\0x\n\n\0', 'frame_malformed'),
  refuse('refuses a NUL in place of the headers', 'CONNECT\n\0', 'frame_malformed'),
  refuse(
    'refuses a header that is not UTF-8',
    Buffer.concat([Buffer.from('SEND\nnote:'), Uint8Array.of(0xc3, 0x28), Buffer.from('\n\n\0')]),
    'frame_malformed',
  ),
  refuse(
    'refuses the escape \\t [STOMP 1.2, Value Encoding]',
    wire('SEND', ['note:a\\tb']),
    'frame_malformed',
  ),
  refuse('refuses a backslash at the end of a value', wire('SEND', ['note:a\\']), 'frame_malformed'),
  refuse('refuses a bad escape in a name', wire('SEND', ['a\\:b:c']), 'frame_malformed'),
  refuse('refuses a bad escape before the rest of its head is here', 'SEND\nnote:\\x\nmo', 'frame_malformed'),
  refuse(
    'refuses the escape \\r in 1.1',
    'CONNECT\naccept-version:1.1\n\n\0SEND\nnote:\\r\n\n\0',
    'frame_malformed',
    { frames: [frame('CONNECT', ['accept-version:1.1'])] },
  ),
  refuse('refuses a content-length that is no number', length('five'), 'frame_malformed'),
  refuse('refuses a negative content-length', length('-5'), 'frame_malformed'),
  refuse('refuses a signed content-length', length('+5'), 'frame_malformed'),
  refuse('refuses a content-length with a fraction', length('5.0'), 'frame_malformed'),
  refuse('refuses a content-length in hexadecimal', length('0x5'), 'frame_malformed'),
  refuse('refuses an empty content-length', length(''), 'frame_malformed'),
  refuse('refuses a content-length after a space', length(' 5'), 'frame_malformed'),
  refuse('refuses a content-length beyond all numbers', length('9'.repeat(400)), 'frame_malformed'),
  refuse('refuses a content-length that is too small', length('4'), 'frame_malformed'),
  refuse(
    'refuses a content-length that ends inside the next frame',
    length('7') + wire('SEND'),
    'frame_malformed',
  ),
  refuse(
    'refuses a content-length over the frame limit at once',
    'SEND\ncontent-length:262144\n\n',
    'frame_too_large',
  ),
  refuse('refuses 33 headers', wire('SEND', numbered(33)), 'limit_exceeded'),
  refuse('counts repeated headers', wire('SEND', Array(33).fill('a:b')), 'limit_exceeded'),
  refuse(
    'refuses the 33rd header at its first byte',
    `SEND\n${numbered(32).join('\n')}\nx`,
    'limit_exceeded',
  ),
  refuse('refuses a header of 4097 bytes', wire('ACK', [`id:${'x'.repeat(4094)}`]), 'limit_exceeded'),
  refuse('refuses a header over 4 KiB before it ends', `ACK\nid:${'x'.repeat(4094)}`, 'limit_exceeded'),
  refuse(
    'yields the frames before the one at fault',
    wire('BEGIN', ['transaction:1']) + wire('NO'),
    'frame_unknown',
    {
      frames: [frame('BEGIN', ['transaction:1'])],
    },
  ),
  {
    name: 'refuses a header without a colon from a server',
    face: 'client',
    wire: [wire('RECEIPT', ['receipt-id'])],
    code: 'frame_malformed',
  },
  {
    name: 'refuses a fault in a frame that spans wire messages',
    face: 'server',
    wire: ['SEND\nno', 'colon\n', '\n\0'],
    code: 'frame_malformed',
  },
  { name: 'refuses SEND from a server', face: 'client', wire: [wire('SEND')], code: 'protocol_violation' },
  {
    name: 'refuses CONNECT from a server',
    face: 'client',
    wire: [wire('CONNECT')],
    code: 'protocol_violation',
  },
  {
    name: 'refuses an unknown command from a server',
    face: 'client',
    wire: [wire('HELLO')],
    code: 'frame_unknown',
  },
  {
    name: 'refuses a bad content-length from a server',
    face: 'client',
    wire: ['MESSAGE\ncontent-length:1\n\nab\0'],
    code: 'frame_malformed',
  },
  {
    name: 'refuses a bad escape from a server',
    face: 'client',
    wire: ['CONNECTED\nversion:1.1\n\n\0', 'MESSAGE\nnote:\\r\n\n\0'],
    frames: [frame('CONNECTED', ['version:1.1'])],
    code: 'frame_malformed',
  },
];
