# SPDX-License-Identifier: BSL-1.0
# The questions of shared_state.cpp, put to Python's multiprocessing. Prints lines "name value".
import sys
import time
from multiprocessing import get_context

SIZE = 64 << 20


def lock_pairs(lock, count):
    start = time.perf_counter()
    for _ in range(count):
        lock.acquire()
        lock.release()
    return (time.perf_counter() - start) / count * 1e9


def contend(lock, begin, count, times):
    begin.wait()
    start = time.monotonic()
    lock_pairs(lock, count)
    times.put((start, time.monotonic()))


def contended(context, count):
    lock, begin, times = context.Lock(), context.Barrier(2), context.Queue()
    both = [context.Process(target=contend, args=(lock, begin, count, times)) for _ in range(2)]
    for process in both:
        process.start()
    spans = [times.get() for _ in both]
    for process in both:
        process.join()
    return 2 * count / (max(end for _, end in spans) - min(start for start, _ in spans))


def produce(queue, count):
    for i in range(count):
        queue.put(i)


def items(context, count):
    queue = context.Queue()
    producer = context.Process(target=produce, args=(queue, count + 1))
    producer.start()
    queue.get()
    start = time.perf_counter()
    for _ in range(count):
        queue.get()
    took = time.perf_counter() - start
    producer.join()
    return count / took


def operations(context, count):
    with context.Manager() as manager:
        words = manager.dict({"one": 1})
        for _ in range(100):
            words.get("one")
        start = time.perf_counter()
        for _ in range(count):
            words.get("one")
        get = (time.perf_counter() - start) / count * 1e6
        start = time.perf_counter()
        for i in range(count):
            words["one"] = i
        return get, (time.perf_counter() - start) / count * 1e6


def fill(pipe):
    array = bytearray(SIZE)  # Python's own Array cannot be sent, so its bytes are
    array[::4096] = b"x" * len(array[::4096])
    pipe.send(time.monotonic())
    pipe.send_bytes(array)


def result(context):
    here, there = context.Pipe()
    process = context.Process(target=fill, args=(there,))
    process.start()
    filled = here.recv()
    here.recv_bytes()
    took = time.monotonic() - filled
    process.join()
    return took * 1e6


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    fork = get_context("fork")
    print("lock", lock_pairs(fork.Lock(), 10_000 if quick else 200_000))
    print("contended", contended(fork, 1_000 if quick else 50_000))
    print("items", items(fork, 2_000 if quick else 100_000))
    print("get", (both := operations(fork, 200 if quick else 5_000))[0])
    print("set", both[1])
    print("result", result(fork))
