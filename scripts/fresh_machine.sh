#!/usr/bin/env bash
# Does what the README says, to the letter, as on a machine that has never seen this software: the files of the
# repository are copied to an empty folder, a new virtual environment is made, and the README's own lines are run there.
#
#     scripts/fresh_machine.sh tests [ENVIRONMENT]   the line under "Tests:"
#     scripts/fresh_machine.sh start [ENVIRONMENT]   the line under "Start": it trains the quickstart, which takes minutes
#
# ENVIRONMENT: folder for the virtual environment, which is then kept; without it, it is deleted in the end.
# PYTHON names the interpreter, python3 by default.
set -euo pipefail

which=${1:-}
case $which in
tests) heading='^Tests:$' ;;
start) heading='^## Start$' ;;
*)
    sed -n '2,/^set -/{/^#/p}' "$0" >&2
    exit 2
    ;;
esac

repository=$(cd "$(dirname "$0")/.." && pwd)
copy=$(mktemp -d)
environment=${2:-$copy/environment}
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/repository"
cd "$repository"
git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- --create | tar --extract --directory="$copy/repository"

# The lines of the first shell block after the heading.
lines=$(awk -v heading="$heading" '
    !found && $0 ~ heading { found = 1; next }
    found && !inside && /^```sh$/ { inside = 1; next }
    inside && /^```$/ { exit }
    inside { print }
' "$copy/repository/README.md")
if [[ -z $lines ]]; then
    echo "The README has no commands after a line like $heading; mend this script or the README." >&2
    exit 1
fi

"${PYTHON:-python3}" -m venv "$environment"
source "$environment/bin/activate"
cd "$copy/repository"
unset PYTHONPATH
# As the README advises where there is no GPU: the exact version has a build for the CPU.
pip install --quiet torch==2.13.0
echo "Following the README in an empty folder:"
echo "$lines"
bash -euo pipefail -c "$lines"
