"""netlify.toml, read by Netlify's own engine: old addresses, languages, 404 pages, and a Content-Security-Policy that fits."""

import base64
import hashlib
import re

import pytest
from conftest import ask_netlify


def inline_scripts(page: str) -> list[str]:
    """The texts of a page's inline scripts that a browser would run."""
    scripts = re.findall(r"<script(?P<attributes>[^>]*)>(.*?)</script>", page, re.S)
    return [text for attributes, text in scripts if "src=" not in attributes and "application/json" not in attributes]


@pytest.fixture(scope="module")
def policy() -> str:
    values = next(rule["values"] for rule in ask_netlify([])["headers"] if rule["for"] == "/*")
    return values["Content-Security-Policy"]


def test_engine_reads_the_file_without_error():
    answer = ask_netlify([])
    assert answer["errors"] == []
    assert (answer["publish"], answer["command"]) == ("site", "make site")


@pytest.mark.parametrize(
    ("path", "language", "cookie", "status", "to"),
    [
        ("/docs/getting-started-guides/rkt/", "en", {}, 301, "/"),
        ("/docs/getting-started-guides/rkt", "zh", {}, 301, "/"),
        ("/docs/getting-started-guides/rkt/notes/", "en", {}, 301, "/known-issues/"),
        ("/cn/docs/getting-started-guides/rkt/", "zh", {}, 301, "/zh/"),
        ("/cn/docs/getting-started-guides/rkt/notes", "zh", {}, 301, "/zh/known-issues/"),
        ("/zh/docs/getting-started-guides/rkt/", "zh", {}, 301, "/zh/"),
        ("/zh/docs/getting-started-guides/rkt/notes/", "zh", {}, 301, "/zh/known-issues/"),
        ("/", "zh", {}, 302, "/zh/"),
        ("/zh/no-such-page/", "en", {}, 404, "/zh/404.html"),
    ],
)
def test_address_leads_where_it_should(path, language, cookie, status, to):
    assert ask_netlify([{"path": path, "language": language, "cookie": cookie}])["redirects"] == [
        {"status": status, "to": to, "force": status == 302}
    ]


@pytest.mark.parametrize(
    "question",
    [
        {"path": "/", "language": "en"},
        {"path": "/", "language": "zh", "cookie": {"nf_lang": "en"}},  # whoever chose English stays there
        {"path": "/no-such-page/", "language": "zh"},  # outside of /zh/ Netlify serves /404.html by itself
    ],
)
def test_address_is_left_alone(question):
    assert ask_netlify([question])["redirects"] == [None]


def test_every_redirect_leads_to_a_page(site):
    for rule in ask_netlify([])["rules"]:
        target = site / rule["to"].lstrip("/")
        assert target.is_file() or (target / "index.html").is_file(), rule


def test_policy_allows_just_the_inline_scripts_there_are(site, policy):
    scripts = {script for page in site.rglob("*.html") for script in inline_scripts(page.read_text("utf-8"))}
    digests = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts}
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == digests


def test_policy_needs_nothing_unsafe(policy):
    assert "unsafe" not in policy
    assert re.findall(r"https?:", policy) == []


def test_long_lived_files_have_a_hash_in_their_name(site):
    for rule in ask_netlify([])["headers"]:
        if "immutable" not in rule["values"].get("Cache-Control", ""):
            continue
        matched = list(site.glob(rule["for"].lstrip("/")))
        assert matched, f"{rule['for']} matches no file"
        assert all(re.search(r"\.[0-9a-f]{8}\.min\.", path.name) for path in matched), matched
