"""The built site as a reader meets it: in Chromium, in both languages, light and dark, wide and on a phone."""

import json
import re
from pathlib import Path

import pytest
from conftest import NODE_MODULES, ROOT

PAGES = sorted(path.relative_to(ROOT / "docs" / "en").as_posix() for path in (ROOT / "docs" / "en").rglob("*.md"))
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
@pytest.mark.parametrize("page", PAGES)
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
                "text => navigator.clipboard.readText().then(now => now.trim() === text.trim())", arg=source, timeout=5000
            )
            copied += 1
    assert copied > 20


@pytest.mark.parametrize("word", CHINESE_WORDS)
def test_chinese_search_finds_chinese_pages(open_page, word):
    assert all("/zh/" in link for link in search(open_page("/zh/"), word))


def test_english_search_finds_english_pages(open_page):
    assert not any("/zh/" in link for link in search(open_page("/"), "bridge"))


def search(window, word: str) -> list[str]:
    """The addresses that the search shows for a word; there must be some."""
    box = window.locator("input.md-search__input")
    box.click()
    box.fill(word)
    box.press("End")  # an input method ends in a key too, and Material waits for one
    window.wait_for_selector(".md-search-result__item a", timeout=10000)
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
