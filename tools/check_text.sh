#!/usr/bin/env bash
# Rules of CONTRIBUTING.md that grep can hold.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0

# forbid WHY PATTERN FILE...: no tracked file of these may match.
forbid() {
  local why=$1 pattern=$2
  shift 2
  if git grep -nIE "$pattern" -- "$@" ':!tools/check_text.sh'; then
    echo "check_text: $why" >&2
    failed=1
  fi
}

forbid "a TODO carries an issue number: TODO(#12)" '\b(TODO|FIXME|XXX)\b($|[^(]|\([^#])' cpp python tests tools bench examples docs '*.md'
forbid "a bare except hides bugs: name the exception" '^\s*except:' python tools bench examples
# A poll may rest for a moment.
forbid "tests wait for events, never for time" '\btime\.sleep\((0?\.[5-9]|[1-9])' tests
forbid "spaces at the end of a line" '[[:blank:]]+$' '*.py' '*.cpp' '*.h' '*.md' '*.sh' '*.txt' '*.toml'
exit $failed
