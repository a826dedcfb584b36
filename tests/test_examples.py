"""The Python examples of docstrings and of CONTRIBUTING.md run, print what they say, and are linted."""

import pytest
from pytest_examples import CodeExample, EvalExample, find_examples

from checks.findings import CHECKS

EXAMPLES = list(find_examples("checks", "CONTRIBUTING.md"))


@pytest.fixture(autouse=True)
def register_as_before():
    """An example may register a check; it must not stay."""
    before = dict(CHECKS)
    yield
    CHECKS.clear()
    CHECKS.update(before)


def test_there_are_examples():
    assert {"__init__.py", "findings.py", "tree.py", "markdown.py", "CONTRIBUTING.md"} <= {example.path.name for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_example_runs(example: CodeExample, eval_example: EvalExample, root, monkeypatch):
    monkeypatch.chdir(root)
    eval_example.set_config(line_length=140)
    eval_example.lint_ruff(example)
    eval_example.run_print_check(example)
