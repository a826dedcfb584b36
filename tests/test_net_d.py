"""rkt's rules for net.d, held to what the network code of two rkt releases did with the same folders."""

import pytest

from checks.facts import load as facts
from checks.net_d import loaded
from checks.networks import read

ASKED = "rkt.kubernetes.io"
CASES = facts("net-d")["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_folder_is_read_as_rkt_reads_it(case):
    folder = loaded(case["files"])
    assert folder.ignored == case.get("ignored", [])
    if "type" in case:
        assert read(case["files"][folder.networks[ASKED]]).plugin == case["type"]
    elif case["message"].startswith("networks not found"):
        assert not folder.broken
        assert ASKED not in folder.networks
    else:
        assert folder.broken
        assert folder.networks == {}
        if case["message"].startswith("json:"):
            assert folder.fault == case["message"]


def test_first_name_is_first_by_bytes():
    text = '{"name": "rkt.kubernetes.io", "type": "bridge"}'
    names = ["k8s.conf", "10-b.conf", "9-a.conf", "Z.conf", ".k.conf", "é.conf"]
    assert loaded(dict.fromkeys(names, text)).networks == {ASKED: ".k.conf"}
    assert loaded(dict.fromkeys(names[:4], text)).networks == {ASKED: "10-b.conf"}


def test_guide_has_files_that_rkt_reads(root):
    """Each file of the guide alone; both together, the one that the page names wins."""
    texts = {path.name: path.read_text("utf-8") for path in (root / "snippets/cni").glob("*.conf")}
    for name, text in texts.items():
        assert loaded({name: text}).networks == {ASKED: name}
    assert loaded(texts).networks == {ASKED: "10-k8s-bridge.conf"}
    assert len(loaded(texts).ignored) == len(texts) - 1


def test_messages_in_the_guide_are_of_these_situations(root):
    """What the page shows of net.d comes of a folder that the rules read so."""
    situations = {case["case"]: case for case in CASES}
    shown = {
        name: (root / f"snippets/shell/networking-{name}.console").read_text("utf-8")
        for name in ("two-files", "broken-file", "wrong-extension")
    }
    assert situations["06-both-seed-files-no-subnet.env"]["ignored"][0] in shown["two-files"]
    assert f"/etc/rkt/net.d/{loaded(situations['16-unrelated-broken-file']['files']).broken}" in shown["broken-file"]
    assert situations["16-unrelated-broken-file"]["message"] in shown["broken-file"]
    assert situations["10-ext-json"]["message"] in shown["wrong-extension"]
