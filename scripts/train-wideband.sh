#!/usr/bin/env bash
# Makes the embedded wide-band detector from a corpus:
#   1. a training of recipes/wideband-16k.yaml
#   2. two transfers of it, at once, that hear lossy lines and mobile codecs as well
#   3. a student of all three, which goes on from the second transfer
#   4. the mean of the weights of student and transfers, calibrated and evaluated
# Killed at any point it goes on from there with the same command.
#
#   npm run setup:tensorflow
#   npm run train:wideband -- CORPUS [WORK_FOLDER [OUT_FOLDER]]
set -euo pipefail
. "$(dirname "$0")/detector-steps.sh"
begin wideband models/wideband-16k "$@"

lines=recipes/wideband-16k-lines.yaml masks=recipes/wideband-16k-lines-masks.yaml
student=recipes/wideband-16k-student.yaml
# Two processes must not make the same features, or audit, at once.
bonafide train --audit-only --recipe $lines --from models/wideband-16k

make base --recipe recipes/wideband-16k.yaml
make lines --from "$work/base" --recipe $lines & first=$!
make lines-masks --from "$work/base" --recipe $masks & both $! $first

teachers=$work/base,$work/lines,$work/lines-masks
make student --from "$work/lines-masks" --recipe $student --teachers "$teachers"
bonafide export --from "$work/lines-masks" --recipe $student --teachers "$teachers" \
  --average "$work/student,$work/lines-masks,$work/lines" --out "$out"
