#!/usr/bin/env bash
# Builds libseguro into a folder, artifacts/native by default: include/seguro.h, lib/libseguro.so and .a, pkg-config's file, the man page. Takes minutes the first time, and nothing where
# nothing changed.
#   eng/native.sh [FOLDER]
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
. "$root/eng/setup.sh"
target=$(readlink -m "${1:-$root/artifacts/native}")
source="$root/src/Seguro.Native"
need_dotnet
need_packages gcc libc6-dev binutils

# What it is made of. The folders of other projects are left out: they are not in it.
stamp="$root/artifacts/.built-native"
parts=("$root"/src/Seguro.{Core,Files,Identity,Nouns,Piers,Stores,Sdk,Native} "$root"/Directory.* "$root/global.json")
if [ ! -f "$stamp" ] || [ -n "$(find "${parts[@]}" -newer "$stamp" -type f ! -name '*.md' ! -name 'packages.lock.json' -print -quit)" ]; then
  mkdir -p "$root/artifacts"
  exec 8>"$root/artifacts/.native-lock"
  flock 8
  say "compiling libseguro ahead of time (once; some minutes) …"
  started=$(mktemp "$root/artifacts/.started-XXXXXX")
  if ! dotnet publish "$source/Seguro.Native.csproj" -c Release --nologo -v quiet >"$root/artifacts/native.log" 2>&1; then
    rm -f "$started"
    grep -E 'error|warning' "$root/artifacts/native.log" | sort -u | head -n 20 >&2
    fail "libseguro could not be built" "see artifacts/native.log"
  fi
  mv "$started" "$stamp"
  exec 8>&-
fi

published="$root/artifacts/publish/Seguro.Native/release_linux-x64"
compiled="$root/artifacts/obj/Seguro.Native/release_linux-x64/native"
version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' "$root/Directory.Build.props")
mkdir -p "$target"/{include,lib/pkgconfig,share/man/man3}
install -m 644 "$source/seguro.h" "$target/include/"
install -m 755 "$published/libseguro.so" "$target/lib/libseguro.so.1"
ln -sf libseguro.so.1 "$target/lib/libseguro.so"
install -m 644 "$compiled/libseguro.a" "$published/libe_sqlite3.so" "$target/lib/"
sed "s/@VERSION@/$version/" "$source/seguro.pc.in" >"$target/lib/pkgconfig/seguro.pc"
install -m 644 "$source/seguro.3" "$target/share/man/man3/"
say "libseguro $version is in $target"
