#!/usr/bin/env bash
# Installs the servers that `npm run test:services` tests with besides those from npm; the tests start them themselves, on folders and ports
# of their own. Does nothing where they are there already.
# - MariaDB, from Debian's packages.
# - versitygw, an S3 server of its own kind, built with the Go toolchain into ${XDG_CACHE_HOME:-~/.cache}/datapy-services.
set -euo pipefail

versitygw_version=1.8.0

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

build_versitygw() {
  local folder="${XDG_CACHE_HOME:-$HOME/.cache}/datapy-services/versitygw-$versitygw_version"
  if [ -x "$folder/versitygw" ]; then
    echo "versitygw: $folder/versitygw"
    return
  fi
  if ! command -v go >/dev/null; then
    echo "versitygw: SKIPPED, since this machine has no Go toolchain to build it with" >&2
    # In CI the tests are not to do without it.
    [ "${CI:-}" != true ]
    return
  fi
  mkdir -p "$(dirname "$folder")"
  # Built beside its place and moved, so that a build that was interrupted is never taken for one.
  local building
  building="$(mktemp -d "$(dirname "$folder")/.building-XXXXXX")"
  if ! GOBIN="$building" GOFLAGS=-trimpath CGO_ENABLED=0 go install "github.com/versity/versitygw/cmd/versitygw@v$versitygw_version"; then
    rm -rf "$building"
    echo "versitygw: the build failed" >&2
    return 1
  fi
  rm -rf "$folder"
  mv "$building" "$folder"
  echo "versitygw: $folder/versitygw"
}

failed=0
install_mariadb || failed=1
build_versitygw || failed=1
exit "$failed"
