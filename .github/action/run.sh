#!/usr/bin/env bash
# Runs the program for the action. Reads ROFS_PROGRAM, ROFS_MODE, ROFS_PATHS, ROFS_ARGS, ROFS_FAIL_ON and ROFS_ANNOTATIONS, for `pr` also ROFS_TOKEN, ROFS_REPOS, ROFS_JOURNAL and
# what a runner says of the repository; writes the outputs to $GITHUB_OUTPUT, the report to $GITHUB_STEP_SUMMARY and files to $RUNNER_TEMP. Runs in bash 3.2 too, which is macOS's.
set -euo pipefail

fail() {
  echo "::error title=rofs-harden::$1"
  exit 2
}

# The non-empty lines of a text, in the array `lines`.
split() {
  lines=()
  local line
  while IFS= read -r line || [ -n "$line" ]; do [ -z "$line" ] || lines+=("$line"); done <<<"$1"
}

case ${ROFS_MODE:-check} in
  check | fix | pr) mode=${ROFS_MODE:-check} ;;
  *) fail "the input 'mode' is none of check, fix, pr" ;;
esac
case ${ROFS_FAIL_ON:-error} in
  note | warning | error | never) fail_on=${ROFS_FAIL_ON:-error} ;;
  *) fail "the input 'fail-on' is none of note, warning, error, never" ;;
esac
split "${ROFS_PATHS:-.}"
[ "${#lines[@]}" -gt 0 ] || fail "the input 'paths' is empty"
paths=("${lines[@]}")
split "${ROFS_ARGS:-}"
args=(--recursive ${lines[@]+"${lines[@]}"})

out=$(mktemp -d "${RUNNER_TEMP:-/tmp}/rofs-harden.XXXXXX")
# What the program prints has lines of the checked files in it, and a line that begins with `::` is a command to the runner.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
quietly() {
  echo "::stop-commands::$token"
  local status=0
  "$@" || status=$?
  echo "::$token::"
  return "$status"
}
# Through the forge alone: then GitHub can sign the commit, and the checkout needs no credentials.
pull_request() {
  split "${ROFS_ARGS:-}"
  local status=0 top=() which=(--repo "$GITHUB_REPOSITORY")
  if [ -n "${ROFS_REPOS:-}" ]; then
    which=(--repos "$ROFS_REPOS")
    # Whoever names a journal among the arguments has named it.
    case $'\n'${ROFS_ARGS:-} in
      *$'\n'--journal | *$'\n'--journal[$'\n'=]*) ;;
      *) which+=(--journal "${ROFS_JOURNAL:-$out/fleet.jsonl}") ;;
    esac
  fi
  # The default means the whole repository.
  [ "${paths[*]}" = . ] || top=(-- "${paths[@]}")
  GITHUB_TOKEN=${ROFS_TOKEN:-} GH_TOKEN='' "$ROFS_PROGRAM" pr --color never "${which[@]}" --json ${lines[@]+"${lines[@]}"} \
    ${top[@]+"${top[@]}"} >"$out/pr.json" 2>"$out/said" || status=$?
  quietly cat "$out/said"
  # One field of the first pull request; the program writes each on a line of its own. Of many repositories none is the first one.
  field() { sed -n "s/^      \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$out/pr.json" | sed -n '1p' | sed 's/^null$//'; }
  {
    echo "exit-code=$status"
    echo "pull-request-number=$(field number)"
    echo "pull-request-url=$(field url)"
    echo "pull-request-operation=$(field "done")"
    echo "head-sha=$(field commit)"
    echo "commits-verified=$(field verified)"
    echo "pull-requests-file=$out/pr.json"
  } >>"$GITHUB_OUTPUT"
  exit "$status"
}
# Reports are of the files as they are, so they take none of the plan's options.
audit() {
  "$ROFS_PROGRAM" audit --quiet --recursive "$@" -- "${paths[@]}"
}

plan() {
  "$ROFS_PROGRAM" --color never "$@" ${args[@]+"${args[@]}"} -- "${paths[@]}"
}

[ "$mode" != pr ] || pull_request

status=0
plan --quiet >"$out/plan.patch" 2>/dev/null || true
plan --check >"$out/found" 2>"$out/said" || status=$?
quietly cat "$out/plan.patch" "$out/found" "$out/said"
# Status 2 is that of some projects: the others can be mended all the same.
if [ "$mode" = fix ] && [ "$status" != 0 ]; then
  status=0
  quietly plan --quiet --write --yes >"$out/said" || status=$?
  [ "$status" = 0 ] || quietly cat "$out/said"
fi

found=0
audit --format sarif --fail-on "$fail_on" >"$out/rofs-harden.sarif" 2>"$out/said" || found=$?
[ "$found" != 2 ] || quietly cat "$out/said"
# What a plan cannot mend fails a check; a fix has done what it can.
if [ "$found" = 2 ] || { [ "$mode" = check ] && [ "$status" = 0 ]; }; then status=$found; fi
if [ "${ROFS_ANNOTATIONS:-true}" = true ]; then
  audit --format github --fail-on never 2>/dev/null || true
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  audit --format markdown --fail-on never >"$out/summary.md" 2>/dev/null || true
  # A step's summary may have 1024 KiB; the runner drops a larger one whole.
  if [ "$(wc -c <"$out/summary.md")" -le 1000000 ]; then
    cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"
  else
    echo "The report is too large for this page: see the log." >>"$GITHUB_STEP_SUMMARY"
  fi
fi

{
  echo "exit-code=$status"
  echo "patch-file=$out/plan.patch"
  echo "sarif-file=$out/rofs-harden.sarif"
  echo "changed-files<<$token"
  sed -n 's|^+++ b/||p' "$out/plan.patch"
  echo "$token"
} >>"$GITHUB_OUTPUT"
exit "$status"
