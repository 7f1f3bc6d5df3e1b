#!/usr/bin/env bash
# Installs the database server that `npm run test:services` tests with besides those from npm: MariaDB, from Debian's packages. The tests
# start it themselves, on a folder and a port of their own. Does nothing where it is there already.
set -euo pipefail

if command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null; then
  echo "mariadb-server: $(mariadbd --version)"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "mariadb-server: not installed, and this machine has no apt-get; install MariaDB 10.5 or later by hand" >&2
  exit 1
fi
sudo=""
if [ "$(id -u)" != 0 ]; then sudo="sudo"; fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends mariadb-server
echo "mariadb-server: $(mariadbd --version)"
