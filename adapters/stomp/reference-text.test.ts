import { describe, expect, it } from 'vitest';
import { cutFrames, readFrame } from './reference-text.ts';

describe('a paste of frames', () => {
  it.each([
    ['with their NULs', 'ACK\nid:1\n\n\0\nNACK\nid:2\n\n\0\n', ['ACK\nid:1\n\n', 'NACK\nid:2\n\n']],
    [
      'with NULs as a terminal shows them',
      'ACK\nid:1\n\n^@\nNACK\nid:2\n\n^@',
      ['ACK\nid:1\n\n', 'NACK\nid:2\n\n'],
    ],
    [
      'with NULs as documents write them',
      'ACK\nid:1\n\n\\x00\nSEND\n\nhi\\0',
      ['ACK\nid:1\n\n', 'SEND\n\nhi'],
    ],
    [
      'without their NULs',
      'CONNECTED\nversion:1.2\n\nACK\nid:1\n\n',
      ['CONNECTED\nversion:1.2\n', 'ACK\nid:1\n\n'],
    ],
    ['with CRLF', 'ACK\r\nid:1\r\n\r\n\0', ['ACK\nid:1\n\n']],
    ['with heart-beats between them', '\n\nACK\nid:1\n\n\0\n\n\n', ['ACK\nid:1\n\n']],
    ['of one heart-beat', '\r\n', ['\n']],
    ['of nothing', '', []],
  ])('is cut: %s', (_name, text, frames) => {
    expect(cutFrames(text)).toEqual(frames);
  });
});

describe('a frame', () => {
  it('is its command, its headers and its body', () => {
    expect(readFrame('SEND\na:1\na:2\nb\\cc:d\\n\n\n{"x":1}\n')).toEqual({
      command: 'SEND',
      headers: { a: '1', 'b:c': 'd\n' },
      body: { x: 1 },
    });
    expect(readFrame('ERROR\n\n[1]')).toEqual({ command: 'ERROR', headers: {}, body: '[1]' });
    expect(readFrame('CONNECT\nlogin:a\\b\n\n')).toEqual({ command: 'CONNECT', headers: { login: 'a\\b' } });
  });

  it.each([
    ['FOO\n\n', 'there is no command "FOO"'],
    ['SEND\nno colon\n\n', 'a header is a name, a colon and a value, not "no colon"'],
    ['SEND\n:x\n\n', 'a header is a name, a colon and a value, not ":x"'],
    ['SEND\na:\\t\n\n', 'STOMP 1.2 has no such escape in a header: "a:\\\\t"'],
  ])('is refused with the reason: %j', (wire, reason) => {
    expect(() => readFrame(wire)).toThrow(reason);
  });
});
