# SPDX-License-Identifier: BSL-1.0
"""check_guide.py GUIDE WORK COMPILER FLAGS_FILE: compiles and runs every piece of code of the guide.

A piece that has a main is a program, compared with the text below it; one that needs Boost is left out where that is
not installed. All others go into one program, each in a namespace of its own; of each the last function that takes
nothing is called, and must print something."""
import pathlib
import re
import subprocess
import sys

guide, work, compiler, flags = sys.argv[1:]
work = pathlib.Path(work)
text = pathlib.Path(guide).read_text()


def build_and_run(name, source):
    (work / f"{name}.cpp").write_text(source)
    built = subprocess.run([compiler, f"@{flags}", "-UFMT_SHARED", "-DFMT_HEADER_ONLY", f"{name}.cpp", "-pthread", "-o",
                            name], cwd=work, capture_output=True, text=True, timeout=300)
    if built.returncode != 0:
        sys.exit(f"the guide's code does not compile:\n{built.stderr[:4000]}\n{source}")
    ran = subprocess.run([f"./{name}"], cwd=work, capture_output=True, text=True, timeout=60)
    if ran.returncode != 0:
        sys.exit(f"the guide's program {name} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def lacks_boost(code):
    headers = re.findall(r"^#include <boost/.*$", code, re.M)
    return headers and subprocess.run([compiler, f"@{flags}", "-E", "-x", "c++", "-", "-o", "/dev/null"], text=True,
                                      input="\n".join(headers), capture_output=True, timeout=300).returncode != 0


includes = ["#include <concurrent/futures.hpp>", "#include <concurrent/multiprocessing.hpp>", "#include <chrono>"]
pieces, calls, programs = [], [], 0
for code, following in re.findall(r"```cpp\n(.*?)```\n(```text\n.*?```\n)?", text, re.S):
    if re.search(r"^int main\(", code, re.M):
        programs += 1
        if lacks_boost(code):
            print("left out: a program that needs Boost, which is not there")
            continue
        printed = build_and_run(f"guide_{programs}", code)
        if f"```text\n{printed}```\n" != following:
            sys.exit(f"the guide's program prints\n{printed}not\n{following}\n{code}")
        continue
    includes += re.findall(r"^#include.*$", code, re.M)
    body = re.sub(r"^#include.*\n", "", code, flags=re.M)
    entry = re.findall(r"^void (\w+)\(\) \{", body, re.M)[-1]
    pieces.append(f"namespace piece_{len(pieces)} {{\n{body}\n}}\n")
    calls.append(f'  std::printf("== {entry}\\n");\n  piece_{len(calls)}::{entry}();\n')
source = "\n".join(dict.fromkeys(includes)) + """
#include <cstdio>
namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
using namespace std::chrono_literals;
""" + "".join(pieces) + "int main() {\n" + "".join(calls) + "}\n"
printed = build_and_run("guide", source)
silent = [part.split("\n", 1)[0] for part in printed.split("== ")[1:] if not part.split("\n", 1)[1].strip()]
if silent or len(pieces) < 5 or programs < 2:
    sys.exit(f"of {len(pieces)} pieces and {programs} programs these print nothing: {silent}\n{printed}")
print(printed)
