#!/usr/bin/env bash
# Builds artifacts/packages/seguro_VERSION_amd64.deb: the command with its own .NET runtime, units, manual page, completion. `eng/package.sh VERSION` builds it as another version.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cd "$root"
. eng/setup.sh
need_dotnet
need_packages dpkg-dev binutils gzip
parts="$root/eng/package" stage="$root/artifacts/package/tree" out="$root/artifacts/packages"
version=${1:-$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)}
epoch=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH=$epoch
rm -rf "$root/artifacts/package"
mkdir -p "$stage"/{DEBIAN,usr/bin,usr/lib/seguro,lib/systemd/system,usr/share/{man/man1,bash-completion/completions,doc/seguro/examples,lintian/overrides}} "$out"

say "publishing the command …"
log="$root/artifacts/package/publish.log"
# The lock files are those of builds without a runtime of their own; so this is built from a copy of the sources without them.
source="$root/artifacts/package/source"
mkdir -p "$source"
tar c --exclude=packages.lock.json --exclude=obj --exclude=bin src eng Directory.Build.props Directory.Packages.props global.json .editorconfig | tar x -C "$source"
if ! dotnet publish "$source/src/Seguro.Cli" -c Release -r linux-x64 --self-contained -p:RunAnalyzers=false -p:RestorePackagesWithLockFile=false -p:RestoreLockedMode=false \
    -p:DebugType=none -p:GenerateDocumentationFile=false -p:Version="$version" --artifacts-path "$root/artifacts/package/build" -o "$stage/usr/lib/seguro" >"$log" 2>&1; then
  grep -E 'error' "$log" | sort -u | head -n 5 >&2
  fail "the command could not be published" "see artifacts/package/publish.log"
fi
program="$stage/usr/lib/seguro/seguro"
find "$stage/usr/lib/seguro" -type f ! -name seguro ! -name createdump -exec chmod 644 {} +
chmod 755 "$program"
rm -f "$stage/usr/lib/seguro/createdump" "$stage"/usr/lib/seguro/*.pdb "$stage"/usr/lib/seguro/*.xml
find "$stage/usr/lib/seguro" -name '*.so' -exec strip --strip-unneeded {} + 2>/dev/null || true
ln -s ../lib/seguro/seguro "$stage/usr/bin/seguro"

for unit in "$parts"/*.service; do
  sed -e "/@HARDENING@/{r $parts/hardening.conf
d}" "$unit" >"$stage/lib/systemd/system/$(basename "$unit")"
done
"$program" man | gzip -9n >"$stage/usr/share/man/man1/seguro.1.gz"
"$program" completion bash >"$stage/usr/share/bash-completion/completions/seguro"
cp "$parts"/*.example "$stage/usr/share/doc/seguro/examples/"
cp "$parts/lintian-overrides" "$stage/usr/share/lintian/overrides/seguro"
{
  printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: Seguro\n\nFiles: *\nCopyright: %s\nLicense: Expat\n' "$(sed -n 's/^Copyright (c) //p' LICENSE)"
  sed -n '/^Permission/,$p' LICENSE | sed -e 's/^$/./' -e 's/^/ /'
  printf '\nComment: The .NET runtime and libraries in /usr/lib/seguro have licenses of their own (MIT, Apache-2.0, PostgreSQL).\n'
} >"$stage/usr/share/doc/seguro/copyright"
printf 'seguro (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md of this version.\n\n -- The Seguro authors <seguro@localhost.localdomain>  %s\n' "$version" "$(date -uR -d "@$epoch")" \
  | gzip -9n >"$stage/usr/share/doc/seguro/changelog.gz"

for script in postinst prerm postrm; do install -m 755 "$parts/$script" "$stage/DEBIAN/$script"; done
size=$(du -sk --exclude=DEBIAN "$stage" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@SIZE@/$size/" "$parts/control" >"$stage/DEBIAN/control"
(cd "$stage" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$stage" -type d -exec chmod 755 {} +
chmod 644 "$stage/DEBIAN/control" "$stage/DEBIAN/md5sums"
package="$out/seguro_${version}_amd64.deb"
dpkg-deb --root-owner-group -Zgzip -z6 --build "$stage" "$package" >/dev/null
echo "$package"
