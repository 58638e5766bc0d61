#!/usr/bin/env bash
# Fetches the real elections that the tests cast again, none of which are ours to commit:
#   target/real/pabulib/*.pb   nine participatory budgets in Pabulib format, from the sdist of PyPI's pabumeasures
#   target/real/abif/**/*.abif ranked elections in ABIF, from PyPI's abiftool
#   target/real/venv           where `python -m abiftool` runs, as the second implementation to compare with
# Does nothing if they are there already. By package name through pip; asks for nothing else.
set -euo pipefail

PABUMEASURES=0.2.2
ABIFTOOL=0.34.0

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
real="$root/target/real"
versions="pabumeasures $PABUMEASURES, abiftool $ABIFTOOL"
if [ -f "$real/versions" ] && [ "$(cat "$real/versions")" = "$versions" ]; then exit 0; fi

python3 -c 'import ensurepip, venv' 2>/dev/null || {
  echo "tests/real/fetch.sh: Python with venv is missing: apt-get install python3 python3-venv" >&2
  exit 69
}
rm -rf "$real"
mkdir -p "$real/pabulib" "$real/abif"
python3 -m venv "$real/venv"
# Downloading an sdist, pip asks its build backend for the metadata: that wants scikit-build-core and a cmake on the path.
export PATH="$real/venv/bin:$PATH"
pip="$real/venv/bin/python -m pip --disable-pip-version-check --quiet"
$pip install "abiftool==$ABIFTOOL" scikit-build-core cmake
$pip download --no-deps --no-build-isolation --no-binary pabumeasures "pabumeasures==$PABUMEASURES" --dest "$real"
tar --extract --gzip --file "$real/pabumeasures-$PABUMEASURES.tar.gz" --directory "$real/pabulib" --strip-components 2 \
  --wildcards '*/data/poland_*.pb'
cp -R "$real/venv/testdata/." "$real/abif"
test "$(find "$real/pabulib" -name '*.pb' | wc -l)" -eq 9 || { echo "tests/real/fetch.sh: not nine elections" >&2; exit 65; }
echo "$versions" > "$real/versions"
