#!/usr/bin/env bash
# Runs the adapters against clients that others wrote: installs them into a folder of their own,
# which is removed afterwards. Needs a network; Python's part needs python3 with venv.
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
  @deepgram/sdk@4 twilio@5 >/dev/null 2>&1 || no_network '@deepgram/sdk and twilio'

python=''
if python3 -m venv "$peers/python" >/dev/null 2>&1; then
  python="$peers/python/bin/python"
  "$python" -m pip install --quiet --disable-pip-version-check websockets >/dev/null 2>&1 ||
    no_network 'websockets (Python)'
else
  echo 'test:peers: no python3 with venv, its part is left out' >&2
fi

BONAFIDE_PEERS="$peers" BONAFIDE_PEERS_PYTHON="$python" npx vitest run --project peers
