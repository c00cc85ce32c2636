# SPDX-License-Identifier: BSL-1.0
"""How far each figure falls when every core has other work: ours beside the best peer's, of the same run."""
import dataclasses
import os
import sys

from .figures import Figures
from .table import contender, number

BETTER_IF_SMALLER = ("seconds", "_us", "_ms", "ns")
OURS = ("processes", "processes_1_worker", "processes_deep_queue", "auto")


class BusyLoops:
    """One a core, each in a session and thus a scheduling group of its own, as somebody else's work would be."""

    def __enter__(self):
        self.children = []
        for core in sorted(os.sched_getaffinity(0)):
            child = os.fork()
            if child == 0:
                os.setsid()
                os.sched_setaffinity(0, {core})
                while os.getppid() != 1:  # it ends with whoever measures
                    for _ in range(1 << 20):
                        pass
                os._exit(0)
            self.children.append(child)
        return self

    def __exit__(self, *_):
        for child in self.children:
            os.kill(child, 9)
            os.waitpid(child, 0)


@dataclasses.dataclass
class Fall:
    """What is left of a figure: 1 is all of it."""
    name: str
    quiet: float
    disturbed: float

    @property
    def left(self):
        counter = self.name.split(":")[1]
        smaller = any(counter.endswith(end) for end in BETTER_IF_SMALLER)
        return self.quiet / self.disturbed if smaller else self.disturbed / self.quiet


def is_ours(name):
    return any(part in OURS for part in name.split(":")[0].split("/"))


def case_of(name):
    """What is measured, without who it was."""
    path, counter = name.split(":")
    parts = path.split("/")
    if parts[0] in ("map", "words"):  # the sizes are contenders
        parts = parts[:2] if parts[0] == "map" and parts[1] != "python" else parts[:1]
    else:
        parts = [part for i, part in enumerate(parts) if i == 0 or part in ("after_silence", "64MiB", "64KiB") or part.endswith("us")]
    return "/".join(parts) + ":" + counter


def falls(quiet, disturbed):
    """By case: our figures and the peers'."""
    cases = {}
    for name in quiet.samples:
        if not disturbed.has(name) or not quiet.median(name) or not disturbed.median(name):
            continue
        ours, peers = cases.setdefault(case_of(name), ([], []))
        (ours if is_ours(name) else peers).append(Fall(name, quiet.median(name), disturbed.median(name)))
    return {case: found for case, found in cases.items() if found[0]}


def page(quiet, disturbed):
    lines = ["| figure | quiet | disturbed | left | best peer's left | |", "| --- | --- | --- | --- | --- | --- |"]
    for _, (ours, peers) in falls(quiet, disturbed).items():
        best = max(peers, key=lambda fall: fall.left, default=None)
        for fall in ours:
            beside = f"{best.left:.2f} ({contender(best.name)})" if best else ""
            said = "" if best is None else "holds" if fall.left >= best.left else "**falls further**"
            lines.append(f"| {fall.name} | {number(fall.quiet)} | {number(fall.disturbed)} | {fall.left:.2f} | {beside} | {said} |")
    return "\n".join(lines)


def measure(questions, contenders, repetitions):
    """Each contender quiet and then disturbed, in turns. Returns both figures, and what could not be measured."""
    figures = Figures(), Figures()
    remarks = []
    for question in questions:
        found, missing = contenders(question)
        remarks += [f"not installed: {text}" for text in missing if f"not installed: {text}" not in remarks]
        for _ in range(repetitions):
            for contender_ in list(found):
                remark = contender_.run(figures[0])
                if not remark:
                    with BusyLoops():
                        remark = contender_.run(figures[1])
                if remark:
                    remarks.append(remark)
                    found.remove(contender_)
        print(f"{question}: {len(found)} contenders, quiet and disturbed", file=sys.stderr)
    return figures, remarks
