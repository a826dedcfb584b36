"""`make serve`: findings are shown on the page that they concern, the preview stays up, and goes on when they are mended."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from conftest import ROOT

HEADLINES = {"": "The checks find fault with this page", "zh/": "本页或其代码片段未通过检查"}


@pytest.fixture
def preview(tmp_path):
    """The address of a running preview of a copy of the guide, and the folder of the copy."""
    for name in ("docs", "snippets", "hooks", "overrides", "checks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("mkdocs.yml", "verification.json"):
        shutil.copy(ROOT / name, tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, cwd=tmp_path, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}/", tmp_path
    process.terminate()
    process.wait()


def wait_for(address: str, wanted) -> None:
    """Ask for a page until it is as wanted; the preview needs a moment to notice a change."""
    text, end = "", time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                text = answer.read().decode()
        except urllib.error.URLError:
            text = ""
        if text and wanted(text):
            return
        time.sleep(0.3)
    pytest.fail(f"{address} never came as wanted; it starts {text[:200]!r}")


def test_finding_is_shown_on_its_page_until_it_is_mended(preview):
    address, folder = preview
    conf = folder / "snippets" / "cni" / "10-k8s-bridge.conf"
    good = conf.read_text("utf-8")
    wait_for(address + "networking/", lambda text: HEADLINES[""] not in text)
    conf.write_text(good.replace('"isGateway": true', '"isGateway": "true"'), "utf-8")
    for lang, headline in HEADLINES.items():
        wait_for(f"{address}{lang}networking/", lambda text, headline=headline: headline in text and "10-k8s-bridge.conf:5:16" in text)
        wait_for(f"{address}{lang}stage1/", lambda text, headline=headline: headline not in text)
        # The name of the check, in the box, leads to its page in the same language.
        wait_for(f"{address}{lang}networking/", lambda text: '[<a href="../checks/cni-fits-schema/">cni_fits_schema</a>]' in text)
        wait_for(f"{address}{lang}checks/cni-fits-schema/", lambda text: "<code>cni_<wbr>fits_<wbr>schema</code>" in text)
    conf.write_text(good, "utf-8")
    wait_for(address + "networking/", lambda text: HEADLINES[""] not in text)
