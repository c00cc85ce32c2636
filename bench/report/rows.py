# SPDX-License-Identifier: BSL-1.0
"""The questions S1 to S12, the mark of each, and how a figure is held against it."""
import dataclasses
import typing

from .figures import median, quantile

THREAD_POOLS = ("asio", "boost_thread", "libthread_pool", "tbb", "std_async")
NAMES = {
    "processes": "this library, processes",
    "processes_1_worker": "this library, 1 worker",
    "processes_deep_queue": "this library, extra_queued_calls = 64",
    "threads": "this library, threads",
    "asio": "Boost.Asio thread_pool",
    "boost_thread": "Boost.Thread basic_thread_pool",
    "libthread_pool": "libthread-pool",
    "tbb": "oneTBB arena, promises",
    "std_async": "std::async",
    "python": "Python ProcessPoolExecutor",
    "mpi": "Open MPI master, 2 calls a worker",
    "mpi_deep": "Open MPI master, 32 calls a worker",
    "mpi4py": "mpi4py.futures",
    "raw_futex": "raw futex",
    "plain": "two children and two threads",
    "memcpy": "memcpy",
    "memcpy_fresh": "memcpy into fresh pages",
}


@dataclasses.dataclass
class Row:
    question: str
    work: str
    needs: list[str]  # names of figures; the first is ours, the second, if any, the peer's
    value: typing.Callable  # from get(name) to what is held against the mark
    relation: str  # ">=" or "<="
    mark: float
    unit: str = ""  # of the figures shown
    scale: float = 1
    goal: str = "mark"  # or "stretch"

    def holds(self, value):
        return value >= self.mark if self.relation == ">=" else value <= self.mark

    def judge(self, figures):
        """The ratio of the medians, the quartiles of each repetition's own ratio, and what they say."""
        missing = [name for name in self.needs if not figures.has(name)]
        if missing:
            return {"verdict": "not measured", "missing": missing}
        value = self.value(figures.median)
        each = [self.value(figures.at(i)) for i in range(min(len(figures.samples[name]) for name in self.needs))]
        low, high = quantile(each, 0.25), quantile(each, 0.75)
        if self.holds(value) and self.holds(low) and self.holds(high):
            verdict = "met"
        elif not self.holds(value) and not self.holds(low) and not self.holds(high):
            verdict = "missed"
        else:
            verdict = "inconclusive"
        return {"value": value, "low": low, "high": high, "verdict": verdict}


def ratio(question, work, ours, peer, relation, mark, unit, **more):
    return Row(question, work, [ours, peer], lambda get: get(ours) / get(peer), relation, mark, unit, **more)


def figure(question, work, ours, relation, mark, unit, **more):
    scale = more.get("scale", 1)
    return Row(question, work, [ours], lambda get: get(ours) * scale, relation, mark, unit, **more)


def rows(figures):
    """All rows; some depend on which peer or chunk size turned out to be the best."""
    rate = "tasks_per_second"
    burst = "burst/processes:" + rate
    result = [
        ratio("S1", "burst of 1 000 000 empty tasks", burst, "burst/python:" + rate, ">=", 100, "tasks/s"),
        ratio("S1", "", burst, "burst/mpi:" + rate, ">=", 1.2, "tasks/s"),
        ratio("S1", "", burst, "burst/mpi_deep:" + rate, ">=", 1, "tasks/s", goal="beside"),
        ratio("S1", "", burst, "burst/asio:" + rate, ">=", 1, "tasks/s"),
        ratio("S1", "", burst, "burst/libthread_pool:" + rate, ">=", 1, "tasks/s"),
        ratio("S2", "the same, extra_queued_calls = 64", "burst/processes_deep_queue:" + rate, "burst/tbb:" + rate, ">=", 1,
              "tasks/s"),
        figure("S3", "submit(…).result(), hot: median", "round_trip/processes:p50_us", "<=", 2, "µs"),
    ]
    pools = [name for pool in THREAD_POOLS if figures.has(name := f"round_trip/{pool}:p50_us")]
    if pools:
        quickest = min(pools, key=figures.median)
        result.append(ratio("S3", "against the quickest thread pool", "round_trip/processes:p50_us", quickest, "<=", 1, "µs"))
    result += [
        figure("S3", "99 %", "round_trip/processes:p99_us", "<=", 60, "µs"),
        ratio("S3", "after 1 ms of silence, pinned to two processors", "round_trip/after_silence/two_processors/processes:p50_us",
              "round_trip/after_silence/two_processors/raw_futex:p50_us", "<=", 1.5, "µs"),
        ratio("S3", "after 1 ms of silence, where the system puts them", "round_trip/after_silence/processes:p50_us",
              "round_trip/after_silence/raw_futex:p50_us", "<=", 1.5, "µs", goal="beside"),
        ratio("S4", "two workers against one", burst, "burst/processes_1_worker:" + rate, ">=", 1, "tasks/s"),
    ]
    speed = "gigabytes_per_second"
    for size, argument, warm in ("64MiB", 0.8, 0.45), ("64KiB", 0.3, 0.3):
        text, case = f"{size[:2]} {size[2:]}", f"{size}:{speed}"
        result += [
            ratio("S5", f"{text} argument as std::span", f"payload/argument/{case}", f"payload/memcpy/{case}", ">=", argument, "GB/s"),
            ratio("S5", f"{text} result into warm memory", f"payload/result_into/{case}", f"payload/memcpy/{case}", ">=", warm, "GB/s"),
            ratio("S5", f"{text} result as std::vector", f"payload/result/{case}", f"payload/memcpy_fresh/{case}", ">=", 0.9, "GB/s"),
        ]
    items = "items_per_second"
    result.append(ratio("S6", "map of 1 000 000 items, chunk size 1", f"map/empty/1:{items}", f"map/python/1:{items}", ">=", 60,
                        "items/s"))
    for length in "0.1us", "1us", "10us", "100us", "1000us", "mix":
        sizes = [name for name in figures.names(f"map/{length}/") if not name.startswith(f"map/{length}/auto")]
        if sizes:
            best = max(sizes, key=figures.median)
            text = "a mix of lengths" if length == "mix" else f"tasks of {length[:-2]} µs"
            result.append(ratio("S6", f"auto against the best chunk size, {text}", f"map/{length}/auto:{items}", best, ">=", 0.97,
                                "items/s"))
    result += [
        ratio("S7", "made, first result, destroyed; first in its process", "start/processes:first_milliseconds",
              "start/plain:first_milliseconds", "<=", 3, "ms"),
        figure("S8", "idle for 10 s: processor time", "idle/processes:cpu_milliseconds", "<=", 0, "ms"),
        figure("S8", "idle for 10 s: wake-ups", "idle/processes:wake_ups", "<=", 0, "times"),
        figure("S9", "a pending task with its future", "memory/tasks:pending_bytes", "<=", 256, "bytes"),
        figure("S9", "a finished and dropped task", "memory/tasks:finished_bytes", "<=", 0, "bytes"),
        Row("S9", "of 512 MiB of payloads, kept by a pool idle for a second",
            ["memory/payloads:idle_mebibytes"], lambda get: get("memory/payloads:idle_mebibytes"), "<=", 1, "MiB"),
    ]
    for length in "10us", "100us", "1000us":
        pools = [name for pool in THREAD_POOLS if figures.has(name := f"efficiency/{length}/{pool}:efficiency")]
        text = f"tasks of {length[:-2]} µs, part of two cores"
        if pools:
            result.append(ratio("S10", text, f"efficiency/{length}/processes:efficiency", max(pools, key=figures.median), ">=", 1, ""))
        else:
            result.append(figure("S10", text, f"efficiency/{length}/processes:efficiency", ">=", 0.5, ""))
    for curve, counter, text in (("tasks", "nanoseconds_per_task", "10³ to 10⁷ tasks"),
                                 ("workers", "nanoseconds_per_task", "1 to 256 workers"),
                                 ("payload", "microseconds", "payload of 0 to 1 GiB"),
                                 ("submitters", "nanoseconds_per_task", "1 to 64 submitting threads")):
        points = curve_points(figures, curve, counter)
        if len(points) > 1:
            result.append(Row("S11", f"{text}: the steepest step", [name for _, name in points],
                              steepest_step(curve, points), "<=", 2, "times the cost"))
    hashed = [name for name in figures.names("words/processes/")]
    if hashed:
        best = min(hashed, key=figures.median)
        auto, serial = "words/processes/auto:seconds", "words/serial:seconds"
        result += [
            Row("S12", "hash_words against serial", [best, serial], lambda get: get(serial) / get(best), ">=", 1.85, "s"),
            Row("S12", "the same with chunksize = auto", [auto, serial], lambda get: get(serial) / get(auto), ">=", 1.8, "s"),
            Row("S12", "against Python's pool", [best, "words/python:seconds"],
                lambda get: get("words/python:seconds") / get(best), ">=", 1, "s", goal="beside"),
        ]
    over = "many_machines/"
    result += [
        ratio("S13", "one agent with one worker, over MPI: burst of empty tasks", f"{over}burst/processes:{rate}",
              f"{over}burst/mpi:{rate}", ">=", 0.25, "tasks/s"),
        ratio("S13", "", f"{over}burst/processes:{rate}", f"{over}burst/mpi4py:{rate}", ">=", 1, "tasks/s", goal="beside"),
        figure("S13", "submit(…).result(): median", f"{over}round_trip/processes:p50_us", "<=", 15, "µs"),
        ratio("S13", "64 MiB argument as std::span", f"{over}payload/processes/64MiB:argument",
              f"{over}payload/mpi/64MiB:argument", ">=", 0.8, "GB/s"),
        figure("S13", "idle: part of a core, the agent", f"{over}idle/processes/agent:percent_of_a_core", "<=", 0.5, "%"),
        figure("S13", "idle: part of a core, the caller", f"{over}idle/processes/caller:percent_of_a_core", "<=", 0.5, "%"),
    ]
    return result


def curve_points(figures, curve, counter):
    names = [name for name in figures.names(f"growth/{curve}/") if name.endswith(":" + counter)]
    return sorted((int(name.split("/")[2].split(":")[0]), name) for name in names)


def steepest_step(curve, points):
    """How much dearer a task, or for payloads a byte, becomes from one point of the curve to the next, at most. A payload
    below 16 KiB costs what the task costs."""
    def value(get):
        if curve == "payload":
            costs = [get(name) / size for size, name in points if size >= 1 << 14]
        else:
            costs = [get(name) for _, name in points]
        return max(after / before for before, after in zip(costs, costs[1:]))
    return value


__all__ = ["NAMES", "Row", "rows", "curve_points", "median"]
