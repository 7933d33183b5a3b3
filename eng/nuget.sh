#!/usr/bin/env bash
# Makes the NuGet package of Seguro.Sdk in artifacts/nuget, and uses it from a project that has nothing else of Seguro: it must hold its own documentation and symbols, and be enough.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
. "$root/eng/setup.sh"
need_dotnet
need_packages python3
packages="$root/artifacts/nuget"
version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' "$root/Directory.Build.props")
rm -rf "$packages"
dotnet pack "$root/src/Seguro.Sdk/Seguro.Sdk.csproj" -c Release --nologo -v quiet -o "$packages"

python3 - "$packages/Seguro.Sdk.$version.nupkg" "$packages/Seguro.Sdk.$version.snupkg" <<'CHECK'
import sys, zipfile
names = set(zipfile.ZipFile(sys.argv[1]).namelist())
own = ["Core", "Files", "Identity", "Nouns", "Piers", "Sdk", "Stores"]
wanted = ["README.md", "LICENSE", "lib/net10.0/Seguro.Sdk.xml"] + [f"lib/net10.0/Seguro.{name}.dll" for name in own]
missing = [name for name in wanted if name not in names]
symbols = set(zipfile.ZipFile(sys.argv[2]).namelist())
missing += [f"{name} (symbols)" for name in own if f"lib/net10.0/Seguro.{name}.pdb" not in symbols]
sys.exit(f"the package lacks: {', '.join(missing)}" if missing else 0)
CHECK

# A cache of its own: another package of the same version may be in the user's.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/use"
cp "$root/samples/Mirror.cs" "$scratch/use/"
cat >"$scratch/use/use.csproj" <<PROJECT
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <OutputType>Exe</OutputType>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <RestoreAdditionalProjectSources>$packages</RestoreAdditionalProjectSources>
    <RestoreFallbackFolders>${NUGET_PACKAGES:-$HOME/.nuget/packages}</RestoreFallbackFolders>
    <RestorePackagesPath>$scratch/packages</RestorePackagesPath>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Seguro.Sdk" Version="$version" />
  </ItemGroup>
</Project>
PROJECT
cat >"$scratch/use/Program.cs" <<'PROGRAM'
using System.Text;
using Seguro.Sdk;

await using SeguroLog log = await SeguroLog.OpenAsync($"sqlite:{args[0]}/log.db", "~zod", new SeguroLogOptions { Create = true });
await using (SeguroWriter writer = await log.CampaignAsync())
    await writer.AppendAsync(Encoding.UTF8.GetBytes("from a package"));
using CancellationTokenSource end = new();
Task mirror = Seguro.Samples.Mirror.RunAsync($"sqlite:{args[0]}/log.db", $"sqlite:{args[0]}/copy.db", "~zod", end.Token);
while (!File.Exists($"{args[0]}/copy.db") || !await HasAsync())
    await Task.WhenAny(mirror, Task.Delay(20)).Unwrap();
await end.CancelAsync();
Console.WriteLine("ok");

async Task<bool> HasAsync()
{
    try
    {
        await using SeguroLog copy = await SeguroLog.OpenAsync($"sqlite:{args[0]}/copy.db", "~zod");
        return (await copy.ReadHeadAsync()).Number == 1;
    }
    catch (Seguro.Core.SeguroException)
    {
        return false; // it is being made
    }
}
PROGRAM
dotnet build "$scratch/use/use.csproj" -c Release --nologo -v quiet
[ "$("$scratch/use/bin/Release/net10.0/use" "$scratch")" = ok ] || fail "a program that uses the package does not work" "see above"
say "$packages/Seguro.Sdk.$version.nupkg is whole, and enough by itself"
