# Shared by ./seguro, ./test.sh and .ci/run: finds or installs what they need, and builds. To be sourced, with $root set.

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n  next: %s\n' "$1" "$2" >&2; exit 1; }

# Runs a command as root: directly, or by sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "installing packages needs root, and there is no sudo" "run this as root once, or install the packages by hand: $packages_wanted"
  fi
}

# need_packages NAME...: installs those Debian packages that are missing, and says so.
need_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  packages_wanted="${missing[*]}"
  command -v apt-get >/dev/null || fail "these packages are missing: $packages_wanted" "install them with your system's package manager"
  say "installing from Debian: $packages_wanted"
  local log
  log=$(mktemp)
  if ! { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
         { as_root apt-get update >>"$log" 2>&1 &&
           as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; }; }; then
    tail -n 15 "$log" >&2
    fail "Debian's packages could not be installed: $packages_wanted" "see the lines above; 'apt-get update' may be needed, or a network"
  fi
  rm -f "$log"
}

# PostgreSQL's server, without the cluster that Debian's package would make and start on port 5432: the tests run servers of their own.
need_postgresql() {
  if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    need_packages postgresql-common
    as_root sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    need_packages postgresql
  fi
}

# Patroni and its etcd: the tests run their own.
need_patroni() {
  [ -x /usr/bin/patroni ] && [ -x /usr/bin/etcd ] && [ -d /usr/lib/python3/dist-packages/etcd ] && return 0
  need_without_services patroni etcd-server python3-etcd
}

# PgBouncer, which a test puts before a PostgreSQL of its own.
need_pgbouncer() {
  [ -x /usr/sbin/pgbouncer ] || need_without_services pgbouncer
}

need_etcd() {
  [ -x /usr/bin/etcd ] || need_without_services etcd-server
}

# An S3 server and an SFTP server, which tests run on ports of their own.
need_harbor_servers() {
  command -v moto_server >/dev/null || need_packages python3-moto || return 1
  [ -x /usr/sbin/sshd ] || need_without_services openssh-server
  need_ceph
}

# Ceph with its S3 gateway (69 MB to load, 270 MB on disk), which tests run as plain processes; its commands come along.
need_ceph() {
  command -v ceph-mon >/dev/null && command -v ceph-osd >/dev/null && command -v radosgw >/dev/null && command -v ceph >/dev/null && return 0
  need_without_services ceph-mon ceph-osd radosgw
}

# need_without_services NAME...: Debian's packages without the services that they would start, now and at every boot (etcd's would take port 2379).
need_without_services() {
  local policy=/usr/sbin/policy-rc.d made='' service
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" && made=1
  fi
  local before
  before=" $(ls /etc/init.d 2>/dev/null | tr '\n' ' ') " # what was there before stays as it was
  (need_packages "$@")
  local code=$?
  [ -z "$made" ] || as_root rm -f "$policy"
  for service in $(ls /etc/init.d 2>/dev/null); do
    case $before in *" $service "*) ;; *) as_root update-rc.d "$service" disable >/dev/null 2>&1 ;; esac
  done
  return $code
}

# Go, and go-dqlite's client as Debian has it, for bench/go-dqlite. The benchmark does without where they can't be had, and says so.
need_go_dqlite() {
  (need_packages golang-go golang-github-canonical-go-dqlite-dev) || say "go-dqlite will not be measured"
}

need_dotnet() {
  command -v dotnet >/dev/null || fail "the .NET SDK is missing" "install .NET 10 (https://dotnet.microsoft.com/download), then run this again"
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 MSBUILDDISABLENODEREUSE=1
  dotnet --version >/dev/null 2>&1 || fail "no .NET SDK here satisfies global.json: $(dotnet --version 2>&1 | tail -n 1)" "install a .NET 10 SDK"
}

# build PROJECT STAMP: builds quietly where something is newer than the stamp. Two at once wait for each other.
build() {
  local project=$1 stamp=$2
  if [ -f "$stamp" ] && [ -z "$(find "$root/src" "$root/test" "$root/bench" "$root/eng" "$root/samples" "$root"/Directory.* "$root/global.json" -newer "$stamp" \
      \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.globalconfig' -o -name '*.txt' -o -name 'global.json' \) -print -quit 2>/dev/null)" ]; then
    return 0
  fi
  need_dotnet
  mkdir -p "$root/artifacts"
  exec 9>"$root/artifacts/.build-lock"
  flock 9
  say "building Seguro (once) …"
  local log="$root/artifacts/build.log" started
  started=$(mktemp "$root/artifacts/.started-XXXXXX")
  if ! dotnet build "$root/$project" -c Release --nologo -v quiet -clp:NoSummary >"$log" 2>&1; then
    rm -f "$started"
    grep -E 'error|warning' "$log" | sort -u | head -n 20 >&2
    fail "the build failed" "see artifacts/build.log"
  fi
  # What was edited during the build counts as newer than it.
  mv "$started" "$stamp"
  flock -u 9
  exec 9>&-
}
