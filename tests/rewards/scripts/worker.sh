#!/bin/sh
# A worker that does what the completion says: "right" gives the gold as the score, everything else is a way to fail.
# Written for sh because the tests start it ten thousand times. It relies on keys in alphabetical order.
#
# usage: worker.sh [HELLO], instead of the hello that is expected

answer() { printf '{"id":%s,"score":%s}\n' "$id" "$1"; }

right() { answer "$gold"; }
slow() { sleep 0.05; right; }
stderr_flood() { head -c 4000000 /dev/zero | tr '\0' '\n' >&2; right; }
die() { kill -9 $$; }
die_once() { [ -e "$mark" ] || { : > "$mark"; die; }; right; }
sleeping() { sleep 1000; }
spin() { while :; do :; done; }
out_of_memory() { ulimit -v 30000; text=x; while :; do text=$text$text; done; }
garbage() { printf '\000\377}{ 1.0 \n'; }
half_line() { printf '{"id":'; exit 0; }
close_output() { exec >&-; sleep 1000; }
disk_full() { set -e; echo x > /dev/full; }
twice() { printf '{"id":%s,"score":1}\n{"id":%s,"score":0}\n' "$id" "$id"; }
wrong_id() { id=$((id + 1000000)); right; }
text_id() { id="\"$id\""; right; }
not_a_number() { answer NaN; }
infinite() { answer 1e999; }
score_is_text() { answer '"1"'; }
no_score() { printf '{"id":%s}\n' "$id"; }
unknown_status() { answer '1,"status":"perfect"'; }
score_for_failure() { answer '1,"status":"timeout"'; }
error() { printf '{"id":%s,"error":"no such file"}\n' "$id"; }
error_and_score() { answer '1,"error":"no such file"'; }
over_budget() { printf '{"id":%s,"error":"too much","limit":true}\n' "$id"; }
huge_line() { head -c 40000000 /dev/zero | tr '\0' x; }
nested() { head -c 100000 /dev/zero | tr '\0' '['; echo; }
exit_code() { exit 3; }
echo_request() { printf '%s' "$line" > "$mark"; right; }

read -r hello
printf '%s\n' "${1:-"{\"hello\":1}"}"
while IFS= read -r line; do
  id=${line##*'"id":'}; id=${id%%,*}
  gold=${line##*'"gold":'}; gold=${gold%%,*}
  mark=${line##*'"mark":"'}; mark=${mark%%'"'*}
  way=${line#*'"completion":"'}; way=${way%%[!a-z_]*}
  "$way" || exit
done
