"""Findings in the preview: `make serve` logs them, and shows those of a page and its snippets in a box on that page.

The checks run as the command that contributors run, so that a preview shows the newest checks and needs nothing of them. A build
does not come here: `make site` runs the checks before it. A warning in `serve` is no error, so that the preview stays up.
"""

import html
import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mkdocs.utils import get_relative_url

log = logging.getLogger("mkdocs.hooks.preview")
_state = {"serving": False, "findings": []}
_HEADLINE = {"en": "The checks find fault with this page or its snippets", "zh": "本页或其代码片段未通过检查"}


def on_startup(*, command, **_) -> None:
    _state["serving"] = command == "serve"


def on_pre_build(*, config) -> None:
    if not _state["serving"] or config.plugins["i18n"].building:
        return
    root = Path(config.config_file_path).parent
    done = subprocess.run([sys.executable, "-m", "checks", "--no-lab", "--format", "json"], cwd=root, capture_output=True, text=True)
    if done.returncode == 2:
        log.warning("the checks could not do their work: %s", done.stderr.strip())
        return
    _state["findings"] = json.loads(done.stdout)["findings"]
    for each in _state["findings"]:
        log.warning("%(path)s:%(line)d:%(column)d: %(message)s [%(check)s]", each)


def on_page_markdown(markdown, *, page, config, files) -> str:
    if not _state["serving"]:
        return markdown
    paths = {f"docs/{page.file.src_uri}"} | {f"snippets/{name}" for name in re.findall(r'^\s*--8<-- "([^"]+)"', markdown, re.M)}
    found = [each for each in _state["findings"] if each["path"] in paths]
    home = "" if page.file.locale == "en" else f"{page.file.locale}/"
    return box(found, page.file.locale, lambda address: get_relative_url(home + address, page.url)) + markdown


def box(findings: list[dict], lang: str, address: Callable[[str], str]) -> str:
    """The box for some findings (as `--format json` gives them), as HTML; empty without findings.

    `address` makes of an address below the language's root one that the page can link to.
    """
    if not findings:
        return ""
    rows = "".join(
        f"<li><code>{html.escape(each['path'])}:{each['line']}:{each['column']}</code> {html.escape(each['message'])} "
        f'[<a href="{html.escape(address(each["help"]))}">{html.escape(each["check"])}</a>]</li>'
        for each in findings
    )
    return f'<div class="admonition failure"><p class="admonition-title">{_HEADLINE[lang]}</p><ul>{rows}</ul></div>\n\n'
