"""How long the static checks take, beside what a user would pick instead: `make bench`.

Every tool gets the same files in one run, one tool after the other, at the guide's size and at 100 times its size (`bench/trees.py`). Of each
the CPU time is compared, its own and that of what it starts, because it hardly depends on what else the machine does; the time that
passes and the most memory of one process are shown too. Nothing here passes or fails: where an aim is not reached, the output says so.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import trees

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".cache" / "bench" / "bin"
# Each tool by the name of its row: what it looks at, and what it does not do that the checks do.
NOTES = {
    "check-jsonschema, networks": "the schema of the checks itself; says no line, and knows nothing of gateways, ranges, plugins or rkt's folder",
    "check-jsonschema, Pods": "Kubernetes 1.37, what a Pod needs of the schema in kubernetes-validate; says no line, and nothing of 1.3, of names, mounts or ports",
    "kubernetes-validate, Pods": "the same schema, strictly; says no line, and nothing of 1.3, of names, mounts or ports",
    "yamllint": "form of YAML; knows no Pod",
    "shellcheck": "the commands of transcripts, taken out beforehand; the checks ask the same program, and compare flags and output besides",
    "lychee": "links of the built site, with fragments, offline",
}
# The rows of the checks.
STATIC, LINKS, AGAIN = "checks --no-lab", "checks, links of the site", "checks --no-lab, unchanged"
PYTHON = [sys.executable, "-m", "checks"]


@dataclass(frozen=True)
class Run:
    """What one call of a program took: seconds that passed, seconds of CPU, MiB at most."""

    wall: float
    cpu: float
    memory: float


class Row(NamedTuple):
    """A row of a table: the number of files that a tool is given, and what it takes for them."""

    files: int
    run: Run


def measured(command: list[str], folder: Path, fine: Iterable[int] = (0,)) -> Run:
    """Run a command once. Ends the bench where the status is none of those that are `fine`, because then the time tells nothing."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTHONDONTWRITEBYTECODE")}
    with tempfile.TemporaryFile("w+") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in fine:
            said.seek(0)
            sys.exit(f"bench: {' '.join(command)[:200]} ended with {process.returncode}: {said.read()[-2000:]}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def median(runs: list[Run]) -> Run:
    """The median of each figure."""
    return Run(*(statistics.median(getattr(run, figure) for run in runs) for figure in ("wall", "cpu", "memory")))


def files(folder: Path, *patterns: str) -> list[str]:
    """The files below a folder that fit a pattern, as its tools are told them."""
    return sorted(path.relative_to(folder).as_posix() for pattern in patterns for path in folder.glob(pattern))


def pod_schema(folder: Path) -> Path:
    """What a Pod needs of the schema that kubernetes-validate brings, as one file: check-jsonschema cannot follow its references."""
    [source] = TOOLS.parent.glob(
        "lib/python3*/site-packages/kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict/_definitions.json"
    )
    known, wanted, found = json.loads(source.read_text("utf-8"))["$defs"], ["io.k8s.api.core.v1.Pod"], {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = known[name]
            wanted += [part.split('"')[0] for part in json.dumps(known[name]).split("#/$defs/")[1:]]
    path = folder / "pod.json"
    path.write_text(json.dumps({"$ref": "#/$defs/io.k8s.api.core.v1.Pod", "$defs": found}), "utf-8")
    return path


def scripts(tree: Path, folder: Path) -> list[str]:
    """The commands of each transcript, as a script in a folder of its own: shellcheck reads no transcripts."""
    sys.path.insert(0, str(ROOT))
    from checks.shell import commands

    folder.mkdir()
    for number, path in enumerate(files(tree, "snippets/shell/**/*.console")):
        text = "".join(command.text + "\n" for command in commands((tree / path).read_text("utf-8")))
        (folder / f"{number}.sh").write_text(f"#!/bin/bash\n{text}", "utf-8")
    return [str(path) for path in sorted(folder.iterdir())]


def others(tree: Path, site: Path, aside: Path) -> dict[str, tuple[int, list[str], tuple[int, ...]]]:
    """By name the number of files, the command, and the statuses that say that the tool did its work (1: it has found something)."""
    networks, pods = files(tree, "snippets/cni/**/*.conf", "snippets/failures/**/*.conf"), files(tree, "snippets/pods/**/*.yaml")
    shell = scripts(tree, aside / "scripts")
    jsonschema, schema = [f"{TOOLS}/check-jsonschema", "--quiet", "--schemafile"], str(tree / "checks" / "schemas" / "cni.json")
    lychee = [
        f"{TOOLS}/lychee",
        "--offline",
        "--include-fragments",
        "--index-files",
        "index.html",
        "--no-progress",
        "--root-dir",
        str(site),
    ]
    return {
        "check-jsonschema, networks": (len(networks), [*jsonschema, schema, "--default-filetype", "json", *networks], (0, 1)),
        "check-jsonschema, Pods": (len(pods), [*jsonschema, str(pod_schema(aside)), *pods], (0, 1)),
        "kubernetes-validate, Pods": (len(pods), [f"{TOOLS}/kubernetes-validate", "--strict", "--quiet", *pods], (0, 1)),
        "yamllint": (len(pods) + 1, [f"{TOOLS}/yamllint", "snippets/pods", "mkdocs.yml"], (0, 1)),
        "shellcheck": (len(shell), [f"{TOOLS}/shellcheck", "--norc", "--format=gcc", *shell], (0, 1)),
        "lychee": (len(files(site, "**/*.html")), [*lychee, str(site)], (0, 2)),
    }


def own(tree: Path, site: Path) -> dict[str, tuple[int, list[str], tuple[int, ...]]]:
    """The same of the checks; first those that read the guide, then the one of the built site."""
    number = len(files(tree, "docs/*/**/*.md", "snippets/**/*.*"))
    links = [*PYTHON, "--only", "built_link_resolves", "--site", str(site)]
    return {STATIC: (number, [*PYTHON, "--no-lab"], (0,)), LINKS: (len(files(site, "**/*.html")), links, (0, 1))}


def rows(times: int, folder: Path, site: Path, repeat: int) -> dict[str, Row]:
    """What each tool takes on a guide `times` as large; what is not warm yet is run once before."""
    tree, large = folder / "guide", folder / "site"
    trees.grow(tree, times)
    trees.repeat(site, large, times)
    found = {}
    for name, (number, command, fine) in {**own(tree, large), **others(tree, large, folder)}.items():
        runs = [measured(command, tree, fine) for _ in range(repeat + (repeat > 1))]
        found[name] = Row(number, median(runs[-repeat:]))
    (tree / ".cache").mkdir()
    measured([*PYTHON, "--no-lab"], tree)
    found[AGAIN] = Row(found[STATIC].files, median([measured([*PYTHON, "--no-lab"], tree) for _ in range(max(3, repeat))]))
    return found


def show(title: str, found: dict[str, Row], before: dict[str, Row] | None) -> None:
    """Print a table; with what came `before` at a smaller size, how much each figure has grown."""
    print(f"\n{title}\n{'':32}{'files':>7}{'CPU s':>9}{'passed s':>10}{'MiB':>8}{'of static':>11}{'  CPU grew':>11}{'MiB grew':>10}")
    for name, (number, run) in found.items():
        line = f"{name:32}{number:7}{run.cpu:9.2f}{run.wall:10.2f}{run.memory:8.0f}{run.cpu / found[STATIC].run.cpu:11.2f}"
        if before:
            line += f"{run.cpu / before[name].run.cpu:10.0f}×{run.memory / before[name].run.memory:9.1f}×"
        print(line)


def aims(found: dict[str, Row], before: dict[str, Row] | None, times: int, idle: float) -> None:
    """Print how the figures stand to what is aimed at, whether they reach it or not."""
    cpu = {name: row.run.cpu for name, row in found.items()}
    files_only = sum(cpu[name] for name in NOTES if name != "lychee")
    for what, ratio, aim in [
        ("static checks, of all tools", cpu[STATIC] / (files_only + cpu["lychee"]), 0.5),
        ("static checks, of all tools but lychee, which reads the site", cpu[STATIC] / files_only, 0.5),
        ("static checks and links of the site, of all tools", (cpu[STATIC] + cpu[LINKS]) / (files_only + cpu["lychee"]), 0.5),
        ("an unchanged guide, of a guide checked for the first time", cpu[AGAIN] / cpu[STATIC], 0.1),
    ]:
        print(f"{ratio:8.2f}  {what} (CPU; aim: under {aim}: {'reached' if ratio < aim else 'NOT reached'})")
    if before:
        grown = (cpu[STATIC] - idle) / (before[STATIC].run.cpu - idle)
        verdict = "reached" if grown <= times else "NOT reached"
        print(f"{grown:8.0f}  times the CPU at {times} times the size, start-up ({idle:.2f} s) left out (aim: not over {times}: {verdict})")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=100, help="how many times as large the large guide is")
    times = parser.parse_args().times
    print(f"\n{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} at the start; Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "built")
        build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)]
        measured(build, ROOT)
        for name, command in {"python -c pass": ["-c", "pass"], "python -m checks --list": ["-m", "checks", "--list"]}.items():
            run = median([measured([sys.executable, *command], ROOT) for _ in range(11)])
            print(f"{run.cpu:8.3f} s CPU, {run.wall:.3f} s passed: {name}")
        idle = median([measured([sys.executable, "-c", "from checks import findings; findings.load()"], ROOT) for _ in range(5)]).cpu
        small = rows(1, Path(folder, "small"), site, 3)
        show("The guide (median of 3)", small, None)
        aims(small, None, 1, idle)
        large = rows(times, Path(folder, "large"), site, 1)
        show(f"A guide {times} times as large (once; unchanged: median of 3)", large, small)
        aims(large, small, times, idle)
    print("\nWhat the others look at, and what they do not see:")
    for name, note in NOTES.items():
        print(f"  {name}: {note}")
    print(f"  {STATIC}: all that, and besides the pages, both languages, tables, units, diagrams, flags, recorded output; not the lab")


if __name__ == "__main__":
    main()
