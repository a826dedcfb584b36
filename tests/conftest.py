"""The built site, a server that answers as Netlify would, and a browser: built once for all tests that ask for them."""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest

ROOT = Path(__file__).parent.parent
NODE_MODULES = ROOT / ".cache" / "node" / "node_modules"
CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CHROMIUM += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The guide, built strictly into a folder of its own; the build's words must hold no warning."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return folder


def ask_netlify(questions: list[dict], folder: Path = ROOT) -> dict:
    """What Netlify's own engine says to some requests, and what it read in netlify.toml (tests/node/netlify.mjs)."""
    script = ROOT / "tests" / "node" / "netlify.mjs"
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    command = [node, str(script), str(folder), str(NODE_MODULES)]
    done = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files with the headers of netlify.toml, and the 404 page of the address's language."""

    headers_of_netlify: ClassVar[dict[str, str]] = {}
    protocol_version = "HTTP/1.1"

    def end_headers(self):
        for name, value in self.headers_of_netlify.items():
            self.send_header(name, value)
        super().end_headers()

    def send_error(self, code, message=None, explain=None):
        page = Path(self.directory, "zh" if self.path.startswith("/zh/") else ".", "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address(site) -> str:
    """The address of a server on this machine that serves the site with the headers that Netlify would send."""
    rules = ask_netlify([])["headers"]
    handler = type("Handler", (_Handler,), {"headers_of_netlify": next(rule["values"] for rule in rules if rule["for"] == "/*")})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def browser():
    """Chromium, from the system."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    assert program, "chromium is not installed; `make test` installs it"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        yield started
        started.close()
