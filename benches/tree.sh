#!/usr/bin/env bash
# A tree of many projects (three services each, a third of the projects with an override file, a third with an include): the time with and
# without changes beside reading the same files, the peak of memory as the tree grows, and compose-lint over the same files. Needs hyperfine,
# GNU time, python3 and pip; writes nothing outside a temporary folder. Usage: benches/tree.sh [NUMBER-OF-PROJECTS]
. "$(dirname "$0")/peer.sh"
number=${1:-1000}

make_tree() { # FOLDER NUMBER
  for i in $(seq "$2"); do
    local folder=$1/team-$((i % 20))/project-$i
    mkdir -p "$folder/db"
    {
      [ $((i % 3)) != 1 ] || echo "include: [db/compose.yaml]"
      echo "services:"
      for s in web api worker; do
        printf '  %s:\n    image: node:22   # pinned\n    restart: unless-stopped\n    environment:\n      LOG_LEVEL: info\n    volumes:\n      - ./%s:/etc/app:ro\n' "$s" "$s"
      done
    } >"$folder/compose.yaml"
    printf 'services:\n  db:\n    image: node:22\n' >"$folder/db/compose.yaml"
    [ $((i % 3)) != 2 ] || printf 'services:\n  web:\n    ports: ["80%02d:80"]\n' $((i % 100)) >"$folder/compose.override.yaml"
  done
}

cd "$work"
make_tree small $((number / 10))
make_tree tree "$number"
cp -r tree hard
"$ours" --quiet -r hard --preset node --write --yes >/dev/null
echo "== $number projects: reading all files, nothing to change, a change in every one"
hyperfine --warmup 2 --runs 10 --export-json tree.json \
  "find tree -name '*.yaml' -print0 | xargs -0 cat >/dev/null" \
  "$ours --quiet -r hard --preset node" \
  "$ours --quiet -r tree --preset node"
echo "== memory at its peak, in kB: $((number / 10)) and $number projects"
for folder in small tree; do
  /usr/bin/time -f "%M $folder" "$ours" --quiet -r $folder --preset node --check >/dev/null || true
done
echo "== one project of three files"
hyperfine --shell=none --warmup 5 --runs 50 /bin/true "$ours --quiet tree/team-1/project-1"
echo "== the peer over the same files"
find tree -name '*.yaml' >files
hyperfine --ignore-failure --warmup 1 --runs 3 --export-json peer.json \
  "$ours --quiet -r tree --preset node" \
  "xargs $peer fix <files"
python3 - <<'PY'
import json
read, hard, tree = (r["median"] for r in json.load(open("tree.json"))["results"])
print(f"nothing to change: {hard / read:.1f} times reading; a change in every project: {tree / read:.1f} times")
ours, peer = (r["median"] for r in json.load(open("peer.json"))["results"])
print(f"the peer takes {peer / ours:.0f} times as long")
PY
