"""How long the lab takes: `make bench`. The aims are for a machine with two cores."""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from checks import findings, lab, programs  # noqa: E402
from checks.attempts import attach  # noqa: E402
from checks.tree import Tree  # noqa: E402


def seconds(work: Callable[[], object], times: int) -> float:
    """The median of what a piece of work takes."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def attachment(plugins: Path) -> None:
    """Two pods on the guide's bridge, from ADD to DEL, with all that is looked at between, in a lab of its own."""
    name = "10-k8s-bridge.conf"
    attempt = attach(name, (ROOT / "snippets/cni" / name).read_text(), plugins)
    if not attempt.works:
        sys.exit(f"bench: the attachment does not work, so its duration tells nothing: {attempt.stopped or attempt.refused}")


def whole() -> None:
    """Every check that needs the lab, on the guide."""
    tree = Tree(ROOT)
    tree.lab = True
    names = [name for name, each in findings.load().items() if each.needs == "lab"]
    for problem in [*findings.run(tree, names), *tree.not_run]:
        print(f"bench: not all is well, so the duration tells less: {problem}", file=sys.stderr)


def main() -> None:
    """Print the durations."""
    if why := lab.unavailable():
        sys.exit(f"bench: {why}")
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} at the start")
    print(f"{seconds(lambda: lab.run(['true']), 11):7.3f} s  an empty lab")
    for version, plugins in programs.cni_plugins().items():
        took = seconds(lambda plugins=plugins: attachment(plugins), 5)
        print(f"{took:7.3f} s  two pods attached, tried and taken off, CNI bridge {version}; {took / 2:.3f} s each (aim: under 0.3 s)")
    print(f"{seconds(whole, 1):7.3f} s  the whole lab run (aim: under 10 s)")


if __name__ == "__main__":
    main()
