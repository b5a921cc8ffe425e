#!/usr/bin/env bash
# Trials on the engine beside a bare `docker compose up -d` and `down` of the same project: verify, observe, heal, and four projects at once.
# Needs hyperfine, a running engine, and the images of `.ci/test-images`. Usage: benches/engine.sh [PROJECT of tests/engine/projects [OPTION...]]
# The options go to verify and have to make the project work, as presets that fit the image do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --release --locked --quiet
ours=$PWD/target/release/rofs-harden
name=${1:-nginx-official}
if [ $# -gt 1 ]; then options=("${@:2}"); else options=(--service web=nginx); fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for i in 1 2 3 4; do cp -r "tests/engine/projects/$name" "$work/bench-$i"; done
cd "$work"
probes=()
while IFS= read -r line; do probes+=("--${line%%: *}" "'${line#*: }'"); done <bench-1/probes
hyperfine --runs 5 \
  -n "up and down" "docker compose --project-directory bench-1 -f bench-1/compose.yaml up -d && docker compose --project-directory bench-1 -f bench-1/compose.yaml down -v -t 0" \
  -n "verify" "$ours verify ${options[*]} bench-1" \
  -n "verify with probes" "$ours verify ${options[*]} ${probes[*]} bench-1" \
  -n "observe" "$ours observe ${probes[*]} bench-1" \
  -n "heal" "$ours verify --heal ${probes[*]} bench-1" \
  -n "four at once" "for i in 1 2 3 4; do $ours verify ${options[*]} bench-\$i & done; wait"
