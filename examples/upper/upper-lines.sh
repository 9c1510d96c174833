#!/usr/bin/env bash
# A worker in bash alone: with `--framing lines` a message is a line, for `read` and `printf`.
# seq 5 | gipc run --framing lines -- bash examples/upper/upper-lines.sh
set -u
LC_ALL=C # `^^` upper-cases ASCII only

# The last line may lack its newline: `read` then fails, but has read it.
while IFS= read -r message || [[ -n $message ]]; do
    printf '%s\n' "${message^^}" || exit
done <&"${GIPC_IN:-3}" >&"${GIPC_OUT:-4}"
