# SPDX-License-Identifier: BSL-1.0
"""The table of marks, in Markdown."""
from .rows import NAMES, rows

SIGNS = {"met": "met", "missed": "**missed**", "inconclusive": "inconclusive", "not measured": "not measured"}


def number(value):
    """Three figures that count, and no more."""
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:.3g} million"
    if size >= 1000:
        return f"{value / 1000:.3g} thousand"
    if size >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def contender(name):
    """The words for the contender in the name of a figure."""
    parts = name.split(":")[0].split("/")
    if len(parts) > 2 and parts[0] in ("map", "words") and parts[1] != "python":
        return f"chunk size {parts[2]}"
    for part in parts[1:]:
        if part in NAMES:
            return NAMES[part]
    return parts[-2] if len(parts) > 2 else parts[-1]


def cell(figures, name, unit):
    low, high = figures.quartiles(name)
    text = f"{number(figures.median(name))} {unit}".strip()
    return f"{text} ({number(low)} … {number(high)})" if low != high else text


def judged(figures):
    for row in rows(figures):
        yield row, row.judge(figures)


def table(figures):
    lines = ["| | work | here | beside | ratio | mark | |", "| --- | --- | --- | --- | --- | --- | --- |"]
    last = None
    for row, verdict in judged(figures):
        ours = row.needs[0]
        # A curve is held against itself: it has neither one figure of ours nor a peer.
        is_curve = len(row.needs) > 2
        here = "" if is_curve or not figures.has(ours) else cell(figures, ours, row.unit)
        beside = ""
        if not is_curve and len(row.needs) == 2:
            peer = row.needs[1]
            beside = contender(peer) + (f": {cell(figures, peer, row.unit)}" if figures.has(peer) else "")
        held = ""
        if "value" in verdict and (is_curve or len(row.needs) == 2):
            held = f"{number(verdict['value'])} ({number(verdict['low'])} … {number(verdict['high'])})"
        sign = "≥" if row.relation == ">=" else "≤"
        mark = "" if row.goal == "beside" else f"{sign} {row.mark:g}" + (" (stretch)" if row.goal == "stretch" else "")
        said = "" if row.goal == "beside" and verdict["verdict"] != "not measured" else SIGNS[verdict["verdict"]]
        lines.append(f"| {row.question if row.question != last else ''} | {row.work} | {here} | {beside} | {held} | {mark} | {said} |")
        last = row.question
    return "\n".join(lines)
