#!/usr/bin/env bash
# Makes target/pabutools/venv, where pabutools runs: the second implementation of the Method of Equal Shares that the tests
# compare with. Does nothing if it is there already. By package name through pip; asks for nothing else.
set -euo pipefail

PABUTOOLS=1.2.3

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/target/pabutools"
if [ -f "$root/version" ] && [ "$(cat "$root/version")" = "$PABUTOOLS" ]; then exit 0; fi

python3 -c 'import ensurepip, venv' 2>/dev/null || {
  echo "tests/real/fetch_pabutools.sh: Python with venv is missing: apt-get install python3 python3-venv" >&2
  exit 69
}
rm -rf "$root"
python3 -m venv "$root/venv"
"$root/venv/bin/python" -m pip --disable-pip-version-check --quiet install "pabutools==$PABUTOOLS"
echo "$PABUTOOLS" > "$root/version"
