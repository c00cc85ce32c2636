#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""nodes_picture.py nodes.txt nodes.svg: what `nodes 100000` has printed, drawn. A line for each number of tasks, over the
number of agents."""
import sys

from report.svg import Scale, Sheet, decades, short

KINDS = ("peer", "met", "other", "ours")  # from few tasks to many
TOP, HEIGHT, WIDTH = 110, 230, 320


def panel(sheet, left, text, curves, column, floor=None):
    values = [row[column] for rows in curves.values() for row in rows] + ([floor] if floor else [])
    agents = sorted({row[0] for rows in curves.values() for row in rows})
    across = Scale(agents[0], agents[-1], left, left + WIDTH, log=True)
    down = Scale(*decades(values), TOP + HEIGHT, TOP, log=True)
    sheet.text(left, TOP - 22, text, "strong")
    for tick in down.ticks():
        sheet.line(left, down(tick), left + WIDTH, down(tick))
        sheet.text(left - 8, down(tick) + 4, short(tick), "quiet", "end")
    for agent in agents:
        sheet.text(across(agent), TOP + HEIGHT + 20, str(agent), "quiet", "middle")
    sheet.text(left + WIDTH / 2, TOP + HEIGHT + 40, "agents", "quiet", "middle")
    taken = []
    for kind, (tasks, rows) in zip(KINDS, sorted(curves.items())):
        sheet.path([(across(row[0]), down(row[column])) for row in rows], kind)
        for row in rows:
            sheet.dot(across(row[0]), down(row[column]), kind, 3.5, f"{row[0]} agents, {tasks} tasks: {row[column]:g}")
        y = down(rows[-1][column]) + 4
        while any(abs(y - other) < 13 for other in taken):
            y += 13
        taken.append(y)
        sheet.text(left + WIDTH + 9, y, f"{short(tasks)} tasks", "quiet")


def main(source, target):
    curves = {}
    with open(source, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if len(words) == 5 and words[0].isdigit():
                agents, tasks = int(words[0]), int(words[1])
                curves.setdefault(tasks, []).append((agents, float(words[3]), float(words[4])))
    sheet = Sheet(900, TOP + HEIGHT + 60, "How a pool over several nodes grows",
                  "Tasks that sleep for a millisecond, agents of one worker each in one process; both axes logarithmic")
    panel(sheet, 60, "time, where 1 is what it takes if nothing costs anything", curves, 1, 1)
    panel(sheet, 490, "µs of processor time a task, of caller and agents", curves, 2)
    with open(target, "w", encoding="utf-8") as file:
        file.write(str(sheet))


if __name__ == "__main__":
    main(*sys.argv[1:])
