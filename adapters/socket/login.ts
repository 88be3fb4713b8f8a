/** What is known of a connection once it has logged in: all that decides what it may ask for and say. */
import type { WireIdentity } from '../../core/dialect.ts';
import type { ChannelMap } from './channels.ts';
import type { SocketOptions } from './options.ts';
import type { ChannelKeys } from './signature.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface Login {
  /** Canonical. An anonymous user may listen and not speak. */
  readonly user: { readonly id: string; readonly anonymous: boolean };
  readonly socketId: string;
  readonly identity: WireIdentity;
  readonly subscriptions: Subscriptions;
  readonly channels: ChannelMap;
  readonly keys: ChannelKeys;
  readonly options: SocketOptions;
}
