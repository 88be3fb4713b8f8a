/**
 * What a dialect's own server says to a wire message of a client that is logged in: found out in memory, by the
 * dialect's two faces, so that the doctor knows what to expect of the gateway without knowing any dialect.
 */
import { z } from 'zod';
import type { EndpointConfig } from '../../schemas/config.ts';
import type { CloseReason } from '../close.ts';
import type { AnyDialect, WireMessage } from '../dialect.ts';
import { hubAnswer } from '../translate/hub-answers.ts';
import { CONNECTION_ID, openLoopback } from '../translate/loopback.ts';
import { bareUser, countedIds } from '../translate/stand-ins.ts';

export interface Expectation {
  /** It says something. */
  readonly answers: boolean;
  /** It ends the connection, for this reason. */
  readonly closes: CloseReason | undefined;
}

export function rehearse(endpoint: EndpointConfig, dialect: AnyDialect, wire: WireMessage): Expectation {
  const user = bareUser('1');
  const parts = { user, connectionId: CONNECTION_ID, groups: new Set<string>(), newId: countedIds() };
  const loopback = openLoopback({
    // The configuration's options have been read already.
    dialect: { ...dialect, options: z.unknown() },
    options: endpoint.options,
    user,
    authentication: endpoint.auth === 'none' ? 'none' : 'required',
    onCommand: (command) => hubAnswer(command, parts),
  });
  const said = loopback.inject('to-server', wire);
  const closed = said.find((occurrence) => occurrence.kind === 'closed' && occurrence.by === 'server');
  return {
    answers: said.some((occurrence) => occurrence.kind === 'sent' && occurrence.direction === 'to-client'),
    closes: closed?.kind === 'closed' ? closed.reason : undefined,
  };
}
