#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""trace_picture.py run.json picture.svg: a trace as a picture for a page, where nobody can open a viewer: a lane for
each worker from its start to its end, and its tasks on it, by name and outcome."""
import json
import sys

from report.svg import Sheet

KINDS = {"result": "ours", "worker died": "missed", "timeout": "other"}
LEFT, LANE, WIDTH = 130, 34, 900


def main(source, target):
    with open(source, encoding="utf-8") as file:
        text = file.read().rstrip().rstrip(",]")  # a trace may lack its last bracket
    events = json.loads(text + "]")
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    tasks = [event for event in events if event.get("cat") == "task"]
    lives = {}
    for event in events:
        if event.get("cat") == "worker":
            lives.setdefault(event["tid"], [None, None])[event["ph"] == "E"] = event["ts"]
    first = min(event["ts"] for event in events if event.get("cat") in ("worker", "submit"))
    last = max(task["ts"] + task["dur"] for task in tasks)
    scale = (WIDTH - LEFT - 20) / (last - first)

    def at(ts):
        return LEFT + (ts - first) * scale

    sheet = Sheet(WIDTH, 104 + LANE * len(lives) + 40, "A trace",
                  "A lane for each worker and its tasks by the clock: what crashes or reaches its time limit takes its worker along, and no other task")
    for lane, (tid, (begin, end)) in enumerate(lives.items()):
        y = 76 + lane * LANE
        sheet.text(16, y + 17, names[tid], "quiet")
        sheet.bar(at(begin), y, ((end or last) - begin) * scale, LANE - 8, "peer light")
        for task in (task for task in tasks if task["tid"] == tid):
            sheet.bar(at(task["ts"]), y + 3, task["dur"] * scale, LANE - 14, KINDS.get(task["args"]["outcome"], "peer"))
            name = task["name"].split("(")[0]
            if len(name) * 7 < task["dur"] * scale:
                sheet.text(at(task["ts"]) + 4, y + 17, name, "on-bar")
    y = 76 + LANE * len(lives) + 10
    step = 10 ** (len(str(int((last - first) / 4))) - 1)
    tick = 0
    while tick <= last - first:
        sheet.line(at(first + tick), y, at(first + tick), y + 5)
        sheet.text(at(first + tick), y + 20, f"{tick / 1000:g} ms", "quiet", "middle")
        tick += step * (1 if (last - first) / step < 14 else 2)
    y += 40
    for index, (outcome, kind) in enumerate(KINDS.items()):
        sheet.bar(LEFT + index * 130, y - 10, 14, 12, kind)
        sheet.text(LEFT + 20 + index * 130, y, outcome, "quiet")
    with open(target, "w", encoding="utf-8") as file:
        file.write(str(sheet))


if __name__ == "__main__":
    main(*sys.argv[1:])
