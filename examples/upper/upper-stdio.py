# A worker that knows nothing of gipc: a line on stdin is a message, a line on stdout its answer.
# seq 5 | gipc run --wire stdio -- python3 examples/upper/upper-stdio.py
import sys

for line in sys.stdin.buffer:  # bytes: a message need not be valid UTF-8
    sys.stdout.buffer.write(line.removesuffix(b"\n").upper() + b"\n")
    sys.stdout.buffer.flush()  # whoever waits for this answer may send nothing before it
