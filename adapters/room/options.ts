/** The options of a room endpoint. The source fixes the defaults, except where PROTOCOL.md says "ours". */
import { z } from 'zod';

/** `dataType` of joining and leaving a room (DataTypeEnum 1 and 2): fixed by the source. */
export const JOIN_DATA_TYPE = 1;
export const LEAVE_DATA_TYPE = 2;

const number = (fallback: number, description: string) =>
  z.int().min(0).max(1_000_000).default(fallback).describe(description);

const MsgTypes = z
  .strictObject({
    heartbeat: number(1, 'The client is alive; never answered.'),
    init: number(2, 'First message of a connection, or of a reconnection: joins a room.'),
    chat: number(3, 'A chat message; also the number on every reply of the server.'),
    receipt: number(4, 'Listed in the source and not in use: refused.'),
    friends: number(5, 'Listed in the source and not in use: refused.'),
  })
  .refine((types) => new Set(Object.values(types)).size === Object.keys(types).length, {
    error: 'must be five different numbers',
  })
  .prefault({})
  .describe('MsgTypeEnum: servers of this family number the same five kinds differently.');

export const RoomOptions = z.strictObject({
  msgTypes: MsgTypes,
  chatDataType: number(3, 'dataType of a chat message; 1 and 2 are taken by joining and leaving.').refine(
    (value) => value !== JOIN_DATA_TYPE && value !== LEAVE_DATA_TYPE,
    { error: 'must differ from 1 (join) and 2 (leave)' },
  ),
  heartbeatIntervalMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(120_000)
    .describe('Toward an upstream server: how often we send a heartbeat, in ms.'),
  answerTimeoutMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(10_000)
    .describe('Toward an upstream server: how long we wait for the answer to one request, in ms.'),
});
export type RoomOptions = z.infer<typeof RoomOptions>;
