/** Contents that break encoders, limits and objects used as maps: each must arrive as it was written. */

export const CONTENTS: Readonly<Record<string, string>> = {
  'white space only': ' \t\n\u00a0\u3000 ',
  'one space': ' ',
  '10,000 code points of emoji': '\u{1f600}\u{1f468}\u{1f3fd}\u{1f44d}'.repeat(2500),
  NUL: 'before\u0000after\u0000',
  'line ends': 'one\r\ntwo\nthree\rfour\u0085five',
  'line and paragraph separators': 'one\u2028two\u2029three',
  quotes: '"double" \'single\' `back` “curly”',
  backslashes: 'C:\\new\\table \\u0041 \\\\ \\c \\" \\',
  'the text __proto__': '__proto__',
  'the text constructor': 'constructor',
  'a JSON object of __proto__': '{"__proto__":{"admin":true},"constructor":{"prototype":null}}',
  'an integer above 2^53': '9007199254740993',
  'the text null': 'null',
  'right-to-left': 'שלום \u202eabc\u202c مرحبا',
  'combining characters, not normalised': 'e\u0301 é Z\u0351\u036b\u0343 \u1112\u1161\u11ab',
  'joined emoji': '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466} \u{1f1e8}\u{1f1f3} \u2764\ufe0f',
  'byte order mark and non-characters': '\ufeff\ufffe\uffff\ufffd\u{10ffff}',
  'control characters': '\u0001\u0007\u0008\u000b\u000c\u001b\u007f',
  'a heartbeat of some dialect': 'ping',
  'a frame of some dialect': 'MESSAGE\nsubscription:0\n\n\u0000',
};

/** JSON with every character beyond ASCII as `\uXXXX`, as many old encoders write it. */
export const escapedJson = (json: string): string =>
  json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
