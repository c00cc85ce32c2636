# SPDX-License-Identifier: BSL-1.0
"""The same questions put to mpi4py.futures, with one worker. Prints lines "name value".

    mpirun -n 2 python3 -m mpi4py.futures mpi4py_pool.py burst | round_trip | payload"""
import sys
import time

from mpi4py.futures import MPIPoolExecutor

BIG = b"\x01" * (64 << 20)


def same(number):
    return number


def timed(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def run_burst(executor, count):
    for future in [executor.submit(same, i) for i in range(count)]:
        future.result()


def burst(executor):
    print("tasks_per_second", 10_000 / timed(lambda: run_burst(executor, 10_000)))


def round_trip(executor):
    times = sorted(timed(lambda: executor.submit(same, 1).result()) for _ in range(2000))
    print("p50_us", times[1000] * 1e6)
    print("p99_us", times[1980] * 1e6)


def payload(executor):
    executor.submit(len, BIG).result()
    times = sorted(timed(lambda: executor.submit(len, BIG).result()) for _ in range(3))
    print("argument/64MiB", len(BIG) / times[1] / 1e9)


if __name__ == "__main__":
    with MPIPoolExecutor(1) as pool:
        run_burst(pool, 100)
        {"burst": burst, "round_trip": round_trip, "payload": payload}[sys.argv[1]](pool)
