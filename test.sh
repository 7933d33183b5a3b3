#!/usr/bin/env bash
# Installs what the tests need, builds, and runs all tests. Ends with a line 'N passed, N failed'.
# Words after it go to the test programs, such as: ./test.sh -class '*Chain*'
set -uo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
cd "$root" || exit 1
. "$root/eng/setup.sh"

need_dotnet
need_packages libdqlite0 liblmdb0 python3 util-linux procps iproute2 nftables age zstd
need_packages gcc libc6-dev binutils clang libclang-rt-dev valgrind liblmdb-dev pkg-config # libseguro and its tests in C
need_harbor_servers || exit 1
need_postgresql
need_patroni || exit 1
need_pgbouncer || exit 1
build Seguro.slnx "$root/artifacts/.built-all" || exit 1
"$root/eng/native.sh" || exit 1

passed=0 failed=0 skipped=0 broken=0
for suite in Seguro.Tests Seguro.SystemTests; do
  say "running $suite …"
  log="$root/artifacts/$suite.log"
  # A test that hangs is named after five minutes, and does not keep the other suite's results from being told.
  timeout --kill-after=10 40m "$root/artifacts/bin/$suite/release/$suite" -noLogo -noColor -longRunning 300 -result-xml "$root/artifacts/$suite.xml" "$@" 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  summary=$(grep -aE "^ +$suite +Total: " "$log" | tail -n 1)
  count() { printf '%s' "$summary" | grep -oE "$1: [0-9]+" | grep -oE '[0-9]+' || echo 0; }
  bad=$(($(count Failed) + $(count Errors)))
  passed=$((passed + $(count Total) - $(count Failed) - $(count Skipped) - $(count 'Not Run')))
  failed=$((failed + bad)) skipped=$((skipped + $(count Skipped)))
  # A program that ended badly without a failed test (it crashed, say) is a failure of its own.
  if [ "$bad" -eq 0 ] && { [ "$code" -ne 0 ] || [ -z "$summary" ]; }; then
    echo "$suite ended with exit code $code" >&2
    broken=$((broken + 1))
  fi
done
failed=$((failed + broken))
line="$passed passed, $failed failed"
[ "$skipped" -gt 0 ] && line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
