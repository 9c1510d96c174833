#!/usr/bin/env bash
# A worker in bash: `gipc recv` takes one message, `gipc send` answers it, in any framing.
# seq 5 | gipc run -- bash examples/upper/upper.sh
set -uo pipefail
export LC_ALL=C # `^^` upper-cases ASCII only

# $(…) drops NULs, and newlines at the end; for binary messages take another language.
while message=$(gipc recv) || { status=$?; false; }; do
    # Through a pipe, not as an argument: an argument ends at 128 KiB.
    printf %s "${message^^}" | gipc send - || exit
done
((status == 1)) || exit "$status" # 1 is the end of the channel, all else a failure
