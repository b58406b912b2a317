#!/usr/bin/env bash
# Install a trainer in an environment of its own, train its example with three seeds, and see that it learns.
#
#   examples/check.sh NAME [--record]
#
# NAME is an example's, such as sb3_joint. The environment is made once, in CHECK_HOME (by default the user's cache
# folder), and shared by the examples of one trainer. --record writes what was measured into the docs.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
shift
trainer=${name%%_*}
venv="${CHECK_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/coopetition-examples}/$trainer"

if [ ! -x "$venv/bin/python" ]; then
    "${PYTHON:-python3}" -m venv "$venv"
fi
# Constraints keep pip from bringing gigabytes of CUDA with PyTorch where an index has a build without.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    -c constraints.txt -r "examples/requirements/$trainer.txt" -e .
exec "$venv/bin/python" examples/check.py "$name" "$@"
