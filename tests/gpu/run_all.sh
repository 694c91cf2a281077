#!/usr/bin/env bash
# Runs what needs a GPU and says what came of it.
#
# usage: run_all.sh [--bin DIR] [--filter PATTERN] PART...
#   unit        gpu_test: every CUDA operator against its CPU twin
#   sanitizer   gpu_test under compute-sanitizer: memcheck, racecheck, initcheck
#   --bin       where gpu_test lies (default: build/release), and compute-sanitizer/ if the machine has none
#   --filter    GoogleTest's pattern of tests
#
# Each part ends within 8 minutes, writes $OUT/PART.json (default: build/gpu) and logs beside it. Exit code 0: all
# passed; 1: not; 2: something is missing; 77: skipped, for there is no GPU or no compute-sanitizer.
set -uo pipefail
shopt -s inherit_errexit

readonly root=$(cd "$(dirname "$0")/../.." && pwd)
readonly part_seconds=460
# Operators under a sanitizer are ten to a hundred times slower. The tests left out launch the same kernels again with
# other batches.
readonly sanitizer_filter='-*DoNotDepend*:*DoesNotDepend*:*NothingDepends*'
bin=$root/build/release
out=${OUT:-$root/build/gpu}
filter=
parts=()

usage() { sed -n '4,8s/^# //p' "$0" >&2; exit 2; }

missing() { echo "run_all.sh: $1" >&2; exit 2; }

while (($# > 0)); do
  case $1 in
    --bin) bin=${2:?--bin needs a directory}; shift 2 ;;
    --filter) filter=${2:?--filter needs a pattern}; shift 2 ;;
    unit | sanitizer) parts+=("$1"); shift ;;
    *) usage ;;
  esac
done
((${#parts[@]} > 0)) || usage
readonly gpu_test=$bin/gpu_test
[[ -x $gpu_test ]] || missing "no $gpu_test; after ./hone build --cuda, ninja -C build/release gpu_test builds it"
mkdir -p "$out" || exit 2

# Names of the tests that a pattern picks, a line each.
list_tests() {
  "$gpu_test" --gtest_list_tests --gtest_filter="$1" | awk '/^[^ ]/ { suite = $1 } /^  / { print suite $1 }'
}

# names LOG KIND: tests of a log that began (RUN) or ended well (OK), a line each.
names() { sed -nE "s/^\[ +$2 +\] ([^ ,]+).*/\1/p" "$1" | sort -u; }

# run_tests LOG SECONDS PATTERN [COMMAND...]: runs the tests under a command. A kernel that fails or hangs ends the
# process: the rest runs in a new one.
run_tests() {
  local log=$1 end=$((SECONDS + $2)) pattern=$3 rest before left
  shift 3
  : >"$log"
  list_tests "$pattern" | sort -u >"$log.tests"
  rest=$(cat "$log.tests")
  while [[ -n $rest ]] && left=$((end - SECONDS)) && ((left > 0)); do
    before=$rest
    { timeout --kill-after=5 "$left" "$@" "$gpu_test" --gtest_color=no --gtest_filter="${rest//$'\n'/:}" >>"$log" 2>&1
    } 2>/dev/null  # the shell's own line on a process that was killed
    rest=$(comm -23 "$log.tests" <(names "$log" RUN))
    [[ $rest != "$before" ]] || break
  done
}

quoted() { awk 'NF { printf "%s\"%s\"", (NR > 1 ? ", " : ""), $0 }'; }
field() { sed -n "s/^$2: //p" "$1" | head -n 1 | tr -d '"\\'; }

# report NAME LOG SECONDS: a line of the table and an object of the JSON file; false unless all tests passed.
report() {
  local name=$1 log=$2 seconds=$3 failed passed tests not_run errors
  failed=$(comm -23 <(names "$log" RUN) <(names "$log" OK))
  tests=$(wc -l <"$log.tests")
  passed=$(names "$log" OK | wc -l)
  not_run=$((tests - $(names "$log" RUN | wc -l)))
  # "ERROR SUMMARY: 2 errors", "RACECHECK SUMMARY: 1 hazard displayed (1 error, 0 warnings)", once for each process.
  errors=$(awk '/^=+ .*SUMMARY: [0-9]+/ { sub(/.*SUMMARY: /, ""); sum += $1 } END { print sum + 0 }' "$log")
  printf '%-10s %6d %7d %7d %8d %7d %8d\n' "$name" "$tests" "$passed" "$(grep -c . <<<"$failed")" "$not_run" \
    "$errors" "$seconds"
  [[ -z $failed ]] || sed 's/^/  failed: /' <<<"$failed"
  local format='{"name": "%s", "tests": %d, "passed": %d, "failed": [%s], "not_run": %d, "errors": %d, "seconds": %d}'
  objects+=("$(printf "$format" "$name" "$tests" "$passed" "$(quoted <<<"$failed")" "$not_run" "$errors" "$seconds")")
  ((tests > 0 && passed == tests && errors == 0)) || { echo "  log: $log"; return 1; }
}

# write_json PART LOG: $OUT/PART.json from the objects so far.
write_json() {
  local all
  printf -v all ',\n  %s' "${objects[@]}"
  printf '{"part": "%s", "date": "%s", "device": "%s", "driver": "%s", "runs": [\n  %s\n]}\n' "$1" \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(field "$2" device)" "$(field "$2" driver)" "${all:4}" >"$out/$1.json"
}

# measure PART NAME SECONDS PATTERN [COMMAND...]
measure() {
  local part=$1 name=$2 log=$out/$1-$2.log start=$SECONDS good=0
  run_tests "$log" "${@:3}"
  report "$name" "$log" $((SECONDS - start)) || good=1
  write_json "$part" "$log"
  return $good
}

head_of_table() { printf '%-10s %6s %7s %7s %8s %7s %8s\n' "$1" tests passed failed 'not run' errors seconds; }

part_unit() {
  head_of_table unit
  measure unit gpu_test $part_seconds "${filter:-*}"
}

find_sanitizer() {
  local candidate
  for candidate in {,"$bin/compute-sanitizer/",/usr/local/cuda/bin/}compute-sanitizer; do
    command -v "$candidate" && return
  done
  echo "skipped: no compute-sanitizer in PATH, $bin/compute-sanitizer or /usr/local/cuda/bin"
  return 77
}

part_sanitizer() {
  local sanitizer good=0 share=$((part_seconds / 3)) pattern=${filter:-$sanitizer_filter}
  sanitizer=$(find_sanitizer) || { echo "sanitizer: $sanitizer"; return 77; }
  head_of_table sanitizer
  measure sanitizer memcheck $share "$pattern" "$sanitizer" --tool memcheck || good=1
  measure sanitizer racecheck $share "$pattern" "$sanitizer" --tool racecheck || good=1
  HONE_TEST_RAW_MEMORY=1 measure sanitizer initcheck $share "$pattern" "$sanitizer" --tool initcheck || good=1
  return $good
}

# Without a GPU gpu_test says why. With one its first lines name device and driver.
answer=$("$gpu_test" --gtest_filter=-'*' 2>&1)
case $? in
  0) grep -E '^(device|driver): ' <<<"$answer" ;;
  77) echo "${parts[*]}: $answer"; exit 77 ;;
  *) missing "$gpu_test does not run here: $answer" ;;
esac

failed=0 skipped=0
for part in "${parts[@]}"; do
  objects=()
  "part_$part"
  case $? in
    0) ;;
    77) skipped=77 ;;
    *) failed=1 ;;
  esac
done
exit $((failed ? failed : skipped))
