# Sourced by the other scripts, after they have changed to the project's root: finds uv, makes backend/.venv from a lock file.
# Nothing outside of the project's folder is changed, except uv's own download cache.
# shellcheck shell=bash

ROOT=$PWD
VENV=$ROOT/backend/.venv
# Which locks are installed here; read and written only by install_locked.
STAMP=$VENV/parley-locks.txt
UV=()
# Where the network has an authority of its own (many companies do), the system trusts it and uv by itself does not.
if [[ -s /etc/ssl/certs/ca-certificates.crt ]]; then export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}; fi
export PIP_ROOT_USER_ACTION=ignore
# Where it is set (in many containers), every process compiles every module anew: three times as slow to start.
unset PYTHONDONTWRITEBYTECODE

say() { printf '› %s\n' "$*" >&2; }
stop() { printf '✗ %s\n' "$*" >&2; exit 1; }

# Sets UV to a command that runs uv. A missing uv goes to var/tools: `--target` also works where the system's Python
# refuses other installations (PEP 668), and leaves nothing behind outside of the project.
find_uv() {
    local tools=$ROOT/var/tools
    if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then UV=(uv); return; fi
    if python3 -m uv --version >/dev/null 2>&1; then UV=(python3 -m uv); return; fi
    if "$tools/bin/uv" --version >/dev/null 2>&1; then UV=("$tools/bin/uv"); return; fi
    command -v python3 >/dev/null || stop "Python 3.11 or newer is needed: https://www.python.org/downloads/"
    say "installing uv into var/tools"
    mkdir -p "$tools"
    if python3 -m pip --version >/dev/null 2>&1 \
        && python3 -m pip install --quiet --disable-pip-version-check --upgrade --target "$tools" 'uv==0.13.*' >&2; then
        UV=("$tools/bin/uv")
    elif python3 -m venv --clear "$tools/venv" >&2 && "$tools/venv/bin/pip" install --quiet 'uv==0.13.*' >&2; then
        UV=("$tools/venv/bin/uv")
    else
        stop "uv could not be installed with pip. Install it yourself: https://docs.astral.sh/uv/getting-started/installation/"
    fi
}

# One line for a lock: its checksum, with everything else that the installation depends on.
lock_line() { printf '%s %s %s\n' "$1" "$(cat "$ROOT/backend/$1" "$ROOT/backend/pyproject.toml" | cksum | tr ' ' -)" "$ROOT"; }

# install_locked requirements.lock | requirements-dev.lock: makes backend/.venv hold that lock and the `parley` command.
# Costs a few milliseconds when that is so already.
install_locked() {
    local lock=$1
    if [[ -x $VENV/bin/parley && -f $STAMP ]] && grep -qxF "$(lock_line "$lock")" "$STAMP"; then return; fi
    find_uv
    # A checkout that was moved or copied has scripts that point to the old place.
    local place=$ROOT
    if [[ -f $STAMP ]]; then read -r _ _ place <"$STAMP"; fi
    if [[ $place != "$ROOT" ]]; then rm -rf "$VENV"; fi
    if ! "$VENV/bin/python" -c '' >/dev/null 2>&1; then
        say "making backend/.venv"
        "${UV[@]}" venv --quiet --clear --python '>=3.11' "$VENV"
    fi
    say "installing $lock"
    rm -f "$STAMP"
    "${UV[@]}" pip install --quiet --python "$VENV/bin/python" --require-hashes -r "backend/$lock"
    # The build backend came with the lock: nothing is resolved, fetched or isolated here.
    "${UV[@]}" pip install --quiet --python "$VENV/bin/python" --no-deps --no-index --no-build-isolation --editable backend
    lock_line requirements.lock >"$STAMP"
    # The development lock contains the runtime lock: whoever has it needs no second installation to start.
    if [[ $lock != requirements.lock ]]; then lock_line "$lock" >>"$STAMP"; fi
}
