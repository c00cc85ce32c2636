# SPDX-License-Identifier: BSL-1.0
"""The same questions put to Python's own ProcessPoolExecutor. Prints lines "name value".

Slow questions are asked of fewer tasks: what is compared is a rate."""
import hashlib
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

BIG = b"\x01" * (64 << 20)
WORKERS = 2


def pool(workers=WORKERS):
    return ProcessPoolExecutor(workers, mp_context=get_context("fork"))


def empty():
    pass


def same(item):
    return item


def size_of(data):
    return len(data)


def big(size):
    return BIG if size == len(BIG) else BIG[:size]


def hash_word(word):
    return hashlib.sha512(word).digest()


def timed(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def run_burst(executor, count):
    for future in [executor.submit(empty) for _ in range(count)]:
        future.result()


def burst():
    with pool() as executor:
        run_burst(executor, 100)
        print("tasks_per_second", 10_000 / timed(run_burst, executor, 10_000))


def round_trip():
    with pool() as executor:
        run_burst(executor, 100)
        times = sorted(timed(lambda: executor.submit(empty).result()) for _ in range(2000))
        print("p50_us", times[1000] * 1e6)
        print("p99_us", times[1980] * 1e6)


def payload():
    for name, size, count in ("64MiB", len(BIG), 3), ("64KiB", 64 << 10, 500):
        data = BIG[:size]
        with pool() as executor:
            for question, call in ("argument", (size_of, data)), ("result", (big, size)):
                executor.submit(*call).result()
                times = sorted(timed(lambda: executor.submit(*call).result()) for _ in range(count))
                print(f"{question}/{name}", size / times[count // 2] / 1e9)


def map_items():
    with pool() as executor:
        run_burst(executor, 100)
        for chunk_size, count in (1, 10_000), (100, 200_000), (1000, 500_000):
            seconds = timed(lambda: sum(1 for _ in executor.map(same, range(count), chunksize=chunk_size)))
            print(f"items_per_second/{chunk_size}", count / seconds)


def start():
    def once():
        with pool() as executor:
            executor.submit(empty).result()

    times = sorted(timed(once) for _ in range(10))
    print("milliseconds", times[5] * 1e3)


def memory():
    count = 50_000
    executor = pool(1)
    executor.submit(time.sleep, 60)
    before = resident()
    futures = [executor.submit(empty) for _ in range(count)]
    print("pending_bytes", (resident() - before) / len(futures), flush=True)
    for process in executor._processes.values():
        process.kill()
    os._exit(0)  # there is no other way to leave what is pending


def resident():
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def efficiency():
    def run(length, count):
        for future in [executor.submit(time_out, length) for _ in range(count)]:
            future.result()

    with pool() as executor:
        run_burst(executor, 100)
        for microseconds, count in (10, 5_000), (100, 5_000), (1000, 1000):
            ideal = microseconds * 1e-6 * count / WORKERS
            print(f"efficiency/{microseconds}us", ideal / timed(run, microseconds * 1e-6, count))


def time_out(length):
    end = time.perf_counter() + length
    while time.perf_counter() < end:
        pass


def words(file="/usr/share/dict/american-english-insane"):
    with open(file, "rb") as stream:
        items = stream.read().split(b"\n")
    print("serial_seconds", timed(lambda: [hash_word(item) for item in items]))
    with pool() as executor:
        run_burst(executor, 100)
        best = min(timed(lambda size=size: list(executor.map(hash_word, items, chunksize=size))) for size in (1000, 10_000))
        print("seconds", best)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("Use: python_pool.py burst | round_trip | payload | map_items | start | memory | efficiency | words")
    globals()[sys.argv[1]](*sys.argv[2:])
