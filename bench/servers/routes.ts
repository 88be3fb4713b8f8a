/** Who is where, for servers that route by the URL: `?user=` names a connection, `&group=` what it is in, `&to=` its target. */

export interface Routed<Socket> {
  readonly user: string;
  readonly to: string;
  /** Everybody who gets what this connection sends, itself included if it is in the group. */
  audience(): ReadonlySet<Socket>;
}

export interface Routes<Socket> {
  join(url: string, socket: Socket): Routed<Socket>;
  leave(routed: Routed<Socket>, socket: Socket): void;
  find(name: string): ReadonlySet<Socket>;
}

export function routes<Socket>(): Routes<Socket> {
  const byName = new Map<string, Set<Socket>>();
  const nobody: ReadonlySet<Socket> = new Set();
  const find = (name: string): ReadonlySet<Socket> => byName.get(name) ?? nobody;
  const add = (name: string, socket: Socket): void => {
    const sockets = byName.get(name);
    if (sockets === undefined) byName.set(name, new Set([socket]));
    else sockets.add(socket);
  };
  return {
    join(url, socket) {
      const query = new URL(url, 'ws://localhost').searchParams;
      const user = query.get('user') ?? '';
      const to = query.get('to') ?? '';
      const group = query.get('group');
      add(user, socket);
      if (group !== null) add(group, socket);
      return { user, to, audience: () => find(to) };
    },
    leave({ user, to }, socket) {
      byName.get(to)?.delete(socket);
      byName.get(user)?.delete(socket);
      if (byName.get(user)?.size === 0) byName.delete(user);
    },
    find,
  };
}
