/** Who gets an integer, where some endpoint of the namespace shows integers for ids. */
import type { Hub } from './hub.ts';
import { ownInteger } from './identity.ts';
import { promised } from './store/answers.ts';

type NumberingHub = Pick<Hub, 'endpoints' | 'identities'>;

const showsIntegers = ({ endpoints }: NumberingHub, namespace: string): boolean =>
  endpoints.some((endpoint) => endpoint.namespace === namespace && endpoint.config.identity === 'integer');

/**
 * Gives a user one for good: the one that a guest has been lent, else the one that the user is called by if nobody has
 * it or is about to, else the next. @throws GatewayError store_unavailable: it could not be made durable
 */
export async function assignInteger(hub: NumberingHub, namespace: string, user: string): Promise<void> {
  const { identities } = hub;
  if (!showsIntegers(hub, namespace) || identities.isDurable(namespace, user)) return;
  const integer = identities.choice(namespace, user, ownInteger(user));
  await promised<void>((done) => identities.assign(namespace, [{ id: user, integer }], done));
}

/** Lends one to a guest who is here; who has a durable one keeps it. */
export function lendInteger(hub: NumberingHub, namespace: string, user: string): void {
  if (showsIntegers(hub, namespace)) hub.identities.lend(namespace, user, ownInteger(user));
}

/** The same for whoever is there when a reload brings the first endpoint that shows integers. */
export function lendIntegers(hub: Pick<Hub, 'directory' | 'endpoints' | 'identities'>): void {
  const shown = hub.endpoints.filter(({ config }) => config.identity === 'integer');
  for (const namespace of new Set(shown.map((endpoint) => endpoint.namespace)))
    for (const { user } of hub.directory.in(namespace))
      hub.identities.lend(namespace, user.id, ownInteger(user.id));
}
