/** How each dialect says that a connection may not be, or may be no more: the frame, written by hand. */

/** The endpoint of each dialect in the default configuration. */
export const PATHS: Readonly<Record<string, string>> = {
  json: '/ws/json',
  room: '/ws/room',
  socket: '/ws/socket',
  ourchat: '/ws/ourchat',
  stomp: '/ws/im',
};

const error = (code: string, text: string): string =>
  `ERROR\nmessage:${code}\ncode:${code}\ncontent-type:text/plain\ncontent-length:${text.length}\n\n${text}\0`;

const EXPIRED = 'the token has expired or was revoked; log in again';

/** Code and frame of the end of a login whose token has expired or was revoked. */
export const TOKEN_EXPIRED: Readonly<Record<string, string>> = {
  json: '{"type":"auth_error","data":{"message":"令牌无效或已过期"}}',
  room: '{"status":0,"msg":"令牌已过期或被撤销，请重新登录","resultBody":""}',
  socket: `{"event":"error","data":{"code":"token_expired","message":"${EXPIRED}"}}`,
  ourchat: '{"type":"ERROR","code":1004,"message":"令牌已过期或被撤销，请重新登录"}',
  stomp: error('token_expired', EXPIRED),
};

/** The frame of a limit on who comes in; `detail` names it where the dialect has room for it. */
export function limitExceeded(dialect: string, detail: string): string {
  const text = `a limit of this endpoint is exceeded: ${detail}`;
  const frames: Readonly<Record<string, string>> = {
    json: '{"type":"error","data":{"message":"超出服务限制"}}',
    room: '{"status":0,"msg":"超出服务限制","resultBody":""}',
    socket: `{"event":"error","data":{"code":"limit_exceeded","message":"${text}"}}`,
    ourchat: '{"type":"ERROR","code":1024,"message":"超出服务限制"}',
    stomp: error('limit_exceeded', text),
  };
  return frames[dialect] ?? '';
}
