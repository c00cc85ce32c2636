# SPDX-License-Identifier: BSL-1.0
"""The drawings: each of the questions, and the distance of all of them to their marks."""
from .rows import NAMES, curve_points
from .svg import Scale, Sheet, decades, short
from .table import contender, judged

OURS = ("processes", "processes_1_worker", "processes_deep_queue")


def kind_of(name):
    return "ours" if name in OURS else "other" if name == "threads" else "peer"


def peer_of(row):
    """Whom the row is held against, where its words do not say so."""
    said = row.question in ("S4", "S5", "S12") or row.work.startswith("auto")
    return "" if said or len(row.needs) != 2 else " / " + contender(row.needs[1]).split(",")[0].replace(" ProcessPoolExecutor", "")


def marks(figures):
    """One line a row: how far it is from its mark, on a scale of factors."""
    held = [(row, verdict) for row, verdict in judged(figures) if row.goal != "beside" and "value" in verdict]
    sheet = Sheet(900, 110 + 27 * len(held), "Distance to the marks",
                  "to the right of the line: better than the mark, by that factor; the bar spans the quartiles of the repetitions")
    scale = Scale(1 / 8, 32, 470, 790, log=True)
    bottom = sheet.height - 28
    for factor, label in (1 / 8, "⅛"), (1 / 4, "¼"), (1 / 2, "½"), (1, "mark"), (2, "2 ×"), (4, "4 ×"), (8, "8 ×"), (16, "16 ×"), (32, ""):
        sheet.line(scale(factor), 68, scale(factor), bottom, "whisker" if factor == 1 else "grid")
        sheet.text(scale(factor), bottom + 16, label, "quiet", "middle")

    def better(row, value):
        if row.relation == ">=":
            return value / row.mark
        return row.mark / value if row.mark > 0 and value > 0 else (1 if value <= row.mark else 1e-9)

    last, work = None, ""
    for i, (row, verdict) in enumerate(held):
        y = 84 + 27 * i
        if row.question != last:
            sheet.text(20, y + 4, row.question, "strong")
        last, work = row.question, row.work or work
        sheet.text(58, y + 4, work + peer_of(row))
        kind = verdict["verdict"]
        factor = better(row, verdict["value"])
        ends = sorted(better(row, verdict[end]) for end in ("low", "high"))
        clipped = [min(max(value, scale.least), scale.greatest) for value in ends]
        sheet.bar(scale(clipped[0]), y - 3, scale(clipped[1]) - scale(clipped[0]), 6, kind + " light")
        words = f"{short(verdict['value'])} (mark {short(row.mark)})"
        if factor > scale.greatest:
            sheet.arrow(scale.last, y, 1, kind)
        elif factor < scale.least:
            sheet.arrow(scale.first, y, -1, kind)
        else:
            sheet.dot(scale(factor), y, kind, 5, words)
        sheet.text(880, y + 4, f"{short(verdict['value'])} {'≥' if row.relation == '>=' else '≤'} {short(row.mark)}",
                   "quiet", "end")
    return sheet


def bars(title, subtitle, items, unit, log=True):
    """items: (label, figure's name, kind)."""
    def build(figures):
        here = [(label, figures.median(name), *figures.quartiles(name), kind) for label, name, kind in items if figures.has(name)]
        if not here:
            return None
        sheet = Sheet(760, 100 + 30 * len(here), title, subtitle)
        low, high = decades([item[1] for item in here]) if log else (0, max(item[3] for item in here) * 1.05)
        scale = Scale(low, high, 290, 640, log)
        bottom = sheet.height - 28
        for tick in scale.ticks():
            sheet.line(scale(tick), 64, scale(tick), bottom)
            sheet.text(scale(tick), bottom + 17, short(tick), "quiet", "middle")
        for i, (label, value, least, most, kind) in enumerate(here):
            y = 82 + 30 * i
            sheet.text(278, y + 4, label, "strong" if kind == "ours" else "", "end")
            sheet.bar(scale.first, y - 9, scale(value) - scale.first, 18, kind)
            sheet.line(scale(least), y, scale(most), y, "whisker")
            sheet.text(max(scale(value), scale(most)) + 8, y + 4, f"{short(value)} {unit}".rstrip(), "quiet")
        return sheet
    return build


def ordered(figures, question, counter, rising=False):
    """Everyone who answered, the best first."""
    names = [name for name in figures.names(f"{question}/") if name.endswith(":" + counter) and name.count("/") == 1]
    names.sort(key=figures.median, reverse=not rising)
    return [(contender(name), name, kind_of(name.split("/")[1].split(":")[0])) for name in names]


def burst(figures):
    return bars("Empty tasks a second, each with a future", "a burst of 1 000 000, 2 workers; logarithmic; whiskers: quartiles",
                ordered(figures, "burst", "tasks_per_second"), "/s")(figures)


def round_trip(figures):
    here = [item for item in ordered(figures, "round_trip", "p50_us", rising=True) if figures.has(item[1].replace("p50", "p99"))]
    if not here:
        return None
    sheet = Sheet(760, 100 + 30 * len(here), "submit(…).result()", "µs there and back, one after the other: from the median to the 99th percentile; logarithmic")
    values = [figures.median(name) for item in here for name in (item[1], item[1].replace("p50", "p99"))]
    scale = Scale(*decades(values), 290, 640, log=True)
    bottom = sheet.height - 28
    for tick in scale.ticks():
        sheet.line(scale(tick), 64, scale(tick), bottom)
        sheet.text(scale(tick), bottom + 17, short(tick), "quiet", "middle")
    for i, (label, name, kind) in enumerate(here):
        y = 82 + 30 * i
        median, p99 = figures.median(name), figures.median(name.replace("p50", "p99"))
        sheet.text(278, y + 4, label, "strong" if kind == "ours" else "", "end")
        sheet.bar(scale(median), y - 3, scale(p99) - scale(median), 6, kind + " light")
        sheet.dot(scale(median), y, kind, 6)
        sheet.dot(scale(p99), y, kind, 4)
        sheet.text(scale(p99) + 10, y + 4, f"{short(median)} … {short(p99)}", "quiet")
    return sheet


def payload(figures):
    items = []
    for size in "64MiB", "64KiB":
        for what, label in ("memcpy", "memcpy, warm pages"), ("memcpy_fresh", "memcpy, fresh pages"), ("argument", "argument as std::span"), \
                ("result", "result as std::vector"), ("result_into", "result into warm memory"), ("result_made", "result made by the task"), ("python/argument", "Python: argument"), ("python/result", "Python: result"):
            kind = "ours" if what in ("argument", "result", "result_into", "result_made") else "peer"
            items.append((f"{size[:2]} {size[2:]}, {label}", f"payload/{what}/{size}:gigabytes_per_second", kind))
    return bars("Large values, GB/s", "there or back, the small answer included; logarithmic; whiskers: quartiles", items, "GB/s")(figures)


def map_chunks(figures):
    lengths = [length for length in ("empty", "0.1us", "1us", "10us", "100us", "1000us", "mix") if figures.has(f"map/{length}/auto:items_per_second")]
    if not lengths:
        return None
    sheet = Sheet(760, 110 + 40 * len(lengths), "map: speed by chunk size, as a part of the best", "grey: fixed chunk sizes; blue: auto_chunksize")
    scale = Scale(0, 1.1, 170, 700)
    bottom = sheet.height - 32
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1.0):
        sheet.line(scale(tick), 64, scale(tick), bottom)
        sheet.text(scale(tick), bottom + 17, f"{tick:.0%}", "quiet", "middle")
    for i, length in enumerate(lengths):
        y = 88 + 40 * i
        text = {"empty": "empty tasks", "mix": "a mix of lengths"}.get(length, f"tasks of {length[:-2]} µs")
        sheet.text(158, y + 4, text, "", "end")
        rates = {name.split("/")[2].split(":")[0]: figures.median(name) for name in figures.names(f"map/{length}/")}
        auto = rates.pop("auto")
        best = max(rates.values())
        taken = -100.0  # where the last label ends: one that would stand on it goes below the line
        for size, rate in sorted(rates.items(), key=lambda item: item[1]):
            x = scale(rate / best)
            sheet.dot(x, y, "peer", 5, f"chunk size {size}")
            above = x - taken > 28
            sheet.text(x, y - 8 if above else y + 17, short(float(size)).replace(" ", ""), "quiet", "middle")
            taken = x if above else -100.0
        sheet.dot(scale(auto / best), y, "ours", 6, "auto")
    return sheet


def efficiency(figures):
    lengths = "10us", "100us", "1000us"
    pools = [pool for pool in ("processes", "threads", "asio", "boost_thread", "libthread_pool", "tbb", "python")
             if figures.has(f"efficiency/{pool}/10us:efficiency") or figures.has(f"efficiency/10us/{pool}:efficiency")]
    if not pools:
        return None
    sheet = Sheet(760, 70 + 3 * (42 + 22 * len(pools)), "How much of two cores reaches the tasks", "part of the ideal, 2 workers; the line: the mark; whiskers: quartiles")
    scale = Scale(0, 1, 230, 690)
    y = 84
    marks_of = {"10us": 0.85, "100us": 0.95, "1000us": 0.98}
    for length in lengths:
        sheet.text(20, y, f"tasks of {length[:-2]} µs", "strong")
        top = y + 8
        for pool in pools:
            y += 22
            name = f"efficiency/{pool}/{length}:efficiency" if pool == "python" else f"efficiency/{length}/{pool}:efficiency"
            if not figures.has(name):
                continue
            value = figures.median(name)
            sheet.text(218, y + 4, NAMES[pool], "strong" if pool == "processes" else "", "end")
            sheet.bar(scale.first, y - 7, scale(value) - scale.first, 14, kind_of(pool))
            least, most = figures.quartiles(name)
            sheet.line(scale(least), y, scale(min(most, 1.05)), y, "whisker")
            sheet.text(max(scale(value), scale(most)) + 8, y + 4, f"{value:.2f}", "quiet")
        sheet.line(scale(marks_of[length]), top, scale(marks_of[length]), y + 10, "whisker")
        y += 42
    return sheet


def growth(figures):
    panels = [("tasks", "nanoseconds_per_task", "ns a task, by the number of tasks"),
              ("workers", "nanoseconds_per_task", "ns a task, by the number of workers"),
              ("payload", "microseconds", "µs there and back, by bytes sent"),
              ("submitters", "nanoseconds_per_task", "ns a task, by submitting threads")]
    sheet = Sheet(900, 590, "How cost grows with the work", "both axes logarithmic; whiskers: quartiles")
    drawn = False
    for i, (curve, counter, text) in enumerate(panels):
        points = [(max(x, 1), name) for x, name in curve_points(figures, curve, counter)]
        if len(points) < 2:
            continue
        drawn = True
        left, top = 70 + 440 * (i % 2), 100 + 260 * (i // 2)
        xs = [x for x, _ in points]
        values = [value for _, name in points for value in (*figures.quartiles(name), figures.median(name))]
        across = Scale(min(xs), max(xs), left, left + 350, log=True)
        down = Scale(*decades(values), top + 180, top, log=True)
        sheet.text(left - 45, top - 14, text, "strong")
        for tick in down.ticks():
            sheet.line(left, down(tick), left + 350, down(tick))
            sheet.text(left - 8, down(tick) + 4, short(tick), "quiet", "end")
        shown = xs if len(xs) <= 9 else xs[::2]
        for x in shown:
            label = ("0" if x == 1 and curve == "payload" else bytes_of(x) if curve == "payload" else short(x))
            sheet.text(across(x), top + 198, label.replace(" ", "\u202f"), "quiet", "middle")
        for x, name in points:
            least, most = figures.quartiles(name)
            sheet.line(across(x), down(least), across(x), down(most), "whisker")
        sheet.path([(across(x), down(figures.median(name))) for x, name in points], "ours")
        for x, name in points:
            sheet.dot(across(x), down(figures.median(name)), "ours", 4, f"{short(x)}: {short(figures.median(name))}")
    return sheet if drawn else None


def bytes_of(size):
    for unit, power in ("G", 30), ("M", 20), ("K", 10):
        if size >= 1 << power:
            return f"{size >> power} {unit}"
    return str(size)


def words(figures):
    sizes = sorted(figures.names("words/processes/"), key=figures.median)
    items = [("serial", "words/serial:seconds", "peer"), *((f"this library, {contender(name)}", name, "ours") for name in sizes),
             ("Python, serial", "words/python/serial:seconds", "peer"), ("Python ProcessPoolExecutor, best", "words/python:seconds", "peer")]
    return bars("SHA-512 of 663 473 words", "seconds, 2 workers; whiskers: quartiles", items, "s", log=False)(figures)


def start(figures):
    items = [("this library, processes", "start/processes:milliseconds", "ours"), ("this library, threads", "start/threads:milliseconds", "other"),
             ("Python ProcessPoolExecutor", "start/python:milliseconds", "peer"), ("two children, two threads", "start/plain:milliseconds", "peer")]
    return bars("Made, first result, destroyed", "ms, 2 workers, fork, a caller of 10 MiB; logarithmic; whiskers: quartiles", items, "ms")(figures)


def memory(figures):
    items = [("this library", "memory/tasks:pending_bytes", "ours"), ("Python ProcessPoolExecutor", "memory/python:pending_bytes", "peer")]
    return bars("A pending task and its future", "bytes in the caller", items, "bytes", log=False)(figures)


PLOTS = {"marks": marks, "burst": burst, "round_trip": round_trip, "payload": payload, "map": map_chunks, "start": start,
         "memory": memory, "efficiency": efficiency, "growth": growth, "words": words}


def draw(figures, directory):
    """Writes each plot that there are figures for; returns their names."""
    written = []
    for name, plot in PLOTS.items():
        sheet = plot(figures)
        if sheet is not None:
            (directory / f"{name}.svg").write_text(str(sheet), encoding="utf-8")
            written.append(name)
    return written
