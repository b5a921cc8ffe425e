#!/bin/bash -eu
# Each target with its dictionary and the inputs to begin with, where ClusterFuzzLite looks for them.
fuzz/seeds
cargo fuzz build -O
for path in fuzz/fuzz_targets/*.rs; do
  target=$(basename "$path" .rs)
  cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
  cp fuzz/yaml.dict "$OUT/$target.dict"
  zip -qj "$OUT/${target}_seed_corpus.zip" "fuzz/corpus/$target"/* || true
done
