#!/usr/bin/env bash
# Whole processes beside compose-lint, the nearest peer, on one file and on many. Needs hyperfine, python3 and pip; writes nothing
# outside a temporary folder. Usage: benches/peers.sh [NUMBER-OF-FILES]
. "$(dirname "$0")/peer.sh"
number=${1:-1000}

# Services of the size that people write: about 4 kB a file, each with something to add.
mkdir "$work/files"
for i in $(seq "$number"); do
  {
    echo "services:"
    for s in $(seq 16); do
      printf '  service-%s-%s:\n    image: node:22   # pinned\n    restart: unless-stopped\n    environment:\n      LOG_LEVEL: info\n      DATABASE_URL: "postgres://user@db:5432/app"\n    ports:\n      - "127.0.0.1:%s:8080"\n' "$i" "$s" "$((10000 + s))"
    done
  } >"$work/files/$i.yaml"
done
cd "$work"

echo "== one file: the floor, ours, the peer's dry run"
hyperfine --shell=none --warmup 5 --runs 100 /bin/true "$ours --quiet --preset node files/1.yaml"
hyperfine --shell=none --ignore-failure --warmup 1 --runs 10 --export-json one.json "$ours --quiet --preset node files/1.yaml" "$peer fix files/1.yaml"
echo "== $number files"
hyperfine --ignore-failure --warmup 1 --runs 3 --export-json many.json "$ours --quiet --preset node files/*.yaml" "$peer fix files/*.yaml"
python3 - <<'PY'
import json
for name in ("one", "many"):
    ours, peer = (r["median"] for r in json.load(open(f"{name}.json"))["results"])
    print(f"{name}: the peer takes {peer / ours:.0f} times as long")
PY
