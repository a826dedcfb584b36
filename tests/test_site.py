"""The built site as a reader meets it: in Chromium, in both languages, light and dark, wide and on a phone."""

import html
import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import NODE_MODULES, ROOT

from checks.findings import Finding, Place, load
from hooks import levels

CHECKS = load()

PAGES = sorted(path.relative_to(ROOT / "docs" / "en").as_posix() for path in (ROOT / "docs" / "en").rglob("*.md"))
# Of the pages of checks, which one template makes, those that put it to the test: the longest name, and the most text.
_CHECKS = [page for page in PAGES if page.startswith("checks/") and page != "checks/index.md"]
LOOKED_AT = [page for page in PAGES if page not in _CHECKS]
LOOKED_AT += [max(_CHECKS, key=len), max(_CHECKS, key=lambda page: (ROOT / "docs" / "en" / page).stat().st_size)]
# 运行时 (runtime) is cut in two by jieba, 插件 (plugin) and 容器 (container) are found by nobody without the separator.
CHINESE_WORDS = ["容器", "插件", "网络", "运行时", "命令行参数", "网桥"]


def url(page: str, lang: str) -> str:
    """The address of a page below the site's root."""
    path = re.sub(r"(^|/)index\.md$", r"\1", page)
    return ("/zh/" if lang == "zh" else "/") + (path if path.endswith("/") or not path else path.removesuffix(".md") + "/")


@pytest.fixture
def open_page(browser, address):
    """A function that opens an address in a new window; afterwards nothing may have gone to another host or to the console."""
    contexts, foreign, words = [], [], []

    def opened(path: str, width: int = 1280, scheme: str = "light", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: request.url.startswith((address, "data:", "blob:")) or foreign.append(request.url))
        page.on("console", lambda message: message.type in ("error", "warning") and words.append(message.text))
        page.on("pageerror", lambda error: words.append(str(error)))
        page.goto(address + path, wait_until="networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert foreign == []
    assert [word for word in words if "404 (Not Found)" not in word] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("page", LOOKED_AT)
def test_page_is_accessible_and_fits(open_page, page, lang):
    """No rule of axe is broken, nothing is wider than the window, and the Content-Security-Policy refuses nothing."""
    axe = (NODE_MODULES / "axe-core" / "axe.min.js").read_text("utf-8")
    for width, scheme in ((1280, "light"), (390, "dark")):
        window = open_page(url(page, lang), width, scheme)
        assert window.evaluate("document.documentElement.lang") == lang
        assert window.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"wider than {width} pixels"
        window.evaluate(axe)
        broken = window.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        told = [f"{rule['id']}: {node['html'][:120]} {node['failureSummary'][:200]}" for rule in broken for node in rule["nodes"]]
        assert told == [], f"{width} pixels, {scheme}"
        window.close()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_copy_button_copies_the_commands_and_nothing_else(open_page, site, lang):
    """Of every transcript the button copies what stands behind the prompts; of everything else the file."""
    copied = 0
    for page in PAGES:
        text = (site / url(page, lang).lstrip("/") / "index.html").read_text("utf-8")
        if "data-snippet" not in text:
            continue
        window = open_page(url(page, lang), permissions=["clipboard-read", "clipboard-write"])
        for block in window.query_selector_all("[data-snippet]"):
            source = (ROOT / "snippets" / block.get_attribute("data-snippet")).read_text("utf-8")
            if block.get_attribute("data-snippet").endswith(".console"):
                source = "\n".join(line[2:] for line in source.splitlines() if line[:2] in ("$ ", "> "))
            block.query_selector("button[data-clipboard-target]").click()
            window.wait_for_function(
                "text => navigator.clipboard.readText().then(now => now.trim() === text.trim())", arg=source, timeout=30000
            )
            copied += 1
    assert copied > 20


@pytest.mark.parametrize("word", CHINESE_WORDS)
def test_chinese_search_finds_chinese_pages(open_page, word):
    assert all("/zh/" in link for link in search(open_page("/zh/"), word))


def test_english_search_finds_english_pages(open_page):
    assert not any("/zh/" in link for link in search(open_page("/"), "bridge"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_search_finds_checks_by_name_and_the_guide_before_them(open_page, lang):
    window = open_page(url("index.md", lang))
    for name in ("cni_is_json", "pod_has_default_route", "boolean_flag_is_joined_with_its_value"):
        pages = list(dict.fromkeys(re.sub(r"[?#].*", "", link) for link in search(window, name)))
        assert any(page.endswith(f"/checks/{name.replace('_', '-')}/") for page in pages[:4]), pages
    for word in ("flannel", "privileged", "网桥" if lang == "zh" else "bridge"):
        assert "/checks/" not in search(window, word)[0], word


def search(window, word: str) -> list[str]:
    """The addresses that the search shows for a word; there must be some."""
    box = window.locator("input.md-search__input")
    box.click()
    box.fill(word)
    box.press("End")  # an input method ends in a key too, and Material waits for one
    window.wait_for_selector(".md-search-result__item a", timeout=30000)
    window.wait_for_timeout(500)  # results of an earlier word go within this time
    return [link.get_attribute("href") for link in window.query_selector_all(".md-search-result__item a")]


@pytest.mark.parametrize(("path", "lang"), [("/zh/nope/", "zh"), ("/nope/", "en"), ("/zh/reference/nope", "zh")])
def test_wrong_address_gets_a_page_in_its_language(open_page, path, lang):
    window = open_page(path)
    assert window.evaluate("document.documentElement.lang") == lang
    assert "404" in window.inner_text("article")
    assert window.query_selector("nav a.md-nav__link") is not None


def test_switcher_keeps_the_page_and_remembers_the_language(open_page, address):
    window = open_page("/zh/networking/")
    window.hover(".md-select button")
    window.click("a.md-select__link[hreflang=en]")
    window.wait_for_url(f"{address}/networking/")
    assert {cookie["name"]: cookie["value"] for cookie in window.context.cookies()}["nf_lang"] == "en"


def test_dark_mode_can_be_chosen_by_keyboard(open_page):
    window = open_page("/")
    assert window.get_attribute("body", "data-md-color-scheme") == "default"
    window.focus("#__palette_0")
    window.keyboard.press("ArrowRight")
    assert window.get_attribute("body", "data-md-color-scheme") == "slate"


def test_raw_snippets_are_published_as_they_are(site):
    for path in sorted((ROOT / "snippets").rglob("*")):
        if path.is_file():
            assert (site / "snippets" / path.relative_to(ROOT / "snippets")).read_bytes() == path.read_bytes()


def test_every_code_block_names_its_file(site):
    """Each code block links to the raw file whose bytes it shows."""
    named = 0
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert len(re.findall(r'<div class="language-', text)) == len(re.findall(r"data-snippet=", text)), page
        for address in re.findall(r'<span class="filename"><a href="([^"]+)"', text):
            assert Path(page.parent, address).resolve().is_file(), address
            named += 1
    assert named > 40


RECORD = {entry["path"].removeprefix("snippets/"): entry for entry in json.loads((ROOT / "verification.json").read_text("utf-8"))}
WORDS = {
    "en": {"ran": "ran", "recorded": "recorded", "validated": "validated", "excused": "excused: "},
    "zh": {"ran": "已运行", "recorded": "已录制", "validated": "已校验", "excused": "未运行："},
}


def words_of(entry: dict, lang: str) -> str:
    """What a reader reads below a snippet."""
    if entry["level"] == "excused":
        return WORDS[lang]["excused"] + entry["reason"][lang].replace("`", "")
    if entry["level"] == "validated":
        return WORDS[lang]["validated"]
    return " · ".join([WORDS[lang][entry["level"]], (", " if lang == "en" else "、").join(entry["with"]), entry["date"]])


def texts(pattern: str, text: str) -> list[str]:
    """What stands in the elements that a pattern finds, without markup."""
    return [html.unescape(re.sub(r"<[^>]+>", "", found)) for found in re.findall(pattern, text, re.S)]


def test_every_table_and_diagram_carries_its_level(site):
    """Below it stand its name, as a link to the raw file, and its level, which links to what it means."""
    seen = set()
    for page in (site / url(name, lang).lstrip("/") / "index.html" for name in PAGES for lang in ("en", "zh")):
        text = page.read_text("utf-8")
        assert "<!-- snippet" not in text, page
        for raw, name, level in re.findall(r'<p class="level alone"><a href="([^"]+)">([^<]+)</a> · <a href="[^"]+#(\w+)">', text):
            assert Path(page.parent, raw).resolve() == (site / "snippets" / name).resolve()
            assert level == RECORD[name]["level"]
            seen.add(name)
    assert seen == {name for name in RECORD if name.startswith(("flags/", "diagrams/"))}


def test_every_code_block_carries_its_level(site):
    """Level, components and day as the record has them, in the language of the page, with a link to what the level means."""
    seen = set()
    for page in site.rglob("*.html"):
        lang = "zh" if page.is_relative_to(site / "zh") else "en"
        text = page.read_text("utf-8")
        names = re.findall(r'data-snippet="([^"]+)"', text)
        assert texts(r'<p class="level">(.*?)</p>', text) == [words_of(RECORD[name], lang) for name in names], page
        for name, (address, level) in zip(names, re.findall(r'</pre><p class="level"><a href="([^"]+)#(\w+)">', text), strict=True):
            home = site / ("zh" if lang == "zh" else "") / "verification"
            assert (page.parent / address).resolve() == home.resolve()
            assert level == RECORD[name]["level"]
            assert f'id="{level}"' in (home / "index.html").read_text("utf-8")
            seen.add((lang, name))
    assert len(seen) > 80


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_snippet_is_listed_with_its_level(site, lang):
    """A row for each snippet, and figures that add up."""
    text = (site / ("zh" if lang == "zh" else "") / "verification" / "index.html").read_text("utf-8")
    figures, listed = re.search(r'id="every-snippet".*?(<table>.*?</table>).*?<div class="levels">(.*?)</div>', text, re.S).groups()
    rows = {name: cells for name, *cells in (texts(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", listed, re.S)[1:])}
    assert set(rows) == set(RECORD)
    for name, (level, day, components) in rows.items():
        assert level == WORDS[lang][RECORD[name]["level"]].rstrip(":： ")
        assert day == (RECORD[name]["date"] or "—")
        assert components == words_of(RECORD[name], lang).partition(WORDS[lang]["excused"])[2] or all(
            each in components for each in RECORD[name]["with"]
        )
        assert f'/snippets/{name}"' in listed
    numbers = [int(row[1]) for row in (texts(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", figures, re.S)) if row]
    assert numbers == [sum(entry["level"] == level for entry in RECORD.values()) for level in WORDS[lang]] + [len(RECORD)]


def test_record_is_published(site):
    assert (site / "verification.json").read_bytes() == (ROOT / "verification.json").read_bytes()


def test_levels_are_not_found_by_the_search(site):
    """Whoever searches for a program wants what the guide says of it, not a line of each snippet."""
    for path in ("search/search_index.json", "zh/search/search_index.json"):
        text = (site / path).read_text("utf-8")
        assert '"level' not in text
        assert "networking-bridge-install.console" not in text


def test_reason_of_an_excuse_is_read_in_the_language_of_the_page():
    entry = {"level": "excused", "with": [], "date": None, "reason": {"en": "Needs `gcloud` & money", "zh": "需要 `gcloud`"}}
    assert levels.foot(entry, "en", "..") == (
        '<p class="level"><a href="../verification/#excused">excused</a>: Needs <code>gcloud</code> &amp; money</p>'
    )
    assert (
        levels.foot(entry, "zh", "..") == '<p class="level"><a href="../zh/verification/#excused">未运行</a>：需要 <code>gcloud</code></p>'
    )


def test_no_level_is_shown_for_other_bytes(site, tmp_path):
    """A snippet that has changed since the record, one that the record lacks, and a record that is missing."""
    shutil.copytree(ROOT / "snippets", tmp_path / "snippets")
    shutil.copy(ROOT / "verification.json", tmp_path)
    page = re.sub(r'<p class="level">.*?</p>', "", (site / "networking" / "index.html").read_text("utf-8"))
    (tmp_path / "site" / "networking").mkdir(parents=True)
    built = tmp_path / "site" / "networking" / "index.html"
    built.write_text(page, "utf-8")
    (tmp_path / "snippets" / "cni" / "10-k8s-bridge.conf").write_text("{}\n", "utf-8")
    [problem] = levels.show(tmp_path / "site", tmp_path)
    assert problem == "snippets/cni/10-k8s-bridge.conf has other bytes than verification.json vouches for; it shows no level"
    assert page.count("data-snippet=") - built.read_text("utf-8").count('<p class="level">') == 1
    (tmp_path / "verification.json").write_text("[]", "utf-8")
    built.write_text(page, "utf-8")
    problems = levels.show(tmp_path / "site", tmp_path)
    assert len(problems) == page.count("data-snippet=")
    assert "networking/index.html: snippets/cni/10-k8s-bridge.conf is not in verification.json" in problems
    (tmp_path / "verification.json").unlink()
    assert levels.show(tmp_path / "site", tmp_path) == ["verification.json is missing: no snippet shows its level"]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", CHECKS)
def test_help_of_every_check_is_its_page(site, name, lang):
    """The address that a finding carries leads, in both languages, to a page of that name, which leads back to the list of checks.

    It shows the first line that the check prints for its first bad case, in English, as the check prints it.
    """
    folder = site / ("zh" if lang == "zh" else "") / Finding(Place("a"), name, "b").help
    text = (folder / "index.html").read_text("utf-8")
    assert texts(r"<h1[^>]*>(.*?)<a class=\"headerlink\"", text) == [name]
    [back] = re.findall(r'<p class="up"><a href="([^"]+)">', text)
    assert f'id="{name.replace("_", "-")}"' in (folder / back / "index.html").read_text("utf-8")
    cases = sorted((ROOT / "tests" / "cases" / name).glob("bad-*"))[:1]
    expected = [(case / "expected").read_text("utf-8").splitlines()[0] for case in cases]
    assert texts(r'<p class="printed"[^>]*><code lang="en">(.*?)</code></p>', text) == expected
    assert [f"<code>{case.relative_to(ROOT)}/</code>" in text for case in cases] == [True for _ in cases]


def test_search_is_parted_by_language(site):
    for path, chinese in (("search/search_index.json", False), ("zh/search/search_index.json", True)):
        index = json.loads((site / path).read_text("utf-8"))
        assert index["docs"], path
        assert not any(entry["location"].startswith("zh/") for entry in index["docs"])
        assert any("容器" in entry["text"].replace("\u200b", "") for entry in index["docs"]) is chinese


def test_sitemaps_name_the_pages_of_their_language(site):
    whole, chinese = ((site / path).read_text("utf-8") for path in ("sitemap.xml", "zh/sitemap.xml"))
    assert whole.count("<loc>") == 2 * len(PAGES)
    assert chinese.count("<loc>") == len(PAGES)
