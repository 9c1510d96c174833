"""multiprocessing.Pipe: one-way|ping-pong COUNT SIZE prints messages a second or microseconds."""
import multiprocessing
import sys
import time


def take(end, count):
    for _ in range(count):
        end.recv_bytes()
    end.send_bytes(b"done")


def echo(end, count):
    for _ in range(count):
        end.send_bytes(end.recv_bytes())


def main(what, count, size):
    multiprocessing.set_start_method("fork")
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=take if what == "one-way" else echo, args=(theirs, count))
    child.start()
    message = bytes(size)
    start = time.perf_counter()
    for _ in range(count):
        ours.send_bytes(message)
        if what != "one-way":
            ours.recv_bytes()
    if what == "one-way":
        ours.recv_bytes()
    spent = time.perf_counter() - start
    child.join()
    print(count / spent if what == "one-way" else spent / count * 1e6)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
