"""The pages that explain a check: where they belong, what weight the search gives them, and a finding as it is printed.

They are in no navigation, because 80 entries would bury the guide; `docs/*/checks/index.md` lists them, and is their parent.
"""

import html
import re
from pathlib import Path

# Whoever searches for a word of the guide wants the guide first. With more weight `flannel` leads to a check before it leads to the guide,
# with less the name of a check no longer leads to its page among the first.
_BOOST = 0.3
_PRINTED = {"en": "A finding, as it is printed for `{case}`:", "zh": "`{case}` 的一条检查结果，原样打印如下："}


def on_nav(nav, *, config, files):
    """Give each page outside of the navigation the list of its folder as its parent, so that the sidebar shows where it belongs."""
    for file in files.documentation_pages():
        index = files.get_file_from_path(f"{Path(file.src_uri).parent.as_posix()}/index.md")
        if file.inclusion.is_not_in_nav() and file.page.parent is None and index is not None:
            file.page.parent = index.page
    return nav


def on_page_markdown(markdown, *, page, config, files) -> str:
    if not getattr(page.parent, "is_page", False):
        return markdown
    page.meta["search"] = {"boost": _BOOST}
    return markdown + printed(Path(config.config_file_path).parent, Path(page.file.src_uri).stem, page.file.locale)


def printed(root: Path, name: str, lang: str) -> str:
    """The first finding of the first case that shows a check failing, as Markdown; empty for a check without a case."""
    for case in sorted((root / "tests" / "cases" / name.replace("-", "_")).glob("bad-*")):
        line = (case / "expected").read_text("utf-8").splitlines()[0]
        line = html.escape(line).replace("\t", "&#9;")  # Markdown would make blanks of it
        said = _PRINTED[lang].format(case=f"{case.relative_to(root).as_posix()}/")
        return f'\n\n{said}\n\n<p class="printed" data-search-exclude="1"><code lang="en">{line}</code></p>\n'
    return ""


def on_post_page(output, *, page, config) -> str:
    """Let the name in the title break between its words, where a window is too narrow for it."""
    if not getattr(page.parent, "is_page", False):
        return output
    return re.sub(r"(?<=<code>)\w+(?=</code><a class=\"headerlink\")", lambda name: name[0].replace("_", "_<wbr>"), output, count=1)
