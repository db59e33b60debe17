#!/usr/bin/env bash
# Writes the goldens of the G.722 decoder with ffmpeg's encoder and decoder (made with ffmpeg 5.1):
#   speech.g722  a second and a half of human and synthetic speech each, encoded
#   random.g722  bytes that no encoder gives: they drive every limit of the predictors
#   *.s16le      what ffmpeg decodes of them: 16 kHz, little-endian
# The decoder must give the same samples, bit by bit: G.722 is defined in integers.
set -euo pipefail
cd "$(dirname "$0")"
fixtures=../../fixtures

ffmpeg -hide_banner -loglevel error -y \
  -ss 1 -t 1.5 -i "$fixtures/human_allison_en.flac" -ss 1 -t 1.5 -i "$fixtures/synth_hifigan_v2_allison_en.flac" \
  -filter_complex '[0:a][1:a]concat=n=2:v=0:a=1,aresample=16000' -ac 1 -c:a g722 -f g722 speech.g722
python3 -c "
import random
random.seed(722)
noise = bytes(random.randrange(256) for _ in range(2000))
extremes = b''.join(bytes([byte]) * 100 for byte in (0x04, 0x20, 0x84, 0xa0, 0xff, 0x00))
open('random.g722', 'wb').write(noise + extremes)
"
for name in speech random; do
  ffmpeg -hide_banner -loglevel error -y -f g722 -i "$name.g722" -c:a pcm_s16le -f s16le "$name.s16le"
done
