"""Python's own pools, two workers, messages of 100 B: prints messages a second."""
import concurrent.futures
import multiprocessing
import sys
import time

what, count, micros = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def work(message):
    if micros:
        time.sleep(micros / 1e6)
    return message


if __name__ == "__main__":
    messages = [b"%099d" % number for number in range(count)]
    start = time.perf_counter()
    if what == "futures":
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            answers = list(pool.map(work, messages))
    else:
        with multiprocessing.Pool(2) as pool:
            answers = list(getattr(pool, what)(work, messages))
    elapsed = time.perf_counter() - start
    assert answers == messages
    print(count / elapsed)
