#!/usr/bin/env bash
# Warns where what runs on a GPU is newer than its figures: bench/results/gpu-*.json name the commit that they measured. CI
# has no GPU, so this never fails. Part of `make check`.
#
#     tools/gpu_measured.sh [REPOSITORY]
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"

sources=(cpp/surface/cuda cpp/elements/infer/gpu cpp/bindings/backend.cpp python/fluvial/backends/pytorch.py
  python/fluvial/backends/_cuda_graphs.py python/fluvial/backends/_compiled.py)

shopt -s nullglob
results=(bench/results/gpu-*.json)
[ ${#results[@]} -gt 0 ] || echo "warning: no bench/results/gpu-*.json: nothing of the GPU was measured; make gpu does, where there is one"
for result in "${results[@]}"; do
  commit=$(sed -n 's/.*"commit": "\([^"]*\)".*/\1/p' "$result" | head -n 1)
  if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
    echo "warning: $result: measured at '$commit', which is no commit of this repository; make gpu measures anew"
    continue
  fi
  newer=$(git log --format= --name-only "$commit..HEAD" -- "${sources[@]}" | sort -u | tr '\n' ' ')
  [ -z "$newer" ] || echo "warning: $result: measured at $commit, before changes of $newer; make gpu measures anew"
done
