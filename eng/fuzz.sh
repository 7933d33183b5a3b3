#!/usr/bin/env bash
# Fuzzes cue, or the reader of piers (test/Seguro.Testing/Fuzzing), with afl-fuzz on one core: eng/fuzz.sh cue|pier [SECONDS] [FOLDER]
# The inputs found stay in FOLDER (artifacts/fuzz/TARGET/found) and the next run begins from them. Ends with the figures; fails where something was found.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
. "$root/eng/setup.sh"
target=${1:-cue}
seconds=${2:-3600}
work=$root/artifacts/fuzz/$target
part=$([ "$target" = cue ] && echo Nouns || echo Piers) # whose assembly is instrumented
found=${3:-$work/found}
built=$root/artifacts/bin/Seguro.Fuzz/release

need_dotnet
need_packages afl++
mkdir -p "$work"
dotnet build "$root/test/Seguro.Fuzz" -c Release --nologo -v quiet -clp:NoSummary
[ -x "$root/artifacts/fuzz/tool/sharpfuzz" ] || dotnet tool install SharpFuzz.CommandLine --version 2.3.0 --tool-path "$root/artifacts/fuzz/tool" >&2

# A copy is instrumented: an assembly that is can't run without the fuzzer.
rm -rf "$work/program" "$work/seeds" "$work/tmp"
cp -r "$built" "$work/program"
"$root/artifacts/fuzz/tool/sharpfuzz" "$work/program/Seguro.$part.dll" "Seguro.$part"
dotnet "$built/Seguro.Fuzz.dll" "$target" seeds "$work/seeds" >&2
from=$work/seeds
[ -d "$found/default/queue" ] && from=-

# The checks of the machine's setup don't matter here: crashes are .NET exceptions, which SharpFuzz reports itself.
export AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1
# A process that the fuzzer ends leaves its temporary files.
mkdir "$work/tmp" && export TMPDIR=$work/tmp
say "fuzzing for $seconds s; the log is $work/log"
nice -n 19 afl-fuzz -V "$seconds" -i "$from" -o "$found" -t 1000 -m none -G 4096 -- "$(command -v dotnet)" "$work/program/Seguro.Fuzz.dll" "$target" run >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
grep -E '^(run_time|execs_done|execs_per_sec|corpus_count|edges_found|stability|saved_crashes|saved_hangs) ' "$found/default/fuzzer_stats"

# What was found is tried once more without the instruments, so that it says what is wrong.
mapfile -t inputs < <(find "$found/default/crashes" "$found/default/hangs" -name 'id:*' 2>/dev/null)
[ ${#inputs[@]} -eq 0 ] || { dotnet "$built/Seguro.Fuzz.dll" "$target" try "${inputs[@]}"; exit 1; }
