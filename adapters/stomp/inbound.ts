/** SEND and what it asks for: chat commands by their destination, anything else relayed where it is open. */
import { GatewayError } from '../../core/errors.ts';
import { lost } from '../../core/session-kit.ts';
import type { CommandOf } from '../../schemas/command.ts';
import { type ChatDesk, readRevoke, readSend, readSync } from './chat.ts';
import { type Destinations, REVOKE_CHAT, SEND_CHAT, SYNC_CHAT } from './destinations.ts';
import { relayedHeaders, requiredHeader, type StompFrame } from './wire.ts';

export interface SendDesk extends ChatDesk {
  readonly destinations: Destinations;
  /** Canonical id of who is logged in. */
  readonly user: string;
  /** Let in to listen only. */
  readonly anonymous: boolean;
}

export interface ReadFrame {
  readonly command: CommandOf<'send_message' | 'revoke_message' | 'sync' | 'relay'>;
  /** The client's own id of the message, for refusals. */
  readonly messageId: string | undefined;
  readonly unknownFields: boolean;
}

/**
 * Reads a SEND.
 *
 * @throws GatewayError field_missing (fatal) without destination; forbidden, frame_malformed, field_missing,
 *   sender_mismatch, recipient_unknown
 */
export function readSendFrame(frame: StompFrame, desk: SendDesk): ReadFrame {
  const destination = requiredHeader(frame, 'destination');
  switch (destination) {
    case SEND_CHAT: {
      const { command, unknownFields } = readSend(frame.body, desk);
      return { command, messageId: command.clientId, unknownFields };
    }
    case REVOKE_CHAT: {
      const command = readRevoke(frame.body, desk);
      return { command, messageId: command.message, unknownFields: false };
    }
    case SYNC_CHAT:
      return { command: readSync(frame.body, desk), messageId: undefined, unknownFields: false };
    default: {
      const kind = desk.destinations.toSend(destination, desk.user);
      if (desk.anonymous) throw new GatewayError('forbidden', { detail: 'log in to send' });
      const command: CommandOf<'relay'> = {
        type: 'relay',
        target: { type: kind, id: destination },
        name: 'SEND',
        headers: relayedHeaders(frame.headers),
        body: frame.body,
        ephemeral: kind === 'topic',
      };
      return { command, messageId: undefined, unknownFields: false };
    }
  }
}

/** Fields of a body that nobody here knows: counted, not named, because a client could make up any number. */
export const LOST_FIELDS = lost('send_message', 'unknown fields');
