"""The guides that `make bench` measures with are guides: as large as they say, and without findings."""

import os
import subprocess
import sys

from conftest import ROOT

sys.path.insert(0, str(ROOT / "bench"))

import trees


def files(folder):
    return {path.relative_to(folder).as_posix() for name in ("docs", "snippets") for path in (folder / name).rglob("*") if path.is_file()}


def test_large_guide_is_one_without_findings(tmp_path):
    """Findings would take time of their own, and so would a tree in which the checks find less to do."""
    trees.grow(tmp_path / "guide", 3)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "checks", "--no-lab"], cwd=tmp_path / "guide", env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    guide = files(ROOT)
    large = files(tmp_path / "guide")
    assert guide < large
    assert len(large) == 3 * len(guide)
    assert len({(tmp_path / "guide" / path).read_bytes() for path in large}) == len(large)


def test_large_site_is_the_site_again_and_again(tmp_path):
    (tmp_path / "site" / "zh").mkdir(parents=True)
    (tmp_path / "site" / "zh" / "index.html").write_text("<a href='..'>", "utf-8")
    trees.repeat(tmp_path / "site", tmp_path / "large", 3)
    found = {path.relative_to(tmp_path / "large").as_posix() for path in (tmp_path / "large").rglob("*.html")}
    assert found == {"zh/index.html", "c001/zh/index.html", "c002/zh/index.html"}
