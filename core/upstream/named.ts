/** Commands as the server is to hear them: from whom, and under which id. */
import type { Command } from '../../schemas/command.ts';

/** `self`: the client as the server knows it. `newId` where a message may have to be said again, to be known by it. */
export function named(
  command: Command,
  self: string | undefined,
  newId: (() => string) | undefined,
): Command {
  switch (command.type) {
    case 'send_message': {
      const clientId = command.clientId ?? newId?.();
      return {
        ...command,
        ...(self === undefined ? {} : { claimedSender: self }),
        ...(clientId === undefined ? {} : { clientId }),
      };
    }
    case 'join_group':
    case 'leave_group':
    case 'revoke_message':
      return self === undefined ? command : { ...command, claimedSender: self };
    default:
      return command;
  }
}
