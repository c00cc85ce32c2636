# SPDX-License-Identifier: BSL-1.0
"""What machine it is: how its processors lie to each other, their caches, and what a line costs that changes cores."""
import os
import pathlib
import platform
import re
import subprocess
import time

CPUS = pathlib.Path("/sys/devices/system/cpu")


def text_of(path):
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def processors():
    """Of each that this process may use: which package and core it is in, and who shares that core."""
    result = {}
    for number in sorted(os.sched_getaffinity(0)):
        where = CPUS / f"cpu{number}/topology"
        result[number] = {"package": text_of(where / "physical_package_id"), "core": text_of(where / "core_id"),
                          "shares_core_with": text_of(where / "thread_siblings_list")}
    return result


def caches():
    """Of the first processor: level, kind, size, line, and who shares it."""
    first = min(os.sched_getaffinity(0))
    found = []
    for index in sorted((CPUS / f"cpu{first}/cache").glob("index*")):
        kind = text_of(index / "type")
        found.append({"level": text_of(index / "level"), "kind": kind, "size": text_of(index / "size"),
                      "line": text_of(index / "coherency_line_size"), "shared_by": text_of(index / "shared_cpu_list")})
    return found


def quota():
    """Cores that the control group allows, if it limits them."""
    limit = text_of(pathlib.Path("/sys/fs/cgroup/cpu.max")).split()
    return round(int(limit[0]) / int(limit[1]), 2) if len(limit) == 2 and limit[0] != "max" else None


def line_cost(program):
    """Nanoseconds there and back between each pair of processors; empty if it cannot be measured."""
    try:
        done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    return {pair: float(value) for pair, value in re.findall(r"^nanoseconds/(\S+) (\S+)$", done.stdout, re.MULTILINE)}


def steal():
    """Seconds for which the host has run something else since the machine started."""
    fields = text_of(pathlib.Path("/proc/stat")).split("\n")[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK") if len(fields) > 8 else 0.0


def machine(repository, line_cost_program):
    model = re.search(r"^model name\s*: (.*)$", text_of(pathlib.Path("/proc/cpuinfo")), re.MULTILINE)
    compiler = subprocess.run([os.environ.get("CXX", "c++"), "--version"], capture_output=True, text=True, check=False).stdout
    commit = subprocess.run(["git", "-C", repository, "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                            check=False).stdout.strip()
    return {
        "processor": model.group(1) if model else platform.machine(), "cores": len(os.sched_getaffinity(0)),
        "system": f"Linux {platform.release()}", "compiler": (compiler.splitlines() or ["?"])[0],
        "python": platform.python_version(), "date": time.strftime("%Y-%m-%d", time.gmtime()), "commit": commit,
        "processors": processors(), "caches": caches(), "quota": quota(), "line_cost": line_cost(line_cost_program),
        "clock": text_of(pathlib.Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")),
    }


def sentence(about):
    """The same in a few words, as far as it is known."""
    places = about.get("processors", {}).values()
    together = {place["shares_core_with"] for place in places if "," in place["shares_core_with"] or "-" in place["shares_core_with"]}
    parts = []
    if places:
        packages = len({place["package"] for place in places})
        parts.append(f"{len(places)} processors in {packages} package{'s' if packages != 1 else ''}, "
                     + (f"sharing cores: {'; '.join(sorted(together))}" if together else "each a core of its own as far as the system says"))
    shown = [f"L{cache['level']} {cache['size']}" + (f" for {cache['shared_by']}" if cache["level"] == "3" else "")
             for cache in about.get("caches", []) if cache["kind"] != "Instruction"]
    if shown:
        parts.append("caches " + ", ".join(shown))
    if about.get("quota"):
        parts.append(f"limited to {about['quota']} cores")
    costs = about.get("line_cost", {})
    if costs:
        low, high = min(costs.values()), max(costs.values())
        parts.append(f"a line there and back {low:.0f}" + (f" to {high:.0f}" if high - low >= 1 else "") + " ns")
    if about.get("clock"):
        parts.append(f"clock {about['clock']}")
    return "; ".join(parts)
