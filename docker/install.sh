#!/usr/bin/env bash
# Install the project with all it needs into .venv, or where UV_PROJECT_ENVIRONMENT says. Arguments go to `uv sync`.
# The image runs this script and .ci/run sources it, so that each test run also tests what the image does.
# Needs Python 3.12; brings uv itself (UV_VERSION pins it). Leaves the command in the array UV.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
    local candidate
    for candidate in python3.12 python3 python "$HOME"/.pyenv/versions/3.12*/bin/python /usr/local/bin/python3.12; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' >/dev/null 2>&1; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    echo "error: no Python 3.12 found; install it or put it on PATH" >&2
    return 1
}

find_uv() {
    if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
        command -v uv
    elif "$PYTHON" -m uv --version >/dev/null 2>&1; then
        echo "$PYTHON -m uv"
    else
        local tools="${XDG_CACHE_HOME:-$HOME/.cache}/ddpl_isaac/uv"
        "$PYTHON" -m venv "$tools" >&2
        "$tools/bin/python" -m pip install --quiet "uv${UV_VERSION:+==$UV_VERSION}" >&2
        echo "$tools/bin/python -m uv"
    fi
}

PYTHON=$(find_python)
read -r -a UV <<<"$(find_uv)"
export UV_PYTHON="$PYTHON"
# Like `uv run`, and unlike a bare sync, keep packages that were added by hand. Bytecode, which Python would write at the
# first import, is lost with each container, and without it a training starts nine seconds later.
"${UV[@]}" sync --inexact --compile-bytecode "$@" </dev/null
