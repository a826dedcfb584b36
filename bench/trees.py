"""Guides as large as one likes: the guide itself, and copies of all of its pages and snippets, each a little different.

A copy of a page stands in a folder of its own (`docs/en/c017/networking.md`) and includes the copies of its snippets
(`snippets/pods/c017/nginx.yaml`), so that links, tables, pairs of languages and names hold in the copy as they do in the guide. The
facts that name a snippet by its path name the copies too: the checks come along with the tree, and find in it what they find in the guide.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What the site and its checks read.
_PARTS = ("docs", "snippets", "overrides", "hooks", "checks", "mkdocs.yml", "netlify.toml", "verification.json")
_EXCUSED = Path("checks", "facts", "excused.json")
# As `--record` does where nothing is found; what is found in the tree, the bench sees.
_RECORD = "from pathlib import Path; from checks import verification; from checks.tree import Tree; verification.write(Tree(Path('.')), Path('verification.json'))"


def grow(folder: Path, times: int) -> None:
    """Write a guide `times` as large as this one into a folder that is not there yet, with the record that it needs."""
    for part in _PARTS:
        source, target = ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    names = [f"c{number:03}" for number in range(1, times)]
    for name in names:
        _copy(folder, name)
    _add_to_nav(folder / "mkdocs.yml", folder / "docs" / "en", names)
    _excuse(folder / _EXCUSED, names)
    subprocess.run([sys.executable, "-c", _RECORD], cwd=folder, check=True)


def repeat(site: Path, folder: Path, times: int) -> None:
    """Write a built site `times` as large: the whole of it again and again, in folders of its own. Only the names are copied, not the bytes."""
    for number in range(times):
        shutil.copytree(site, folder / f"c{number:03}" if number else folder, copy_function=os.link, dirs_exist_ok=True)


def _copy(folder: Path, name: str) -> None:
    """One copy of every page and snippet of the guide."""
    for page in (path for lang in ("en", "zh") for path in sorted((ROOT / "docs" / lang).rglob("*.md"))):
        lang, *below = page.relative_to(ROOT / "docs").parts
        text = re.sub(r'(?<=--8<-- ")([^"]+)', lambda match: _renamed(match[1], name), page.read_text("utf-8"))
        _write(
            folder.joinpath("docs", lang, name, *below),
            f"{text}\n{'Copy' if lang == 'en' else '副本'} {name}{'.' if lang == 'en' else '。'}\n",
        )
    for snippet in (path for path in sorted((ROOT / "snippets").rglob("*")) if path.is_file()):
        below = snippet.relative_to(ROOT / "snippets").as_posix()
        _write(folder / "snippets" / _renamed(below, name), _varied(below, snippet.read_text("utf-8"), name))


def _renamed(below: str, name: str) -> str:
    """The name of a snippet's copy: in a folder of its own, except where the name (of a diagram) or the folder (of networks) means something."""
    kind, _, rest = below.partition("/")
    return f"{kind}/{name}-{rest}" if kind in ("cni", "diagrams") else f"{kind}/{name}/{rest}"


def _varied(below: str, text: str, name: str) -> str:
    """A snippet's text, changed so that it is no other snippet's and as right as it was."""
    kind, _, rest = below.partition("/")
    number = int(name[1:])
    if kind in ("cni", "failures"):
        changed = re.sub(r'"bridge": "\w+', rf"\g<0>{number}", text)
        return changed if changed != text else re.sub(r'^( +)"isDefaultGateway"', rf'\1"mtu": {1300 + number},\n\g<0>', text, flags=re.M)
    if kind == "pods":
        return re.sub(r"(?m)^  name: .*$", rf"\g<0>-{name}", text, count=1)
    if kind == "shell":
        return f"$ true {name}\n{text}"
    if kind == "units":
        return re.sub(r"(?m)^Description=.*$", rf"\g<0> ({name})", text)
    if kind == "env":
        return re.sub(r"(?m)^(FLANNEL_SUBNET=\d+\.\d+\.)\d+", rf"\g<1>{number + (number > 16)}", text)  # not 17, which the guide has
    if kind == "flags":
        return re.sub(r"\A\| ([^|]*) \|", rf"| \1 {name} |", text)
    title = rest.partition(".")[0]
    return re.sub(rf'(?<=["# (]){re.escape(title)}-', f"{name}-{title}-", text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _add_to_nav(config: Path, docs: Path, names: list[str]) -> None:
    """The copies' pages, at the end of the navigation."""
    pages = [path.relative_to(docs).as_posix() for name in names for path in sorted((docs / name).rglob("*.md"))]
    head, nav, rest = config.read_text("utf-8").partition("\nnav:\n")
    listed, blank, rest = rest.partition("\n\n")
    _write(config, head + nav + "\n".join([listed, *(f"  - {page}" for page in pages)]) + blank + rest)


def _excuse(facts: Path, names: list[str]) -> None:
    """Copies of a snippet that nothing can judge are as hard to judge."""
    data = json.loads(facts.read_text("utf-8"))
    for path, reason in list(data["snippets"].items()):
        data["snippets"] |= {f"snippets/{_renamed(path.removeprefix('snippets/'), name)}": reason for name in names}
    _write(facts, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
