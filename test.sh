#!/usr/bin/env bash
# Installs what the tests need, builds, and runs all tests. Ends with a line 'N passed, N failed'.
# Words after it go to the test programs, such as: ./test.sh --filter-class '*Chain*'
set -uo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
cd "$root" || exit 1
. "$root/eng/setup.sh"

need_dotnet
need_packages libdqlite0 util-linux procps
need_postgresql
build Seguro.slnx "$root/artifacts/.built-all" || exit 1

passed=0 failed=0 skipped=0 broken=0
for suite in Seguro.Tests Seguro.SystemTests; do
  say "running $suite …"
  log="$root/artifacts/$suite.log"
  "$root/artifacts/bin/$suite/release/$suite" --no-progress "$@" 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  count() { grep -aE "^ +$1: [0-9]+" "$log" | tail -n 1 | grep -oE '[0-9]+' || echo 0; }
  passed=$((passed + $(count succeeded))) failed=$((failed + $(count failed))) skipped=$((skipped + $(count skipped)))
  # 8 = no test ran (a filter left none), which is not a failure of this suite alone.
  if [ "$code" -ne 0 ] && [ "$code" -ne 8 ] && [ "$(count failed)" -eq 0 ]; then
    echo "$suite ended with exit code $code" >&2
    broken=$((broken + 1))
  fi
done
failed=$((failed + broken))
line="$passed passed, $failed failed"
[ "$skipped" -gt 0 ] && line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
