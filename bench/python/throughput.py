# SPDX-License-Identifier: BSL-1.0
# The questions of throughput.cpp, put to Python's own pool. Prints lines "name value".
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

SIZE = 64 << 20
BIG = b"\x01" * SIZE  # written to, as the other side's is; bytes(SIZE) would be one page of zeros


def empty():
    pass


def size_of(data):
    return len(data)


def big():
    return BIG


def tasks_per_second(workers, count):
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        for future in [pool.submit(empty) for _ in range(100)]:
            future.result()
        start = time.perf_counter()
        for future in [pool.submit(empty) for _ in range(count)]:
            future.result()
        return count / (time.perf_counter() - start)


def round_trips(count):
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        times = []
        for _ in range(count):
            start = time.perf_counter()
            pool.submit(empty).result()
            times.append((time.perf_counter() - start) * 1e6)
    times.sort()
    return times[len(times) // 2], times[len(times) * 99 // 100]


def gigabytes_per_second(count, function, *args):
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        pool.submit(function, *args).result()
        start = time.perf_counter()
        for _ in range(count):
            pool.submit(function, *args).result()
        return count * SIZE / (time.perf_counter() - start) / 1e9


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    print("tasks_1", tasks_per_second(1, 500 if quick else 5000))
    print("tasks_2", tasks_per_second(2, 500 if quick else 5000))
    p50, p99 = round_trips(200 if quick else 1000)
    print("p50", p50)
    print("p99", p99)
    print("argument", gigabytes_per_second(1 if quick else 3, size_of, BIG))
    print("result", gigabytes_per_second(1 if quick else 3, big))
