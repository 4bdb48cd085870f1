#!/usr/bin/env bash
# Reports how the exported API of the module changed since the last tag, or since
# the merge base with main while there is no tag. After the first tag an
# incompatible change fails.
#
#   tools/api.sh [base]
set -euo pipefail
cd "$(dirname "$0")/.."

base=${1:-$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)}
released=$base
for branch in main origin/main; do
  [ -n "$base" ] || base=$(git merge-base HEAD "$branch" 2>/dev/null || true)
done
if [ -z "$base" ]; then
  echo "no tag and no branch main to compare the API with"
  exit 0
fi

scratch=$(mktemp -d)
trap 'git worktree remove --force "$scratch/base" || true; rm -rf "$scratch"' EXIT
git worktree add --quiet --detach "$scratch/base" "$base"
module=$(go list -m)
tools=$PWD/tools/go.mod
apidiff() { # without a line for each internal package
  GOFLAGS= go tool -modfile="$tools" apidiff "$@" 2> >(grep -v '^Ignoring internal package' >&2)
}
(cd "$scratch/base" && apidiff -m -w "$scratch/base.api" "$module")
apidiff -m -w "$scratch/head.api" "$module"

echo "API changes since $(git describe --tags --always "$base"):"
apidiff -m "$scratch/base.api" "$scratch/head.api"
if [ -n "$released" ]; then
  incompatible=$(apidiff -m -incompatible "$scratch/base.api" "$scratch/head.api")
  [ -z "$incompatible" ] || { echo "incompatible changes since $released" >&2; exit 1; }
fi
