#!/bin/sh
# run.sh TARGET CORPUS: fuzzes for HONE_FUZZ_SECONDS (30).
mkdir -p "$2"
cd "$(dirname "$2")" || exit 1
exec "$1" "$2" -max_total_time="${HONE_FUZZ_SECONDS:-30}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
  -print_final_stats=1 -verbosity=0
