#!/usr/bin/env bash
# Compiles kernel/assembly into src/dsp/spectral-kernel-bytes.ts; with --check says whether that file is what it gives.
set -euo pipefail
cd "$(dirname "$0")"
target=../src/dsp/spectral-kernel-bytes.ts
[ -x node_modules/.bin/asc ] || npm ci --silent --no-audit --no-fund
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
npx asc assembly/index.ts -O3 --runtime stub --noAssert --enable simd --initialMemory 2 --outFile "$made/kernel.wasm"
{
  echo '// Made by `npm run build:kernel` from kernel/assembly. Do not edit.'
  echo '/** The spectral kernel as WebAssembly. */'
  printf "export const KERNEL_BASE64 =\n"
  base64 -w 92 "$made/kernel.wasm" | sed "s/.*/  '&' +/; \$s/ +\$/;/"
} >"$made/bytes.ts"
if [ "${1:-}" = --check ]; then
  diff -q "$made/bytes.ts" "$target" >/dev/null || { echo "$target is not what kernel/assembly gives: npm run build:kernel" >&2; exit 1; }
  echo 'the kernel is what its source gives'
else
  cp "$made/bytes.ts" "$target"
fi
