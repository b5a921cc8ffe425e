# For the other scripts: builds the program (`ours`), and puts compose-lint (`peer`) into a temporary folder (`work`) that goes away at
# the end. Needs python3 and pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --release --locked --quiet
ours=$PWD/target/release/rofs-harden
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet compose-lint
peer=$work/venv/bin/compose-lint
