#!/usr/bin/env bash
# Runs the adapters against clients that others wrote: installs them into a folder of their own,
# which is removed afterwards. Needs a network. The parts of Python (python3 with venv), HAProxy, Go and Asterisk
# (which needs root and debootstrap) are left out with a line where they are not at hand; HAProxy and debootstrap
# are installed where apt-get may do it.
set -euo pipefail
cd "$(dirname "$0")/../.."

peers=$(mktemp -d)
remove() {
  # debootstrap leaves these mounted when it is broken off.
  umount "$peers"/asterisk/{proc,sys} 2>/dev/null || true
  rm -rf --one-file-system "$peers"
}
trap remove EXIT

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

# Installs a Debian package of a program that is not here, where this user may.
bring() {
  if ! command -v "$1" >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y "$1" >/dev/null 2>&1 || true
  fi
}

bring haproxy
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

# Debian has an Asterisk with chan_websocket from forky on; it runs in a root folder of its own.
asterisk=''
bring debootstrap
if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
  echo 'test:peers: no debootstrap, or not root: the part of Asterisk is left out' >&2
elif debootstrap --variant=minbase --include=asterisk forky "$peers/asterisk" \
  http://deb.debian.org/debian /usr/share/debootstrap/scripts/sid >"$peers/asterisk.log" 2>&1; then
  asterisk="$peers/asterisk"
else
  echo "test:peers: Asterisk could not be installed, its part is left out: $(tail -n 1 "$peers/asterisk.log")" >&2
fi

BONAFIDE_PEERS="$peers" BONAFIDE_PEERS_PYTHON="$python" BONAFIDE_PEERS_HAPROXY="$haproxy" \
  BONAFIDE_PEERS_AUDIOSOCKET="$audiosocket" BONAFIDE_PEERS_ASTERISK="$asterisk" npx vitest run --project peers
