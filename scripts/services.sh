#!/usr/bin/env bash
# Installs the servers that `npm run test:services` tests with besides those from npm; the tests start them themselves, on folders and ports
# of their own. Does nothing where they are there already.
# - MariaDB, from Debian's packages.
# - versitygw, an S3 server of its own kind, built with the Go toolchain into ${XDG_CACHE_HOME:-~/.cache}/datapy-services.
# - SeaweedFS, an S3 server that encrypts what it keeps, built there too. The first build takes some minutes.
set -euo pipefail

versitygw_version=1.8.0
seaweedfs_version=0.0.0-20261109003541-7506e5f91cd6

install_mariadb() {
  if command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null; then
    echo "mariadb-server: $(mariadbd --version)"
    return
  fi
  if ! command -v apt-get >/dev/null; then
    echo "mariadb-server: not installed, and this machine has no apt-get; install MariaDB 10.5 or later by hand" >&2
    return 1
  fi
  local sudo=""
  if [ "$(id -u)" != 0 ]; then sudo="sudo"; fi
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends mariadb-server
  echo "mariadb-server: $(mariadbd --version)"
}

# Builds a server with Go, given its name, its version, and the function that puts its program into a folder.
build_server() {
  local name="$1" version="$2" build="$3"
  local folder="${XDG_CACHE_HOME:-$HOME/.cache}/datapy-services/$name-$version"
  if [ -x "$folder/$name" ]; then
    echo "$name: $folder/$name"
    return
  fi
  if ! command -v go >/dev/null; then
    echo "$name: SKIPPED, since this machine has no Go toolchain to build it with" >&2
    # In CI the tests are not to do without it.
    [ "${CI:-}" != true ]
    return
  fi
  mkdir -p "$(dirname "$folder")"
  # Built beside its place and moved, so that a build that was interrupted is never taken for one.
  local building
  building="$(mktemp -d "$(dirname "$folder")/.building-XXXXXX")"
  if ! (export GOFLAGS=-trimpath CGO_ENABLED=0 && "$build" "$version" "$building"); then
    rm -rf "$building"
    echo "$name: the build failed" >&2
    return 1
  fi
  rm -rf "$folder"
  mv "$building" "$folder"
  echo "$name: $folder/$name"
}

build_versitygw() {
  GOBIN="$2" go install "github.com/versity/versitygw/cmd/versitygw@v$1"
}

build_seaweedfs() {
  # Its module has `replace` lines, which `go install` does not take; its sources are built where Go has put them.
  local sources
  sources="$(timeout 300 go mod download -json "github.com/seaweedfs/seaweedfs@v$1" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')"
  (cd "$sources" && timeout 600 go build -ldflags "-s -w" -o "$2/seaweedfs" ./weed)
}

failed=0
install_mariadb || failed=1
build_server versitygw "$versitygw_version" build_versitygw || failed=1
# The suites of object storage run against versitygw; this one shows that what is asked to be encrypted is, and is no reason to stop the rest.
build_server seaweedfs "$seaweedfs_version" build_seaweedfs || echo "seaweedfs: LEFT OUT, encryption is tested on the wire only" >&2
exit "$failed"
