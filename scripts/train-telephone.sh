#!/usr/bin/env bash
# Makes the embedded telephone-band detector from a corpus, two trainings at a time:
#   1. four teachers: three seeds of recipes/telephone-8k.yaml and one of telephone-8k-masks.yaml
#   2. two transfers of the first seed that hear lossy lines and mobile codecs as well
#   3. a student of all six, which goes on from the second transfer
#   4. the mean of the weights of student and transfers: WORK_FOLDER/mean
#   5. a transfer of that mean that hears more around speech, calibrated and evaluated
# Killed at any point it goes on from there with the same command. With a detector in
# WORK_FOLDER/mean (telephone-8k 0.3.0, say) and its baseline in WORK_FOLDER/baseline it begins at 5.
#
#   npm run setup:tensorflow
#   npm run train:telephone -- CORPUS [WORK_FOLDER [OUT_FOLDER]]
set -euo pipefail
. "$(dirname "$0")/detector-steps.sh"
begin telephone models/telephone-8k "$@"

make_mean() {
  local lines=recipes/telephone-8k-lines.yaml masks=recipes/telephone-8k-lines-masks.yaml
  local student=recipes/telephone-8k-student.yaml first teachers
  # Two processes must not make the same features, or audit, at once.
  bonafide train --audit-only --recipe $student --from models/telephone-8k

  make baseline --recipe recipes/mfcc-lstm-8k.yaml & first=$!
  make seed1 --recipe recipes/telephone-8k.yaml --seed 1 & both $! $first
  make seed2 --recipe recipes/telephone-8k.yaml --seed 2 & first=$!
  make seed3 --recipe recipes/telephone-8k.yaml --seed 3 & both $! $first
  make masks --recipe recipes/telephone-8k-masks.yaml & first=$!
  make lines --from "$work/seed1" --recipe $lines & both $! $first
  make lines-masks --from "$work/seed1" --recipe $masks

  teachers=$work/seed1,$work/seed2,$work/seed3,$work/masks,$work/lines-masks,$work/lines
  make student --from "$work/lines-masks" --recipe $student --teachers "$teachers"
  bonafide export --from "$work/lines-masks" --recipe $student --teachers "$teachers" \
    --average "$work/student,$work/lines-masks,$work/lines" --out "$work/mean"
}

if [ ! -f "$work/mean/manifest.json" ]; then make_mean; fi

bonafide train --from "$work/mean" --recipe recipes/telephone-8k-margins.yaml \
  --baseline "$work/baseline" --out "$out"
