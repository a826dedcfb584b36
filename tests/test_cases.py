"""Every check is seen failing and passing: `tests/cases/<check>/{bad-…,good-…}/` are small trees.

A bad case holds a file `expected` with the lines that `python -m checks --only <check>` prints for it (without
source lines and carets): place, words and check, to the letter. A good case has no findings. Files of a case that no
check should see (`expected`, a built `site/`) stand beside `docs/` and `snippets/`.
"""

from pathlib import Path

import pytest

from checks.findings import load, run
from checks.tree import Tree

CASES = Path(__file__).parent / "cases"
CHECKS = load()


def cases(verdict: str) -> list:
    """The case folders of one verdict, as pytest parameters named `check/case`."""
    return [pytest.param(case, id=f"{case.parent.name}/{case.name}") for case in sorted(CASES.glob(f"*/{verdict}-*"))]


def findings(case: Path) -> list[str]:
    """What the case's own check says of it, one line a finding."""
    tree = Tree(case)
    tree.lab = CHECKS[case.parent.name].needs == "lab"
    if (case / "site").is_dir():
        tree.site = case / "site"
    return [f"{f.place}: {f.message} [{f.check}]" for f in run(tree, [case.parent.name])]


@pytest.mark.parametrize("case", cases("bad"))
def test_bad_case_is_caught_where_it_is_bad(case):
    expected = (case / "expected").read_text("utf-8").splitlines()
    assert expected, "a bad case without an expected finding proves nothing"
    assert findings(case) == expected


@pytest.mark.parametrize("case", cases("good"))
def test_good_case_passes(case):
    assert findings(case) == []


@pytest.mark.parametrize("name", CHECKS)
def test_check_is_seen_failing_and_passing(name):
    if CHECKS[name].needs == "online":
        pytest.skip("asked of a server that misbehaves, in test_links_online.py")
    verdicts = {case.name.split("-")[0] for case in (CASES / name).glob("*-*")}
    assert verdicts == {"bad", "good"}


def test_every_case_belongs_to_a_check():
    assert {case.name for case in CASES.iterdir()} <= set(CHECKS)
