#!/usr/bin/env bash
# Checks a started service against its own /openapi.json with schemathesis: no 5xx, no status, header, type or
# body that is not described. Needs python3 with venv and, the first time, the package index.
# Ends with 77 where those are missing. SECONDS_AT_MOST (120) bounds the run, SEED (1) fixes it.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=.cache/api-fuzz
work=$(mktemp -d)
server=''
finish() {
  if [ -n "$server" ]; then kill -TERM "$server" 2>/dev/null && wait "$server" || true; fi
  rm -rf "$work"
}
trap finish EXIT

bonafide() { node --import tsx src/main.ts "$@"; }

skip() {
  echo "test:api-fuzz: skipped, $1" >&2
  exit 77
}

if [ ! -x "$venv/bin/schemathesis" ]; then
  python3 -m venv "$venv" >/dev/null 2>&1 || skip 'no python3 with venv'
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check 'schemathesis>=4,<5' \
    >/dev/null 2>&1 || skip 'schemathesis could not be installed; is there a network?'
fi

key=$(bonafide keys add fuzz --fast --file "$work/keys.json" 2>/dev/null | grep -o 'bfk_[A-Za-z0-9_-]*')
# Not by the function: its process would be a shell's.
node --import tsx src/main.ts serve --port 0 --lanes 0 --keys-file "$work/keys.json" --data-folder "$work/data" \
  --requests-per-minute 1000000 --max-screenings 100 >"$work/serve.log" 2>&1 &
server=$!
port=''
for _ in $(seq 150); do
  port=$(sed -n 's/.*"port":\([0-9]*\).*"msg":"listening".*/\1/p' "$work/serve.log")
  [ -n "$port" ] && break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.2
done
if [ -z "$port" ]; then
  cat "$work/serve.log" >&2
  exit 1
fi

# A call and a screening that exist, for the routes that ask for one.
recording=test/fixtures/format_human_wav_pcm16_8k.wav
bonafide replay "$recording" --url "ws://127.0.0.1:$port/v1/stream" --key "$key" --fast --json \
  --call-id known-call >/dev/null
screening=$(node -e '
const [url, key, file] = process.argv.slice(1);
const body = require("node:fs").readFileSync(file);
fetch(url, { method: "POST", body, headers: { authorization: `Bearer ${key}` } })
  .then(async (answer) => console.log((await answer.json()).id));
' "http://127.0.0.1:$port/v1/screenings" "$key" "$recording")
detector=$(node -e '
const [url, key] = process.argv.slice(1);
fetch(url, { headers: { authorization: `Bearer ${key}` } })
  .then(async (answer) => console.log((await answer.json()).detectors[0].id));
' "http://127.0.0.1:$port/v1/detectors" "$key")
cat >"$work/schemathesis.toml" <<TOML
[checks]
# No description could be strict enough for the body of an upload or for what only the service knows.
positive_data_acceptance.enabled = false

[dictionaries.known]
values = ["known-call", "$screening", "$detector"]

[parameters]
"path.id" = { dictionary = "known", probability = 0.6 }

# OpenAPI 3.1 describes an event by its data; schemathesis compares that with the event's fields.
[[operations]]
include-path = "/v1/calls/{id}/events"
checks.response_schema_conformance.enabled = false
TOML

# It keeps notes where it is started.
schemathesis=$PWD/$venv/bin/schemathesis
cd "$work"
"$schemathesis" --config-file schemathesis.toml run "http://127.0.0.1:$port/openapi.json" \
  --header "Authorization: Bearer $key" --seed "${SEED:-1}" --max-time "${SECONDS_AT_MOST:-120}" \
  --phases examples,coverage,fuzzing --max-examples 40 --continue-on-failure --request-timeout 30 \
  --exclude-path-regex '^/metrics$' --generation-database none --no-color
