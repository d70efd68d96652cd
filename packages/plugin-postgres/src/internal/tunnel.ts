/** A connection through a process' standard input and output, into a container that publishes no port. */
import { Command, Target } from "@shipshape/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { TunnelImpossible } from "../PostgresError.ts"
import type { Carrier, ConnectFailure, Route } from "./connect.ts"
import { serverNotReady, type Where } from "./sqlstate.ts"

/** How the relay ends when nothing listens on the port, and when the container has nothing to relay with. */
const exit = { refused: 69, noRelay: 70 } as const

/*
 * PostgreSQL is the first process of its container, so it inherits every process that a relay leaves behind, and takes one
 * that was ended by a signal for a crash of its own: it would throw all sessions out. A relay is one process, or waits
 * for those that it has started. It ends when either side has ended, so that a deployment that is killed leaves no
 * session.
 */
const perl = `use IO::Socket::INET; use IO::Select;
my $server = IO::Socket::INET->new(PeerAddr => $ARGV[1], PeerPort => $ARGV[0]) or do { print STDERR "$@\\n"; exit ${exit.refused} };
my $both = IO::Select->new($server, \\*STDIN);
while (1) { for my $from ($both->can_read) {
  my $to = $from == $server ? \\*STDOUT : $server; my $n = sysread($from, my $bytes, 65536); exit 0 unless $n;
  for (my $at = 0; $at < $n;) { my $w = syswrite($to, $bytes, $n - $at, $at); exit 0 unless defined $w; $at += $w } } }`

const python = `import os, select, socket, sys
try: server = socket.create_connection((sys.argv[2], int(sys.argv[1])))
except OSError as error: print(error, file=sys.stderr); sys.exit(${exit.refused})
while True:
  for ready in select.select([server, 0], [], [])[0]:
    try: data = os.read(0, 65536) if ready == 0 else server.recv(65536)
    except OSError: sys.exit(0)
    if not data: sys.exit(0)
    if ready == 0: server.sendall(data)
    else:
      while data: data = data[os.write(1, data):]`

const bash = `exec 3<>"/dev/tcp/$2/$1" || exit ${exit.refused}
exec 4<&0; cat <&3 & cat <&4 >&3 & wait -n; kill $(jobs -p) 2>/dev/null; wait; exit 0`

/**
 * Whether the server sees a client of its own machine, whom the official image trusts without a password, or one of the
 * network, as the application is.
 */
export type Side = "loopback" | "network"

/** Constant, whatever is deployed: port and side are arguments. TCP, as a server that initialises listens on its socket only. */
const relay = `host=127.0.0.1; [ "$2" = loopback ] || read -r host < /etc/hostname
if command -v perl >/dev/null; then exec perl -e '${perl}' "$1" "$host"
elif command -v python3 >/dev/null; then exec python3 -c '${python}' "$1" "$host"
elif command -v socat >/dev/null; then exec socat STDIO "TCP:$host:$1"
elif command -v bash >/dev/null; then exec bash -c '${bash}' relay "$1" "$host"
elif command -v nc >/dev/null; then exec nc "$host" "$1"
else exit ${exit.noRelay}; fi`

/** How long to wait for the reason when the relay has ended. */
const reasonTimeout = "2 seconds"

/** A route to `port` within the container that `target` runs commands in. */
export const route = (where: Where, target: Target.Operations, port: number, side: Side): Route => ({
  _tag: "Stream",
  open: target.open(Command.make("sh", ["-c", relay, "relay", String(port), side])).pipe(
    Effect.map(
      (process): Carrier => ({
        duplex: process.duplex,
        explain: process.exitCode.pipe(
          Effect.timeoutOption(reasonTimeout),
          Effect.map((code) => (Option.isNone(code) ? undefined : reason(where, target, code.value, process.stderr())))
        )
      })
    ),
    Effect.catchTags({
      CommandFailed: (error) => Effect.fail(unavailable(target, error.message)),
      CommandNotFound: (error) => Effect.fail(impossible(where, error.message)),
      CommandTimedOut: (error) => Effect.fail(unavailable(target, error.message))
    })
  )
})

const reason = (where: Where, target: Target.Operations, exitCode: number, stderr: string): ConnectFailure => {
  const said = stderr.trim().split("\n").at(-1) ?? ""
  switch (exitCode) {
    // The relay was connected; it is the server that hung up.
    case 0:
      return serverNotReady(where, new Error("it closed the connection"))
    case exit.refused:
      return serverNotReady(where, new Error(said === "" ? "nothing listens on its port" : said))
    case exit.noRelay:
      return impossible(where, "it has none of perl, python3, socat, bash and nc")
    case 127:
      return impossible(where, said)
    default:
      return unavailable(target, said)
  }
}

const impossible = (where: Where, said: string): TunnelImpossible =>
  new TunnelImpossible({
    server: where.server,
    message: `no connection can be carried into ${where.server}: ${said}`,
    hint: "publish the port and use Postgres.server, or use an image that has one of perl, python3, socat, bash and nc"
  })

const unavailable = (target: Target.Operations, said: string): Target.TargetUnavailable =>
  new Target.TargetUnavailable({
    target: target.name,
    ...(target.resource === undefined ? {} : { resource: target.resource }),
    message: `${target.name} cannot be entered: ${said}`,
    hint: "bring it up with Compose.up, or look at its log; the service's name has to be one of the Compose files",
    retryable: true
  })
