#!/usr/bin/env bash
# Finds or downloads the program for the action and says where it is: `program=PATH` in $GITHUB_OUTPUT.
# Reads ROFS_PATH, ROFS_VERSION, ROFS_SHA256 and ROFS_REPOSITORY (the action's inputs). Runs in bash 3.2 too, which is macOS's.
set -euo pipefail

fail() {
  echo "::error title=rofs-harden::$1"
  exit 2
}

# An input that holds a line break could add outputs of its own.
found() {
  case $1 in *[[:cntrl:]]*) fail "the path of the program has a control character in it" ;; esac
  "$1" --version || fail "the program does not run: see above"
  echo "program=$1" >>"$GITHUB_OUTPUT"
}

if [ -n "${ROFS_PATH:-}" ]; then
  program=$(command -v -- "$ROFS_PATH") || fail "there is no program at the path that the input 'path' names"
  case $program in /*) ;; *) program=$PWD/$program ;; esac
  found "$program"
  exit
fi

version=${ROFS_VERSION:-}
# The version that the action's own checkout is of.
[ -n "$version" ] || version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$GITHUB_ACTION_PATH/Cargo.toml" | head -n 1)
version=${version#v}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$ ]] || fail "the input 'version' is not a version such as 1.2.3"
repository=${ROFS_REPOSITORY:-}
[ -n "$repository" ] || fail "it is not known where releases are: set the input 'repository' (owner/name), or 'path' to a program that is there"
[[ $repository =~ ^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$ ]] || fail "the input 'repository' is not of the form owner/name"

# Statically linked on Linux: it runs whatever C library the runner has.
case $(uname -s)-$(uname -m) in
  Linux-x86_64) target=x86_64-unknown-linux-musl ;;
  Linux-aarch64) target=aarch64-unknown-linux-musl ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  *) fail "no program is released for $(uname -s) on $(uname -m): build one and set the input 'path'" ;;
esac

name=rofs-harden-$version-$target
folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/rofs-harden.XXXXXX")
cd "$folder"
for file in "$name.tar.gz" SHA256SUMS; do
  curl --fail --silent --show-error --location --retry 3 --max-time 120 --output "$file" \
    "${GITHUB_SERVER_URL:-https://github.com}/$repository/releases/download/v$version/$file" ||
    fail "cannot download $file of version $version from $repository"
done

if command -v sha256sum >/dev/null; then sum=$(sha256sum "$name.tar.gz"); else sum=$(shasum -a 256 "$name.tar.gz"); fi
sum=${sum%% *}
listed=$(awk -v file="$name.tar.gz" '$2 == file { print $1 }' SHA256SUMS)
[ "$sum" = "$listed" ] || fail "the checksum of $name.tar.gz is $sum; the release lists ${listed:-none}"
[ -z "${ROFS_SHA256:-}" ] || [ "$sum" = "$ROFS_SHA256" ] || fail "the checksum of $name.tar.gz is $sum, not the one of the input 'sha256'"

tar -xzf "$name.tar.gz" "$name/rofs-harden"
found "$folder/$name/rofs-harden"
