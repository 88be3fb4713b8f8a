/** RabbitMQ with web-stomp, where it is installed: a node of its own for each run, its messages transient. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { rabbitmqIsHere, startRabbit, WITHOUT_RABBITMQ } from '../test/support/rabbitmq.ts';
import type { Peer } from './peers.ts';
import { RABBITMQ_LOGIN } from './wires.ts';

/** What a broker of one machine is given: its cores, and memory enough never to hold back who sends. */
const RESOURCES = { schedulers: availableParallelism(), memory: '8GB' };

/** The broker's own process: a child of this one, named after the virtual machine. */
function brokerPid(): number {
  const children = readdirSync(`/proc/${process.pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${process.pid}/task/${task}/children`, 'utf8').split(' '),
  );
  const broker = children
    .filter((pid) => pid !== '')
    .filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('beam'))
    .at(-1);
  if (broker === undefined) throw new Error('no process of RabbitMQ was found');
  return Number(broker);
}

export const rabbitmqPeer: Peer = {
  id: 'rabbitmq',
  title: 'RabbitMQ web-stomp',
  wire: 'rabbitmq',
  missing: () => (rabbitmqIsHere ? undefined : WITHOUT_RABBITMQ),
  async start() {
    const { user: name, password } = RABBITMQ_LOGIN;
    const rabbit = await startRabbit({ users: [{ name, password }], resources: RESOURCES });
    return {
      port: Number(new URL(rabbit.url).port),
      pids: [brokerPid()],
      stop: async () => rabbit[Symbol.asyncDispose](),
    };
  },
};
