"""Levels of verification on the built site: below each snippet, and all of them on the page on verification.

The site shows what the committed record (`verification.json`) says, because the machine that publishes it cannot run the
lab. `show()` is a plain function over the folder of a built site that `hooks/finish.py` has finished.
"""

import hashlib
import html
import json
import logging
import os
import re
from collections import Counter
from pathlib import Path

from mkdocs.plugins import event_priority

log = logging.getLogger("mkdocs.hooks.levels")  # below "mkdocs.": a warning fails a strict build

# The levels, best first, and the other words of a language.
LEVELS = {
    "en": {"ran": "ran", "recorded": "recorded", "validated": "validated", "excused": "excused"},
    "zh": {"ran": "已运行", "recorded": "已录制", "validated": "已校验", "excused": "未运行"},
}
_COLON = {"en": ": ", "zh": "："}
_COMMA = {"en": ", ", "zh": "、"}
_COUNTS = {"en": ("Level", "Snippets"), "zh": ("级别", "片段数")}
_ALL = {"en": "All", "zh": "合计"}
_DATA = {"en": "The same as data: ", "zh": "同样内容的数据文件："}
_COLUMNS = {"en": ("Snippet", "Level", "Day", "With"), "zh": ("片段", "级别", "日期", "组件与版本")}

# A code block that finish.py has named, and the mark in Markdown that the table stands for.
_BLOCK = re.compile(r'<div class="language-\w+ highlight" data-snippet="(?P<name>[^"]+)".*?</pre>', re.S)
_MARK = "<!-- every snippet -->"
# Tables and diagrams stand in no code block: the include leaves a mark behind it, for their name and level.
_INCLUDE = re.compile(r'^(?P<line>(?P<indent> *)--8<-- "(?P<name>(?:flags|diagrams)/[^"]+)")$', re.M)
_SHOWN = re.compile(r"<!-- snippet (?P<name>\S+) -->")


def show(site: Path, root: Path) -> list[str]:
    """Put the levels into the site built in `site` from the repository in `root`, and publish the record. Returns what went wrong.

    A snippet that the record does not know, or knows with other bytes, gets no level.
    """
    path = root / "verification.json"
    if not path.is_file():
        return ["verification.json is missing: no snippet shows its level"]
    (site / path.name).write_bytes(path.read_bytes())
    record = {entry["path"].removeprefix("snippets/"): entry for entry in json.loads(path.read_text("utf-8"))}
    stale = [name for name, entry in record.items() if entry["sha256"] != _digest(root / entry["path"])]
    problems = [f"snippets/{name} has other bytes than verification.json vouches for; it shows no level" for name in stale]
    record = {name: entry for name, entry in record.items() if name not in stale}
    for page in sorted(site.rglob("*.html")):
        text, name = page.read_text("utf-8"), page.relative_to(site)
        lang = name.parts[0] if name.parts[0] in LEVELS else "en"
        up = os.path.relpath(site, page.parent).replace(os.sep, "/")
        unknown = [each for each in _BLOCK.findall(text) if each not in record and each not in stale]
        problems += [f"{name}: snippets/{each} is not in verification.json" for each in unknown]
        text = _BLOCK.sub(lambda block, lang=lang, up=up: block[0] + foot(record.get(block["name"]), lang, up), text)
        text = _SHOWN.sub(lambda mark, lang=lang, up=up: _named(mark["name"], foot(record.get(mark["name"]), lang, up), up), text)
        page.write_text(text.replace(_MARK, overview(record, lang, up)), "utf-8")
    return problems


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def foot(entry: dict | None, lang: str, up: str) -> str:
    """The line below a snippet's code: its level, which links to what it means, with components and day or the reason."""
    if entry is None:
        return ""
    page = f"{up}/{'' if lang == 'en' else lang + '/'}verification/#{entry['level']}"
    level = f'<a href="{page}">{LEVELS[lang][entry["level"]]}</a>'
    if entry["level"] == "excused":
        words = level + _COLON[lang] + _prose(entry["reason"][lang])
    else:
        components = _COMMA[lang].join(entry["with"]) if entry["level"] != "validated" else ""
        words = " · ".join([level, *(html.escape(each) for each in (components, entry["date"]) if each)])
    return f'<p class="level">{words}</p>'


def _named(name: str, line: str, up: str) -> str:
    """The foot line of a table or diagram, which names the raw file too: there is no bar above it that would."""
    return line.replace('<p class="level">', f'<p class="level alone"><a href="{up}/snippets/{name}">{name}</a> · ')


def overview(record: dict[str, dict], lang: str, up: str) -> str:
    """How many snippets have each level, and a row for every snippet, the best level first."""
    words = LEVELS[lang]
    counts = Counter(entry["level"] for entry in record.values())
    figures = [(f'<a href="#{level}">{word}</a>', str(counts[level])) for level, word in words.items()]
    order = list(words)
    rows = [
        (
            f'<a href="{up}/snippets/{html.escape(name)}"><code>{html.escape(name)}</code></a>',
            words[entry["level"]],
            entry["date"] or "—",
            _prose(entry["reason"][lang]) if entry["reason"] else html.escape(_COMMA[lang].join(entry["with"])),
        )
        for name, entry in sorted(record.items(), key=lambda each: (order.index(each[1]["level"]), each[0]))
    ]
    every = _table(_COLUMNS[lang], rows)
    counted = _table(_COUNTS[lang], [*figures, (_ALL[lang], str(len(record)))])
    return f'{counted}\n<p>{_DATA[lang]}<a href="{up}/verification.json">verification.json</a></p>\n<div class="levels">{every}</div>'


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr></thead><tbody>{body}</tbody></table>"


def _prose(text: str) -> str:
    """A sentence with inline code as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def on_page_markdown(markdown, *, page, config, files) -> str:
    """Leave a mark behind each table and diagram that a page includes."""
    return _INCLUDE.sub(r"\g<line>\n\n\g<indent><!-- snippet \g<name> -->", markdown)


@event_priority(-300)  # after finish.py, which says which snippet a code block shows
def on_post_build(*, config) -> None:
    if config.plugins["i18n"].building:  # a further language, inside of the first one's build
        return
    for problem in show(Path(config.site_dir), Path(config.config_file_path).parent):
        log.warning(problem)
