#!/usr/bin/env bash
# Makes the embedded wide-band detector from a corpus, two trainings at a time:
#   1. a training of recipes/wideband-16k.yaml
#   2. two transfers of it that hear lossy lines and mobile codecs as well
#   3. a student of all three, which goes on from the second transfer
#   4. the mean of the weights of student and transfers: WORK_FOLDER/mean
#   5. a transfer of that mean that hears more around speech, calibrated and evaluated
# Killed at any point it goes on from there with the same command. With a detector in
# WORK_FOLDER/mean (wideband-16k 0.2.0, say) it begins at 5.
#
#   npm run setup:tensorflow
#   npm run train:wideband -- CORPUS [WORK_FOLDER [OUT_FOLDER]]
set -euo pipefail
. "$(dirname "$0")/detector-steps.sh"
begin wideband models/wideband-16k "$@"

make_mean() {
  local lines=recipes/wideband-16k-lines.yaml masks=recipes/wideband-16k-lines-masks.yaml
  local student=recipes/wideband-16k-student.yaml first teachers
  bonafide train --audit-only --recipe $lines --from models/wideband-16k

  make base --recipe recipes/wideband-16k.yaml
  make lines --from "$work/base" --recipe $lines & first=$!
  make lines-masks --from "$work/base" --recipe $masks & both $! $first

  teachers=$work/base,$work/lines,$work/lines-masks
  make student --from "$work/lines-masks" --recipe $student --teachers "$teachers"
  bonafide export --from "$work/lines-masks" --recipe $student --teachers "$teachers" \
    --average "$work/student,$work/lines-masks,$work/lines" --out "$work/mean"
}

if [ ! -f "$work/mean/manifest.json" ]; then make_mean; fi

bonafide train --from "$work/mean" --recipe recipes/wideband-16k-margins.yaml --out "$out"
