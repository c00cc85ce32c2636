#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Calls as users write them: callables (callables.py) x entry points x executors x kinds of arguments and results
(kinds.py) x compilers and standard libraries x optimisation. Each cell compiles and arrives equal, or is refused with
the text that the table names.

    usage.py --include=include --work=/tmp/usage                              a tenth, chosen by a fixed seed
    usage.py --include=include --work=/tmp/usage --all --only=clang-libc++-O2 --kinds='std::set' --callables=lambda

What is one call for the compiler is one unit here: the start methods, the chunk sizes and the task options of one
callable, kind and entry point are chosen when it runs. Units are packed into files of some dozens; what does not
compile is found by the compiler's own lines, or by halves, and left out, so that one fault hides no other.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from callables import CALLABLES
from kinds import KINDS

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = "2026"
START_METHODS = ("fork", "forkserver", "spawn")
# Entry points that the compiler sees as one, and what they are called.
FAMILIES = {
    "submit": ("submit", "submit(TaskOptions)"),
    "map": ("map", "map in chunks", "map with auto_chunksize"),
    "map_unordered": ("map_unordered",),
    "process_map": ("process_map",),
    "Initializer": ("Initializer",),
}
# Every callable is tried with one of these by each compiler; each kind besides with some callables.
CORE_KINDS = ("std::vector<std::string>", "std::unique_ptr<int>")
# What a closure may hold only under fork: it travels as its bytes, and a fresh image has its functions elsewhere.
REFUSED_BY_FRESH_IMAGES = {"captures a function pointer": "has something else at that address"}
INCLUDES = """algorithm array bitset chrono cmath complex cstddef cstdint deque exception filesystem forward_list
functional limits list map memory numeric optional queue set span stack stdexcept string string_view system_error tuple
type_traits unordered_map unordered_set utility variant vector""".split()

Toolchain = collections.namedtuple("Toolchain", "name compiler flags clang")
Unit = collections.namedtuple("Unit", "kind callable family threads")


def number_from(*parts):
    """The same number for the same parts, today and tomorrow."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, (SEED,) + parts)).encode()).digest()[:6], "big")


def cpp_type(kind):
    return re.split(r" (?:of|with|that|as) ", kind.type)[0]


# ---- what is in the matrix


def toolchains(args):
    found = []
    if args.gcc:
        found.append(Toolchain("gcc", args.gcc, [], False))
    if args.clang:
        found.append(Toolchain("clang", args.clang, [], True))
        probe = subprocess.run([args.clang, "-stdlib=libc++", "-xc++", "-fsyntax-only", "-"], input="#include <vector>\n", text=True, capture_output=True)
        if probe.returncode == 0:
            found.append(Toolchain("clang-libc++", args.clang, ["-stdlib=libc++"], True))
    return found


def available(toolchain, args):
    """The kinds whose headers and library features this compiler has."""
    headers = sorted({h for kind in KINDS for h in kind.include.split()})
    macros = sorted({kind.needs for kind in KINDS if kind.needs})
    text = "#include <version>\n"
    text += "".join(f"#if __has_include(<{h}>)\nhas <{h}>\n#endif\n" for h in headers)
    text += "".join(f"#ifdef {m}\nhas <{m}>\n#endif\n" for m in macros)
    out = subprocess.run([toolchain.compiler, *toolchain.flags, *args.flags, "-xc++", "-E", "-P", "-"], input=text, text=True, capture_output=True, check=True).stdout
    has = set(re.findall(r"has <(.*)>", out))
    return [k for k, kind in enumerate(KINDS) if all(h in has for h in kind.include.split()) and (not kind.needs or kind.needs in has)]


def takes(callable_, kind):
    return not kind.refusal and (callable_.only is None or (cpp_type(kind) in callable_.only and kind.type in callable_.only))


def expected_refusal(unit):
    """Cells of the kinds that travel which are refused all the same."""
    kind = KINDS[unit.kind]
    if unit.family == "Initializer" and not kind.copyable:
        return "an argument of the initializer cannot be copied"
    return ""


def units_of(config, kinds, args):
    """The units of one toolchain and optimisation: all of them, or a tenth."""
    pairs = []
    for k in kinds:
        fitting = [c for c, callable_ in enumerate(CALLABLES) if takes(callable_, KINDS[k])]
        if not fitting:
            continue
        if args.product:
            chosen = fitting
        elif KINDS[k].type in CORE_KINDS or any(KINDS[k].type in (CALLABLES[c].only or ()) for c in fitting):
            chosen = [c for c in fitting if KINDS[k].type in CORE_KINDS[number_from(config) % 2::2] or CALLABLES[c].only]
        else:
            start = number_from("callable", KINDS[k].type, config)
            chosen = [fitting[(start + 7 * i) % len(fitting)] for i in range(args.per_kind)]
        pairs += [(k, c) for c in chosen]
    units = [Unit(k, c, family, threads) for k, c in pairs for family in FAMILIES for threads in (False, True)]
    units = [u for u in units if not (u.threads and expected_refusal(u))]
    if not args.product:  # in threads nothing is pickled: a third of the maps will do
        units = [u for u in units if not (u.threads and "map" in u.family) or number_from(config, KINDS[u.kind].type, CALLABLES[u.callable].name, u.family) % 3 == 0]
    units = [u for u in units if re.search(args.kinds, KINDS[u.kind].type) and re.search(args.callables, CALLABLES[u.callable].name)
             and re.search(args.entries, u.family)]
    if not args.all:
        units = [u for u in units if number_from(config, KINDS[u.kind].type, CALLABLES[u.callable].name, u.family, u.threads) % args.one_in == 0]
    return units


# ---- what is written


def includes(kinds):
    names = INCLUDES + sorted({h for k in kinds for h in KINDS[k].include.split()})
    # what others' headers declare stands before ours, as in most programs
    names.sort(key=lambda h: h.startswith("concurrent/"))
    return "".join(f"#include <{h}>\n" for h in names) + '#include "usage.hpp"\nnamespace cf = concurrent::futures;\nnamespace pickle = concurrent::pickle;\n'


def declaration(k, anonymous):
    kind = KINDS[k]
    space = f"kinds_{k}"
    begin, end = (f"namespace {space} {{ namespace {{", "} }") if anonymous and not kind.named else (f"namespace {space} {{", "}")
    text = f"{begin} {kind.declare} {end}\n" if kind.declare else ""
    text += kind.after.replace("KINDS", space) + "\n" if kind.after else ""
    if kind.refusal:
        return text + f"{begin} using type = {cpp_type(kind)}; {end}\n"
    value = kind.value if not kind.value.startswith("{") else f"type{kind.value}" if "*" not in cpp_type(kind) else kind.value
    return text + f"""{begin}
struct Kind {{
  using type = {cpp_type(kind)};
  static type make() {{ return {value}; }}
  static bool same([[maybe_unused]] const type& a, [[maybe_unused]] const type& b) {{ return {kind.same}; }}
}};
{end}
"""


def replace_words(text, kind, callable_):
    body = "usage::arrived<KIND>(v)" if kind.argument_only else "usage::passed<KIND, A>(std::move(v))"
    return text.replace("BODY", body)


def preamble(group):
    k, c = group
    kind, callable_ = KINDS[k], CALLABLES[c]
    result = "bool" if kind.argument_only else "A"
    return f"""namespace cells_{k}_{c} {{  // {kind.type}; {callable_.name}
using KIND = kinds_{k}::Kind;
using A = KIND::type;
using R = {result};
{replace_words(callable_.text, kind, callable_)}
}}
"""


def cells_text(unit, part):
    kind, callable_ = KINDS[unit.kind], CALLABLES[unit.callable]
    call = replace_words(callable_.call, kind, callable_)
    argument = "KIND::make()" + (", KIND::make()" if callable_.binary else "")
    items = "usage::three<A>(&KIND::make)" + (", usage::three<A>(&KIND::make)" if callable_.binary else "")
    if callable_.first:
        argument = f"{callable_.first}, {argument}"
        items = f"std::vector<{callable_.first_type}>(3, {callable_.first}), {items}"
    check = ('usage::expect(r == KIND::make() + KIND::make(), "the sum is another");' if callable_.binary
             else "usage::returned<KIND>(r);")
    pool = "usage::threads()" if unit.threads else "usage::processes()"
    if unit.family == "submit":
        body = f"""const auto check = [](const auto& r) {{ {check} }};
  if (which == 0) check({pool}.submit({call}, {argument}).result(usage::deadline));
  else check({pool}.submit(usage::task_options(), {call}, {argument}).result(usage::deadline));"""
        # a lambda that is written twice is two: it is one call for whoever reads, too
    elif unit.family in ("map", "map_unordered"):
        body = f"usage::each_of_three({pool}.{unit.family}({call}, {items}, usage::map_options(which)), [](const auto& r) {{ {check} }});"
    elif unit.family == "process_map":
        name = "thread_map" if unit.threads else "process_map"
        body = f"usage::each_of_three(cf::{name}({call}, {items}, {{.max_workers = 1, .chunksize = 2}}), [](const auto& r) {{ {check} }});"
    else:
        options = "cf::ThreadPoolOptions options; options.max_workers = 1" if unit.threads else "auto options = usage::process_options()"
        executor = "ThreadPoolExecutor" if unit.threads else "ProcessPoolExecutor"
        checked = "true" if callable_.binary else "r"
        body = f"""{options};
  options.initializer = cf::Initializer({call}, {argument});
  cf::{executor} pool(std::move(options));
  [[maybe_unused]] const bool r = pool.submit(usage::is_initialised).result(usage::deadline);
  usage::expect({checked}, "the first task ran before the initializer");"""
    names = ";".join(f"{entry} | {callable_.name} | {kind.type}" for entry in FAMILIES[unit.family])
    name = f"{unit.family}_{'threads' if unit.threads else 'processes'}_{part}"
    return f"""namespace cells_{unit.kind}_{unit.callable} {{
static void {name}([[maybe_unused]] int which) {{
  {body}
}}
const usage::Register register_{name}{{{{{quoted(names)}, {str(unit.threads).lower()}, &{name}}}}};
}}
"""


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_cells(path, units, anonymous, header, part):
    """Returns, for each line of the file, the unit that stands there (or None)."""
    pieces = []
    kinds = sorted({u.kind for u in units})
    groups = list(dict.fromkeys((u.kind, u.callable) for u in units))
    common = [(None, includes(kinds))] + [(k, declaration(k, anonymous)) for k in kinds] + [(g, preamble(g)) for g in groups]
    if header:
        with open(header, "w") as out:
            out.write("#pragma once\n" + "".join(text for _, text in common))
        pieces.append((None, f'#include "{os.path.basename(header)}"\n'))
    else:
        pieces += common
    pieces += [(u, cells_text(u, part)) for u in units]
    lines = [None]
    with open(path, "w") as out:
        for owner, text in pieces:
            out.write(text)
            lines += [owner] * text.count("\n")
    return lines


# ---- what the compiler says


def blocks_of(output):
    """The compiler's errors, each with the lines that say where it comes from."""
    blocks, pending = [], []
    for line in output.splitlines():
        if re.search(r": (fatal )?error: |internal compiler error: ", line):
            blocks.append(pending + [line])
            pending = []
        elif re.match(r"In file included from|.*: (In |At global scope)|In ", line) or pending:
            pending.append(line)
        elif blocks:
            blocks[-1].append(line)
    return blocks


def error_of(block):
    return next(line for line in block if re.search(r"error: ", line))


def owners_of(block, path, lines):
    """Who stands in the lines of this file that the block names."""
    owners = []
    for line in block:
        for match in re.finditer(re.escape(os.path.basename(path)) + r":(\d+):", line):
            number = int(match.group(1))
            if number < len(lines) and lines[number] is not None:
                owners.append(lines[number])
    return owners


def names_type(block, kind):
    """Whether a line that says where the error comes from names the type, or a part of it."""
    words = [w for w in re.findall(r"[A-Za-z_]\w*", cpp_type(kind)) if w not in ("std", "const", "usage") and not re.search(r"\d", w)]
    lines = [line for line in block if re.search(r"instantiation|required|requested|error: ", line)]
    return not words or any(w in re.sub(r"concurrent::pickle: .*", "", line) for w in words for line in lines)


class Clock:
    """The time of compilers and programs, of all processors."""
    def __init__(self):
        self.start = os.times()

    def __str__(self):
        now = os.times()
        return f"{now.children_user + now.children_system - self.start.children_user - self.start.children_system:.0f} s of CPU time"


def run(command, limit, cpu_limit=None, **more):
    """Returns the exit code, or None when its time is over: `cpu_limit` does not count what others' load costs."""
    if cpu_limit:
        more["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_CPU, (cpu_limit, cpu_limit))
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit, **more)
        if cpu_limit and done.returncode != 0 and re.search(r"Killed|CPU time limit", done.stderr[-2000:]):
            return None, done.stderr
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode(errors="replace") + (late.stderr or b"").decode(errors="replace")


class Config:
    """One toolchain at one optimisation: a program of all its cells."""

    def __init__(self, toolchain, optimisation, args):
        self.name = f"{toolchain.name}{optimisation}"
        self.toolchain, self.args = toolchain, args
        self.directory = os.path.join(args.work, self.name)
        os.makedirs(self.directory, exist_ok=True)
        self.flags = [*toolchain.flags, *args.flags, optimisation, "-w", "-DCONCURRENT_FUTURES_SEPARATE_COMPILATION", f"-I{HERE}"]
        self.flags += ["-ferror-limit=0", "-ftemplate-backtrace-limit=0"] if toolchain.clang else ["-fmax-errors=0", "-ftemplate-backtrace-limit=0"]
        self.failed, self.counts, self.objects = 0, collections.Counter(), []

    def unexpected(self, cell, what):
        print(f"unexpected: {self.name}: {cell}\n    {what}", flush=True)
        self.failed += 1
        self.counts["unexpected"] += 1

    def launcher(self):
        return [self.args.ccache] if self.args.ccache else []

    def compile_file(self, source, output, what="-c", more=()):
        command = [*self.launcher(), self.toolchain.compiler, *self.flags, *more, what, source]
        if what == "-c":
            command += ["-o", output]
        return run(command, 1500, cpu_limit=self.args.compile_limit)

    def compile_units(self, name, units, anonymous=False, header=None, part="a"):
        """Compiles a file of these units; what does not compile is reported and left out."""
        path = os.path.join(self.directory, name + ".cpp")
        output = os.path.join(self.directory, name + ".o")
        while units:
            lines = write_cells(path, units, anonymous, header, part)
            code, text = self.compile_file(path, output)
            if code == 0:
                self.objects.append(output)
                return
            guilty = {}
            for block in blocks_of(text):
                for owner in owners_of(block, path, lines):
                    guilty.setdefault(owner, error_of(block))
            if code is None or not guilty:
                if len(units) == 1:
                    what = f"the compiler is not done after {self.args.compile_limit} s" if code is None else text[-300:]
                    self.report(units[0], next(map(error_of, blocks_of(text)), what))
                    return
                half = len(units) // 2
                half = next((i for i in range(half, len(units)) if units[i][:2] != units[i - 1][:2]), half)
                self.compile_units(name + "l", units[:half], anonymous, header and header + "l.hpp", part)
                self.compile_units(name + "r", units[half:], anonymous, header and header + "r.hpp", part)
                return
            left = []
            for unit in units:
                error = guilty.get(unit) or guilty.get(unit.kind) or guilty.get((unit.kind, unit.callable))
                if error is None:
                    left.append(unit)
                elif expected_refusal(unit) and expected_refusal(unit) in error:
                    self.counts["refused"] += 1
                else:
                    self.report(unit, error)
            if len(left) == len(units):
                raise RuntimeError(f"nobody is to blame for the errors of {path}:\n{text[:2000]}")
            units = left

    def report(self, unit, error):
        cell = f"{FAMILIES[unit.family][0]} | {CALLABLES[unit.callable].name} | {KINDS[unit.kind].type}"
        cell += " | threads" if unit.threads else ""
        error = re.sub(r"^.*?((internal compiler )?error: )", r"\1", error)
        self.unexpected(cell, "does not compile: " + error)

    def build(self, kinds):
        args = self.args
        units = units_of(self.name, kinds, args)
        units.sort(key=lambda u: (u.kind, u.callable))
        refused = [u for u in units if expected_refusal(u)]
        units = [u for u in units if not expected_refusal(u)]
        shared = [u for u in units if "two files" in CALLABLES[u.callable].name]
        own = [u for u in units if u not in shared]
        count = max(1, -(-len(own) // args.units_per_file))
        size = -(-len(own) // count)
        files = [[]]
        for unit in own:
            # what a callable needs is declared once, so all of its units stand in one file
            if len(files[-1]) >= size and (files[-1][-1].kind, files[-1][-1].callable) != (unit.kind, unit.callable):
                files.append([])
            files[-1].append(unit)
        for i, some in enumerate(files):
            self.compile_units(f"cells{i}", some, anonymous=i % 2 == 1)
        if shared:
            header = os.path.join(self.directory, "shared.hpp")
            self.compile_units("first", list(shared), False, header, "a")
            self.compile_units("second", list(shared), False, header, "b")
        self.expect_refusals("not_copyable", [(u, "", expected_refusal(u)) for u in refused])

    def link(self):
        objects = list(self.objects)
        # All that the library compiles once. For a tenth of the matrix it is not worth an optimiser's time.
        output = os.path.join(self.directory, "main.o")
        code, text = self.compile_file(os.path.join(HERE, "main.cpp"), output, more=[] if self.args.all else ["-O0"])
        if code != 0:
            self.unexpected("main.cpp", text[:2000])
            return None
        objects.append(output)
        program = os.path.join(self.directory, "cells")
        code, text = run([self.toolchain.compiler, *self.toolchain.flags, *objects, "-pthread", "-ldl", "-o", program], 300)
        if code != 0:
            self.unexpected("link", text[-2000:])
            return None
        return program

    def run_program(self, program):
        for executor in START_METHODS + ("threads",):
            first = 0
            while True:
                code, text = run([program, executor, str(first)], 900, stdin=subprocess.DEVNULL)
                number, cell = first - 1, "before its first cell"
                done = False
                for line in text.splitlines():
                    if line.startswith("cell "):
                        number, cell = int(line.split(" ", 2)[1]), line.split(" ", 2)[2]
                    elif line.startswith("passed"):
                        self.counts["passed"] += 1
                        cell = ""
                    elif line.startswith("failed") and executor in ("forkserver", "spawn") and any(name in cell and text in line for name, text in REFUSED_BY_FRESH_IMAGES.items()):
                        self.counts["refused"] += 1
                        cell = ""
                    elif line.startswith("failed"):
                        self.unexpected(f"{cell} | {executor}", line[7:])
                        cell = ""
                    elif line == "end":
                        done = True
                if done and code == 0:
                    break
                how = "hangs" if code is None else f"ends with {code}"
                self.unexpected(f"{cell or 'after cell ' + str(number)} | {executor}", f"the caller {how}: {text[-300:]}")
                if done or number < first:
                    break
                first = number + 1

    def expect_refusals(self, name, cells):
        """Cells (unit or kind, the text of its line, the text of the refusal), all in one run of the compiler."""
        if not cells:
            return
        path = os.path.join(self.directory, name + ".cpp")
        kinds = sorted({c[0].kind for c in cells})
        text = includes(kinds) + "".join(declaration(k, False) for k in kinds)
        for group in dict.fromkeys((c[0].kind, c[0].callable) for c in cells if c[0].callable is not None):
            text += preamble(group)
        lines = [None] + [None] * text.count("\n")
        with open(path, "w") as out:
            out.write(text)
            for i, (unit, line, _) in enumerate(cells):
                line = line or cells_text(unit, str(i))
                out.write(line)
                lines += [i] * line.count("\n")
        code, text = self.compile_file(path, "", "-fsyntax-only")
        errors = collections.defaultdict(list)
        for block in blocks_of(text):
            for owner in set(owners_of(block, path, lines)):
                errors[owner].append(block)
        gives_up = code is None or "internal compiler error" in text
        untold = []
        for i, (unit, line, expected) in enumerate(cells):
            what = ""
            if gives_up and len(cells) == 1:
                what = "the compiler gives up"
            elif gives_up or not errors[i]:
                untold.append(cells[i])
                continue
            elif expected not in error_of(errors[i][0]):
                what = "the first error is: " + error_of(errors[i][0])
            elif not names_type(errors[i][0], KINDS[unit.kind]):
                what = "no line beside the first error names the type"
            elif len(errors[i]) > 2:
                what = f"{len(errors[i])} errors; the second is: " + error_of(errors[i][1])
            self.judge_refusal(unit, expected, what)
        if len(untold) < len(cells):
            # What a type is refused for is said once, wherever it is met again: those are compiled apart.
            self.expect_refusals(name + "_more", untold)
        elif code == 0:
            for unit, line, expected in untold:
                self.judge_refusal(unit, expected, "it compiles")
        elif len(cells) > 1:
            self.expect_refusals(name + "l", untold[:len(untold) // 2])
            self.expect_refusals(name + "r", untold[len(untold) // 2:])
        else:
            self.judge_refusal(cells[0][0], cells[0][2], "the compiler does not say where: " + text[:300])

    def judge_refusal(self, unit, expected, what):
        if not what:
            self.counts["refused"] += 1
            return
        cell = f"{unit.family} | {KINDS[unit.kind].type}" + (f" | {unit.threads}" if isinstance(unit.threads, str) else "")
        what = re.sub(r"/\S*?([^/]*?:\d+):\d+: (error: )", r"\1: \2", what)
        self.unexpected(cell, f"not refused with \"{expected}\": {what}")

    def refusals(self, kinds):
        """Everything that is refused, once in each entry point; for the tenth, a part of it in one of them."""
        args = self.args
        entries = {
            ("submit", "argument"): "usage::processes().submit(&usage::takes<{t}>, usage::gives<{t}>());",
            ("submit", "result"): "usage::processes().submit(&usage::gives<{t}>);",
            ("submit(TaskOptions)", "argument"): "usage::processes().submit(usage::task_options(), &usage::takes<{t}>, usage::gives<{t}>());",
            ("map", "argument"): "usage::processes().map(&usage::takes<{t}>, usage::gives<std::vector<{t}>>());",
            ("map", "result"): "usage::processes().map(&usage::returns<{t}>, std::vector<int>());",
            ("map_unordered", "argument"): "usage::processes().map_unordered(&usage::takes<{t}>, usage::gives<std::vector<{t}>>());",
            ("map_unordered", "result"): "usage::processes().map_unordered(&usage::returns<{t}>, std::vector<int>());",
            ("process_map", "argument"): "cf::process_map(&usage::takes<{t}>, usage::gives<std::vector<{t}>>());",
            ("process_map", "result"): "cf::process_map(&usage::returns<{t}>, std::vector<int>());",
        }
        tenth = []
        for (entry, position), text in entries.items():
            cells = []
            if not re.search(args.entries, entry):
                continue
            for k in kinds:
                kind = KINDS[k]
                expected = kind.argument_only if position == "result" else kind.refusal
                if not expected or not re.search(args.kinds, kind.type):
                    continue
                cells.append((Unit(k, None, entry, position), f"void refused_{len(cells)}_{k}() {{ {text.format(t=f'kinds_{k}::type' if kind.refusal else f'kinds_{k}::Kind::type')} }}\n", expected))
            if args.all:
                self.expect_refusals(re.sub(r"\W", "_", f"refused_{entry}_{position}"), cells)
            else:
                tenth += [c for c in cells if number_from(self.name, KINDS[c[0].kind].type, entry, position) % args.one_in == 0]
        once = {c[0].kind: c for c in tenth}
        self.expect_refusals("refused", list(once.values()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--include", action="append", default=[], help="a folder of headers")
    parser.add_argument("--includes", default="", help="a file with a folder of headers in each line")
    parser.add_argument("--work", required=True, help="a folder for what is generated")
    parser.add_argument("--gcc", default=shutil.which("g++-12") or shutil.which("g++"))
    parser.add_argument("--clang", default=shutil.which("clang++-19") or shutil.which("clang++"))
    parser.add_argument("--ccache", default="")
    parser.add_argument("--all", action="store_true", help="all units, not one in so many of them")
    parser.add_argument("--one-in", type=int, default=10)
    parser.add_argument("--product", action="store_true", help="each kind with each callable: hours")
    parser.add_argument("--per-kind", type=int, default=1, help="with how many callables each kind is tried by each compiler")
    parser.add_argument("--only", default="", help="configurations, as gcc-O0: a regular expression")
    parser.add_argument("--kinds", default="", help="a regular expression")
    parser.add_argument("--callables", default="", help="a regular expression")
    parser.add_argument("--entries", default="", help="a regular expression")
    parser.add_argument("--what", default="cells refusals", help="cells, refusals or both")
    parser.add_argument("--units-per-file", type=int, default=150)
    parser.add_argument("--compile-limit", type=int, default=200, help="CPU time for a file, in seconds")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    args.work = os.path.abspath(args.work)
    if args.includes:
        with open(args.includes) as lines:
            args.include += lines.read().split("\n")
    args.flags = ["-std=c++20", "-DFMT_HEADER_ONLY"] + [f"-I{os.path.abspath(i)}" for i in args.include if i and i != "/usr/include"]
    if os.path.isdir("/usr/include/eigen3"):
        args.flags.append("-I/usr/include/eigen3")

    clock, started = Clock(), time.monotonic()
    configs = []
    for toolchain in toolchains(args):
        for optimisation in ("-O0", "-O2"):
            config = Config(toolchain, optimisation, args)
            if re.search(args.only, config.name):
                configs.append(config)

    def work(config):
        kinds = available(config.toolchain, args)
        if "cells" in args.what:
            config.build(kinds)
            program = config.link()
            if program:
                config.run_program(program)
        if "refusals" in args.what and config.name.endswith("-O0"):
            config.refusals(kinds)
        counts = config.counts
        print(f"usage: {config.name}: {sum(counts.values())} cells: {counts['passed']} arrived, {counts['refused']} refused as they should be, {counts['unexpected']} unexpected", flush=True)
        return config

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        configs = list(pool.map(work, configs))
    total = collections.Counter()
    for config in configs:
        total.update(config.counts)
    failed = sum(config.failed for config in configs)
    print(f"usage: {sum(total.values())} cells of {len(CALLABLES)} callables, {sum(map(len, FAMILIES.values()))} entry points and {len(KINDS)} kinds: "
          f"{total['passed']} arrived, {total['refused']} refused as they should be, {failed} unexpected ({time.monotonic() - started:.0f} s, {clock})")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
