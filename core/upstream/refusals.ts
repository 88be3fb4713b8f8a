/** What a client is told where its server can't: each is as much as is known, and no more. */
import type { Command } from '../../schemas/command.ts';
import type { Outcome } from '../dialect.ts';
import { GatewayError } from '../errors.ts';
import type { Errand } from './spool.ts';

export const unreachable = (): Outcome => ({ ok: false, error: new GatewayError('upstream_unavailable') });

/** The honest answer where the answer was lost: only the server knows. */
export const unanswered = (command: Command): Outcome => ({
  ok: false,
  error: new GatewayError('upstream_unavailable', {
    detail: 'no answer came; it may or may not have been done',
    ...(command.type === 'send_message' && command.clientId !== undefined
      ? { messageId: command.clientId }
      : {}),
  }),
});

export const refuse = ({ command, wasSent, done }: Errand): void =>
  done(wasSent === true ? unanswered(command) : unreachable());

/** The end of a client whose server does not come back. */
export const gone = (): GatewayError =>
  new GatewayError('upstream_unavailable', { fatal: 'upstream_unavailable' });

/** A refusal of the login ends the connection that it was for. */
export const withEnd = (error: GatewayError): GatewayError =>
  error.fatal === undefined
    ? new GatewayError(error.code, {
        fatal: 'unauthenticated',
        ...(error.detail === undefined ? {} : { detail: error.detail }),
      })
    : error;
