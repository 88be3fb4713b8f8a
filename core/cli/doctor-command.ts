/** The options of `dragoman doctor`, and what `--help` says of them. */
import type { Command } from 'commander';

export interface DoctorOptions {
  readonly config: string;
  readonly endpoint?: string;
  readonly user?: string;
  readonly token?: string;
  readonly login?: string;
  readonly passcode?: string;
  readonly peerUser?: string;
  readonly peerToken?: string;
  readonly group?: string;
  readonly timeout: string;
  readonly ca?: string;
  readonly json?: boolean;
}

export const DOCTOR_VARIABLES = {
  token: 'DRAGOMAN_DOCTOR_TOKEN',
  login: 'DRAGOMAN_DOCTOR_LOGIN',
  passcode: 'DRAGOMAN_DOCTOR_PASSCODE',
  peerToken: 'DRAGOMAN_DOCTOR_PEER_TOKEN',
} as const;

const HELP = `
With a development secret in the configuration, the doctor makes its own tokens, good for 5 minutes, for the users
dragoman-doctor and dragoman-doctor-peer. With another secret, or a fixed list of tokens, it makes them for the
users that --user and --peer-user name. Otherwise give it tokens. Tokens and passcodes are better put into
${DOCTOR_VARIABLES.token}, ${DOCTOR_VARIABLES.peerToken}, ${DOCTOR_VARIABLES.login} and
${DOCTOR_VARIABLES.passcode}: others on this machine can read a command line.

What others notice: the users come and go, as any client does; where an endpoint has singleSession, a connection
of the same user is replaced. A few short messages per endpoint go from the user to the peer (or, where there is
no peer, to the user itself), and to a group only if --group names it. One bad login per endpoint is counted by
limits.admission.failedLogins.

Exit code 1: a check failed, or the command is wrong.
`;

/** Adds the command to the program. */
export function addDoctorCommand(
  program: Command,
  defaultConfig: string,
  run: (url: string | undefined, options: DoctorOptions) => Promise<void>,
): void {
  program
    .command('doctor')
    .description(
      'talk to a running gateway as its clients do, and say what works, what does not, and what to do',
    )
    .argument('[url]', 'where the gateway is (default: where the configuration listens)')
    .option('--config <file>', 'the configuration that it should be running with', defaultConfig)
    .option('--endpoint <path>', 'only the endpoint of this path')
    .option('--user <id>', 'who logs in')
    .option('--token <token>', 'what to log in with')
    .option('--login <name>', 'what to log in with, where it is a login name and a passcode')
    .option('--passcode <passcode>', 'the passcode to --login')
    .option('--peer-user <id>', 'who receives what the user sends')
    .option('--peer-token <token>', 'what the peer logs in with')
    .option('--group <id>', 'send the messages to this group: all who are in it will see them')
    .option('--timeout <duration>', 'how long each wait may take, such as 500ms or 10s', '5s')
    .option('--ca <file>', 'certificates (PEM) of authorities to trust besides the usual ones')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(run);
}
