#!/usr/bin/env bash
# Runs the adapters against clients that others wrote: installs them into a folder of their own,
# which is removed afterwards. Needs a network. The parts of Python (python3 with venv), HAProxy and Go
# are left out with a line where they are not at hand; HAProxy is installed where apt-get may do it.
set -euo pipefail
cd "$(dirname "$0")/../.."

peers=$(mktemp -d)
trap 'rm -rf "$peers"' EXIT

no_network() {
  echo "test:peers: $1 could not be installed; is there a network?" >&2
  exit 1
}

echo '{"private":true}' >"$peers/package.json"
npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error --prefix "$peers" \
  @asyncapi/parser@3 @deepgram/sdk@4 deepgram-sdk-5@npm:@deepgram/sdk@5 twilio@5 >/dev/null 2>&1 || no_network '@asyncapi/parser, @deepgram/sdk and twilio'

python=''
if python3 -m venv "$peers/python" >/dev/null 2>&1; then
  python="$peers/python/bin/python"
  "$python" -m pip install --quiet --disable-pip-version-check 'deepgram-sdk>=7,<8' websockets >/dev/null 2>&1 ||
    no_network 'deepgram-sdk and websockets (Python)'
else
  echo 'test:peers: no python3 with venv, its part is left out' >&2
fi

if ! command -v haproxy >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y haproxy >/dev/null 2>&1 || true
fi
haproxy=$(command -v haproxy || true)
[ -n "$haproxy" ] || echo 'test:peers: no haproxy (Debian package haproxy), its part is left out' >&2

audiosocket=''
if ! command -v go >/dev/null; then
  echo 'test:peers: no go, the part of the audiosocket module is left out' >&2
else
  cp -r test/peers/audiosocket-go "$peers/audiosocket-go"
  if (cd "$peers/audiosocket-go" && go build -o peer .) >"$peers/go.log" 2>&1; then
    audiosocket="$peers/audiosocket-go/peer"
  else
    echo "test:peers: the audiosocket module could not be built, its part is left out: $(tail -n 1 "$peers/go.log")" >&2
  fi
fi

BONAFIDE_PEERS="$peers" BONAFIDE_PEERS_PYTHON="$python" BONAFIDE_PEERS_HAPROXY="$haproxy" \
  BONAFIDE_PEERS_AUDIOSOCKET="$audiosocket" npx vitest run --project peers
