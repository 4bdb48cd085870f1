#!/bin/sh
# Writes the archives of this directory: one small tree, as each program writes it with its
# defaults, and in each format that it knows. The versions were GNU tar 1.34, bsdtar 3.6.2,
# busybox 1.35.0, git 2.39.5 and Python 3.11.7.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
mkdir -p "$work/tree/sub" "$work/tree/empty"
cd "$work/tree"
printf 'a: 1\n' >a.yaml
printf 'b: 1\n' >sub/b.yaml
: >sub/nothing.yaml
chmod 755 sub/b.yaml
find . -exec touch -d '2026-01-02 03:04:05.678 UTC' {} +

tar --format=v7 -cf - . | gzip -n >"$here/gnu-v7.tgz"
deep=$(printf 'd%.0s' $(seq 60))
mkdir -p "$deep/$deep"
printf 'c: 1\n' >"$deep/$deep/c.yaml"
printf 'd: 1\n' >grün.yaml
find . -exec touch -d '2026-01-02 03:04:05.678 UTC' {} +

tar -czf "$here/gnu.tgz" .
tar -czf "$here/gnu-names.tgz" -- *
tar -czf "$here/gnu-slashes.tgz" .//a.yaml grün.yaml sub// ./empty/ ".//$deep"
for format in oldgnu ustar posix; do
	tar --format=$format -cf - . | gzip -n >"$here/gnu-$format.tgz"
done
bsdtar -czf "$here/bsd.tgz" .
for format in ustar pax gnutar; do
	bsdtar --format=$format -cf - . | gzip -n >"$here/bsd-$format.tgz"
done
busybox tar -czf "$here/busybox.tgz" .
python3 - "$here" <<'PYTHON'
import sys, tarfile
for name, form in ("python", tarfile.DEFAULT_FORMAT), ("python-gnu", tarfile.GNU_FORMAT), ("python-ustar", tarfile.USTAR_FORMAT):
    with tarfile.open(f"{sys.argv[1]}/{name}.tgz", "w:gz", format=form) as archive:
        archive.add(".")
PYTHON

export GIT_AUTHOR_DATE=2026-01-02T03:04:05Z GIT_COMMITTER_DATE=2026-01-02T03:04:05Z
git init -q . && git add . && git -c user.name=t -c user.email=t@example.com commit -qm t
git archive --format=tar.gz -o "$here/git.tgz" HEAD
git archive --format=tar.gz --prefix=./ -o "$here/git-prefix.tgz" HEAD
