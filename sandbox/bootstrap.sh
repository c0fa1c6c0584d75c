#!/usr/bin/env bash
# Sees to uv, a Python of 3.12 or newer and the locked environment, then runs `python -m sandbox "$@"` in it,
# or any other module: `bootstrap.sh -m pytest`. Well under a second when nothing changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=${NOTEJAM_CACHE:-${XDG_CACHE_HOME:-${HOME:-.}/.cache}/notejam-platform}

fail() {
  printf '✗ %s\n' "$*" >&2
  exit 1
}

# pyenv's shims are on PATH but answer 127 where the chosen version has no such program.
works() {
  "$@" >/dev/null 2>&1
}

is_new_python() {
  works "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))'
}

find_uv() {
  local candidate
  for candidate in "${UV:-}" "$(command -v uv || true)" "${HOME:-.}/.local/bin/uv" "$cache/uv/bin/uv"; do
    if [ -n "$candidate" ] && works "$candidate" --version; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

install_uv() {
  echo "Installing uv into $cache/uv" >&2
  if ! works python3 -m pip --version && [ "$(id -u)" = 0 ] && works apt-get --version; then
    { apt-get update && apt-get install --yes --no-install-recommends python3 python3-pip; } >&2 ||
      fail "apt-get could not install python3-pip, which installs uv: mend what it says above."
  fi
  mkdir -p "$cache" && cp sandbox/CACHEDIR.TAG "$cache/"
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --target "$cache/uv" uv >&2 ||
    fail "uv is missing, and pip could not install it (see above)." \
      "Install it yourself, https://docs.astral.sh/uv/getting-started/installation/, and run this again."
}

find_python() {
  local candidate root
  root=$(pyenv root 2>/dev/null || printf '%s\n' "${PYENV_ROOT:-${HOME:-.}/.pyenv}")
  for candidate in .venv/bin/python python3 python3.14 python3.13 python3.12 \
    "$root"/versions/*/bin/python3; do
    if is_new_python "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# Nothing to set up only to learn that nothing is up.
if [ ! -e .venv ] && [ ! -e "${NOTEJAM_SANDBOX:-.sandbox}" ]; then
  case ${1:-} in
    down) echo "There is no sandbox: nothing to remove." && exit ;;
    status) echo "No sandbox is up: run \`make up\`." && exit 3 ;;
  esac
fi

UV=$(find_uv) || { install_uv && UV=$(find_uv); } || fail "uv in $cache/uv does not run: remove it and try again."
export UV
python=$(find_python) || python=3.13 # uv brings one
[ -x .venv/bin/python ] || echo "Installing the locked Python environment into .venv" >&2
env -u VIRTUAL_ENV "$UV" sync --quiet --frozen --python "$python" ||
  fail "The Python environment could not be installed (see above)." \
    "It needs Python 3.12 or newer, which uv downloads where none is found, and a package registry (UV_DEFAULT_INDEX)."

case ${1:-} in
  -m) exec .venv/bin/python "$@" ;;
  *) exec .venv/bin/python -m sandbox "$@" ;;
esac
