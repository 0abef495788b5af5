# Sourced by the other scripts: a virtual environment with exactly the locked packages.
#
#   setup run    what the program needs
#   setup test   that, and what tests, checks and benchmarks need
#
# Idempotent; offline once the environment matches the lock files. AGGREGATOR_VENV
# chooses another place, PYTHON another interpreter (3.11 or newer).

ROOT=$(cd "$(dirname "$0")/.." && pwd)
VENV=${AGGREGATOR_VENV:-$ROOT/.venv}

say() { printf '%s\n' "$*" >&2; }

lock_hash() {
    cat "$ROOT/requirements/build.txt" "$ROOT/requirements/$1.txt" "$ROOT/pyproject.toml" |
        sha256sum | cut -d' ' -f1
}

setup() {
    _group=$1
    _python=${PYTHON:-python3}
    if [ ! -x "$VENV/bin/python" ]; then
        "$_python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
            say "$_python is too old or missing: Python 3.11 or newer is needed (set PYTHON)"
            exit 2
        }
        say "Creating $VENV"
        "$_python" -m venv "$VENV"
    fi
    # The test environment holds all of the run environment.
    for _done in "$_group" test; do
        _stamp=$VENV/.locked-$_done
        if [ -f "$_stamp" ] && [ "$(cat "$_stamp")" = "$(lock_hash "$_done")" ]; then
            return 0
        fi
    done
    say "Installing the locked packages ($_group); once, and again when the lock changes"
    "$VENV/bin/python" -m pip install --quiet --require-hashes \
        -r "$ROOT/requirements/build.txt" -r "$ROOT/requirements/$_group.txt"
    "$VENV/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable "$ROOT"
    lock_hash "$_group" >"$VENV/.locked-$_group"
}

# Debian's Chromium for the browser tests; where it cannot be installed they say so.
setup_browser() {
    if command -v chromium >/dev/null 2>&1; then return 0; fi
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        say "Installing Chromium for the browser tests"
        apt-get install -y -qq chromium >/dev/null 2>&1 ||
            { apt-get update -qq >/dev/null && apt-get install -y -qq chromium >/dev/null; }
    else
        say "Chromium is missing: install it (Debian: apt-get install chromium) for the browser tests"
    fi
}
