#!/usr/bin/env bash
# What a newcomer does, by hand before a release: a fresh clone, a home of its own, nothing cached, the README's two commands.
#
#     tools/fresh_clone.sh [TARGET...]      default: demo test
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -gt 0 ] || set -- demo test

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$here" "$work/fluvial"
mkdir "$work/home"
cd "$work/fluvial"
for target in "$@"; do
  echo "===== make $target"
  env -i HOME="$work/home" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb \
    ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} ${PIP_CERT:+PIP_CERT="$PIP_CERT"} CCACHE_DISABLE=1 \
    bash -c 'time make "$1"' - "$target"
done
ls -l out 2>/dev/null || true
[ -z "$(git status --porcelain)" ] || { git status --short; echo "the commands left files that git does not ignore"; exit 1; }
