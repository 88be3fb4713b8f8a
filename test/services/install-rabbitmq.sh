#!/usr/bin/env bash
# Installs RabbitMQ, which has STOMP over WebSocket as a plugin, and starts nothing: Debian's package would start a
# broker on all interfaces, with a user that everybody knows. The tests start brokers of their own on loopback.
# Run it as root on Debian or Ubuntu: bash test/services/install-rabbitmq.sh
set -euo pipefail

shopt -s nullglob
here=(/usr/lib/rabbitmq/lib/rabbitmq_server-*)
if [ "${#here[@]}" -gt 0 ] && command -v erl >/dev/null; then
  exit 0
fi
units=(rabbitmq-server.service)
command -v epmd >/dev/null || units+=(epmd.service epmd.socket)

# While it denies, no package script starts a service; what was there before comes back.
policy=/usr/sbin/policy-rc.d
kept="$(mktemp -d)"
restore() {
  rm -f "$policy"
  [ ! -e "$kept/policy-rc.d" ] || mv "$kept/policy-rc.d" "$policy"
  rmdir "$kept"
}
trap restore EXIT
[ ! -e "$policy" ] || mv "$policy" "$kept/policy-rc.d"
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends rabbitmq-server >/dev/null

# Nor at the next boot.
if command -v systemctl >/dev/null; then
  systemctl disable --quiet "${units[@]}"
fi

# The broker's own ports: AMQP, distribution, STOMP, its WebSocket, and Erlang's port mapper.
if command -v ss >/dev/null && ss -Hltn '( sport = :5672 or sport = :25672 or sport = :61613 or sport = :15674 or sport = :4369 )' | grep .; then
  echo 'the installation has started a broker' >&2
  exit 1
fi
