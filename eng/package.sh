#!/usr/bin/env bash
# Builds two packages into artifacts/packages, each with its own .NET runtime, and prints their paths. `eng/package.sh VERSION` builds them as another version.
#   seguro_VERSION_amd64.deb: the command, units, manual page, completion
#   seguro-balancer_VERSION_amd64.deb: the balancer and its unit alone, for the machine that faces the internet
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cd "$root"
. eng/setup.sh
need_dotnet
need_packages dpkg-dev binutils gzip
parts="$root/eng/package" trees="$root/artifacts/package" out="$root/artifacts/packages"
version=${1:-$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)}
epoch=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH=$epoch
rm -rf "$trees"
mkdir -p "$trees" "$out"
# The lock files are those of builds without a runtime of their own; so this is built from a copy of the sources without them.
source="$trees/source"
mkdir -p "$source"
tar c --exclude=packages.lock.json --exclude=obj --exclude=bin src eng Directory.Build.props Directory.Packages.props global.json .editorconfig | tar x -C "$source"

# publish NAME PROJECT: a program with its runtime, below the tree of package NAME, in whose PATH it is.
publish() {
  local name=$1 project=$2 log="$trees/publish-$1.log" stage="$trees/$1"
  say "publishing $name …"
  mkdir -p "$stage"/{usr/bin,usr/lib}
  if ! dotnet publish "$source/src/$project" -c Release -r linux-x64 --self-contained -p:RunAnalyzers=false -p:RestorePackagesWithLockFile=false -p:RestoreLockedMode=false \
      -p:DebugType=none -p:GenerateDocumentationFile=false -p:Version="$version" --artifacts-path "$trees/build" -o "$stage/usr/lib/$name" >"$log" 2>&1; then
    grep -E 'error' "$log" | sort -u | head -n 5 >&2
    fail "$name could not be published" "see artifacts/package/$(basename "$log")"
  fi
  rm -f "$stage/usr/lib/$name/createdump" "$stage/usr/lib/$name"/*.pdb "$stage/usr/lib/$name"/*.xml
  find "$stage/usr/lib/$name" -type f ! -name "$name" -exec chmod 644 {} +
  chmod 755 "$stage/usr/lib/$name/$name"
  find "$stage/usr/lib/$name" -name '*.so' -exec strip --strip-unneeded {} + 2>/dev/null || true
  ln -s "../lib/$name/$name" "$stage/usr/bin/$name"
}

# pack NAME PARTS: the package of a tree; PARTS has units, examples and control, and of the maintainers' scripts those that are its own.
pack() {
  local name=$1 own=$2 stage="$trees/$1" unit script size package
  mkdir -p "$stage"/{DEBIAN,lib/systemd/system} "$stage/usr/share"/{doc/"$name"/examples,lintian/overrides}
  for unit in "$own"/*.service; do
    sed -e "/@HARDENING@/{r $parts/hardening.conf
d}" "$unit" >"$stage/lib/systemd/system/$(basename "$unit")"
  done
  cp "$own"/*.example "$stage/usr/share/doc/$name/examples/"
  sed "s/^seguro:/$name:/" "$parts/lintian-overrides" >"$stage/usr/share/lintian/overrides/$name"
  {
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: Seguro\n\nFiles: *\nCopyright: %s\nLicense: Expat\n' "$(sed -n 's/^Copyright (c) //p' LICENSE)"
    sed -n '/^Permission/,$p' LICENSE | sed -e 's/^$/./' -e 's/^/ /'
    printf '\nComment: The .NET runtime and libraries in /usr/lib/%s have licenses of their own (MIT, Apache-2.0, PostgreSQL).\n' "$name"
  } >"$stage/usr/share/doc/$name/copyright"
  printf '%s (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md of this version.\n\n -- The Seguro authors <seguro@localhost.localdomain>  %s\n' "$name" "$version" "$(date -uR -d "@$epoch")" \
    | gzip -9n >"$stage/usr/share/doc/$name/changelog.gz"
  for script in postinst prerm postrm; do
    if [ -f "$own/$script" ]; then install -m 755 "$own/$script" "$stage/DEBIAN/$script"; else install -m 755 "$parts/$script" "$stage/DEBIAN/$script"; fi
  done
  size=$(du -sk --exclude=DEBIAN "$stage" | cut -f1)
  sed -e "s/@VERSION@/$version/" -e "s/@SIZE@/$size/" "$own/control" >"$stage/DEBIAN/control"
  (cd "$stage" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  find "$stage" -type d -exec chmod 755 {} +
  chmod 644 "$stage/DEBIAN/control" "$stage/DEBIAN/md5sums"
  package="$out/${name}_${version}_amd64.deb"
  dpkg-deb --root-owner-group -Zgzip -z6 --build "$stage" "$package" >/dev/null
  echo "$package"
}

publish seguro Seguro.Cli
publish seguro-balancer Seguro.BalancerProgram
shared="$trees/seguro/usr/share"
mkdir -p "$shared"/{man/man1,bash-completion/completions}
"$trees/seguro/usr/bin/seguro" man | gzip -9n >"$shared/man/man1/seguro.1.gz"
"$trees/seguro/usr/bin/seguro" completion bash >"$shared/bash-completion/completions/seguro"
pack seguro "$parts"
pack seguro-balancer "$parts/balancer"
