"""Python's gipc: one-way|ping-pong COUNT SIZE prints messages a second or microseconds."""
import sys
import time

import gipc


def take(reader, writer, count):
    with reader, writer:
        for _ in range(count):
            reader.get()
        writer.put(b"done")


def echo(reader, writer, count):
    with reader, writer:
        for _ in range(count):
            writer.put(reader.get())


def main(what, count, size):
    message = bytes(size)
    with gipc.pipe(encoder=None, decoder=None) as (there, out), \
            gipc.pipe(encoder=None, decoder=None) as (back, answer):
        work = take if what == "one-way" else echo
        child = gipc.start_process(work, args=(there, answer, count))
        start = time.perf_counter()
        for _ in range(count):
            out.put(message)
            if what != "one-way":
                back.get()
        if what == "one-way":
            back.get()
        spent = time.perf_counter() - start
        child.join()
    print(count / spent if what == "one-way" else spent / count * 1e6)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
