# Sourced by the scripts that make the embedded detectors, which npm runs in the project's folder.
export TF_NUM_INTRAOP_THREADS=${TF_NUM_INTRAOP_THREADS:-1}

bonafide() {
  local command=$1
  shift
  npx tsx src/main.ts "$command" --corpus "$corpus" --cache "$work/features" --run "$work/runs" "$@"
}

# A detector folder that is there was finished before.
make() {
  local name=$1
  shift
  [ -f "$work/$name/manifest.json" ] ||
    bonafide train --out "$work/$name" "$@" >"$work/$name.log" 2>&1 ||
    { echo "$(basename "$0" .sh): $name failed, see $work/$name.log" >&2; return 1; }
}

# Waits for both even when one fails: none is left running.
both() {
  local failed=0
  wait "$1" || failed=1
  wait "$2" || failed=1
  return $failed
}

# The comment at the head of the script.
usage() {
  sed -n '2,/^set/p' "$0" | sed -n 's/^# \{0,1\}//p'
  exit 2
}

# begin NAME OUT_FOLDER [CORPUS [WORK_FOLDER [OUT_FOLDER]]]: the folders that the other steps use.
begin() {
  [ $# -ge 3 ] || usage
  corpus=$3 work=${4:-.cache/$1} out=${5:-$2}
  mkdir -p "$work"
}
