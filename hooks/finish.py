"""Finishing of the built site: what MkDocs and its plugins leave undone.

`finish()` is a plain function over the folder of a built site; the functions named `on_…` call it, and two small repairs, from
MkDocs (`hooks:` in mkdocs.yml).
"""

import html
import json
import logging
import os
import re
import shutil
from pathlib import Path

from mkdocs.plugins import event_priority

log = logging.getLogger("mkdocs.hooks.finish")  # below "mkdocs.": a warning fails a strict build

# A code block as Material prints it; nothing but the guide's own snippets stands in one.
_BLOCK = re.compile(r'(?P<open><div class="language-(?P<lexer>\w+) highlight")>(?P<pre><pre>.*?</pre>)', re.S)


def finish(site: Path, snippets: Path, languages: list[str]) -> list[str]:
    """Finish the site built in `site` from `snippets`; the first of `languages` lives at the root, the others below their name.

    Publishes the raw snippets, names each code block's file above it, gives the copy button commands without prompt and output,
    and parts the search index and the sitemap by language. Returns what went wrong, as sentences.
    """
    problems = _publish(site, snippets)
    for lang in languages[1:]:
        _part_search(site, lang)
        _part_sitemap(site, lang)
    return problems


def _publish(site: Path, snippets: Path) -> list[str]:
    shutil.copytree(snippets, site / "snippets", dirs_exist_ok=True)
    files = {}
    for path in sorted(p for p in snippets.rglob("*") if p.is_file()):
        files.setdefault(_bare(path.read_text("utf-8")), path.relative_to(snippets).as_posix())
    problems = []
    for page in sorted(site.rglob("*.html")):
        text = page.read_text("utf-8")
        root = os.path.relpath(site, page.parent).replace(os.sep, "/")
        text, blocks = _BLOCK.subn(lambda block, root=root: _named(block, root, files) or block[0], text)
        page.write_text(text, "utf-8")
        if blocks != text.count("<pre>") or blocks != text.count(" data-snippet="):
            problems.append(f"{page.relative_to(site)}: a code block that is no snippet's text")
    return problems


def _bare(text: str) -> str:
    """Code without the line ends around it, which Pygments does not keep."""
    return text.strip("\n")


def _named(block: re.Match, root: str, files: dict[str, str]) -> str | None:
    """The block with its file's name, the raw file's address, and what the copy button copies; None for no snippet's text."""
    code = html.unescape(re.sub(r"<[^>]+>", "", block["pre"]))
    name = files.get(_bare(code))
    if name is None:
        return None
    copied = f' data-copy="{html.escape(commands(code))}"' if block["lexer"] == "console" else ""
    link = f'<span class="filename"><a href="{root}/snippets/{name}" download>{name}</a></span>'
    return f'{block["open"]} data-snippet="{name}"{copied}>{link}{block["pre"]}'


def commands(transcript: str) -> str:
    """What a reader would type of a transcript: lines after `$ `, and after `> ` where they go on with one; no prompts, no output."""
    typed, command = [], False
    for line in transcript.splitlines():
        command = line.startswith("$ ") or (command and line.startswith("> "))
        typed += [line[2:]] if command else []
    return "\n".join(typed)


def _part_search(site: Path, lang: str) -> None:
    """Move the entries of a language from the one index into an index of its own, so that a reader finds only their language.

    jieba has cut the Chinese words already and U+200B parts them, so neither index needs lunr's scripts for languages.
    """
    whole = site / "search" / "search_index.json"
    index = json.loads(whole.read_text("utf-8"))
    prefix = f"{lang}/"
    own = [entry | {"location": entry["location"].removeprefix(prefix)} for entry in index["docs"] if entry["location"].startswith(prefix)]
    rest = [entry for entry in index["docs"] if not entry["location"].startswith(prefix)]
    config = index["config"] | {"lang": ["en"], "pipeline": ["stopWordFilter"]}
    for path, entries in ((site / lang / "search" / "search_index.json", own), (whole, rest)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"config": config, "docs": entries}, ensure_ascii=False, separators=(",", ":")), "utf-8")


def _part_sitemap(site: Path, lang: str) -> None:
    """Write the language's part of the sitemap, which Material's script asks for below the language's root."""
    text = (site / "sitemap.xml").read_text("utf-8")
    head = text.split("<url>", 1)[0].rstrip()
    own = [url for url in re.findall(r"<url>.*?</url>", text, re.S) if re.search(rf"<loc>[^<]*?//[^/<]+(?:/[^<]*)?/{lang}/", url)]
    (site / lang / "sitemap.xml").write_text("\n".join([head, *own, "</urlset>", ""]), "utf-8")


def on_startup(**_) -> None:
    """Keep jieba from printing that it builds its dictionary."""
    import jieba

    jieba.setLogLevel(logging.ERROR)


def on_pre_template(template, *, template_name, config):
    """Drop the alternates that static-i18n leaves behind from the last page: a 404 page has none."""
    vars(config.extra).pop("alternate", None)
    return template


def on_post_template(output, *, template_name, config):
    """Keep the 404 page of each further language below its own root; static-i18n would overwrite the first one's."""
    plugin = config.plugins["i18n"]
    if template_name != "404.html" or plugin.current_language == plugin.default_language:
        return output
    path = Path(config.site_dir, plugin.current_language, "404.html")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(output, "utf-8")
    return ""


@event_priority(-200)  # after static-i18n, which builds the other languages in its own on_post_build
def on_post_build(*, config) -> None:
    plugin = config.plugins["i18n"]
    if plugin.building:  # a further language, inside of the first one's build
        return
    languages = [plugin.default_language, *(lang for lang in plugin.build_languages if lang != plugin.default_language)]
    for problem in finish(Path(config.site_dir), Path(config.config_file_path).parent / "snippets", languages):
        log.warning(problem)
