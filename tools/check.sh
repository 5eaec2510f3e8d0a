#!/usr/bin/env bash
# `make check`, which is CI: every step, one after the other, even where one fails; then a table. Without a build nothing goes on.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What setup installs is there, and so is the bundled model: a test that would skip without it fails.
export FLUVIAL_REQUIRE=${FLUVIAL_REQUIRE:+$FLUVIAL_REQUIRE,}packages,bundled

rows=()
failed=0

step() {
  local name=$1 started=$SECONDS verdict=ok
  printf '\n\033[1m===== %s\033[0m\n' "$name"
  make --no-print-directory "$name" </dev/null || verdict=FAILED
  [ $verdict = ok ] || failed=$((failed + 1))
  rows+=("$(printf '%-12s %-6s %4d s' "$name" $verdict $((SECONDS - started)))")
  [ $verdict = ok ]
}

summary() {
  printf '\n\033[1m===== make check\033[0m\n'
  printf '%s\n' "${rows[@]}"
  printf '%d of %d steps failed, %d s in all\n' $failed ${#rows[@]} $SECONDS
  [ $failed = 0 ]
}

step setup && step build-all || { summary; exit 1; }
for name in format lint types test-cpp test-python snapshots docs fuzz sanitize fuzz-sanitize slow; do step "$name"; done
make --no-print-directory longest
tools/gpu_measured.sh
summary
