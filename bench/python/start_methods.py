# SPDX-License-Identifier: BSL-1.0
# The questions of start_methods.cpp, put to Python's own pool. Arguments: MiB that the caller holds, rounds, pause in
# seconds before each replacement. Prints lines "name value", times in milliseconds.
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def empty():
    pass


def milliseconds_since(start):
    return (time.perf_counter() - start) * 1e3


def starts(method, rounds):
    context = get_context(method)
    for _ in range(rounds):
        start = time.perf_counter()
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            pool.submit(empty).result()
            print(method + "_first", milliseconds_since(start))
        print(method + "_end", milliseconds_since(start))


def replacements(method, rounds, pause):
    context = get_context(method)
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        pool.submit(empty).result()
        for _ in range(rounds):
            time.sleep(pause)
            start = time.perf_counter()
            pool.submit(empty).result()
            print(method + "_replacement", milliseconds_since(start))
        start = time.perf_counter()
        for future in [pool.submit(empty) for _ in range(rounds)]:
            future.result()
        print(method + "_rate", rounds / (time.perf_counter() - start))


if __name__ == "__main__":
    memory = bytearray(int(sys.argv[1]) << 20)
    memory[::4096] = b"x" * len(memory[::4096])
    for each in ("fork", "forkserver", "spawn"):
        starts(each, int(sys.argv[2]))
        if each != "fork":  # which Python refuses together with max_tasks_per_child
            replacements(each, int(sys.argv[2]), float(sys.argv[3]))
