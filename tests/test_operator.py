"""The checks pointed at the files of a real node, from any folder: no guide stands there, and rkt's rules for net.d hold."""

import pytest
from conftest import ROOT
from test_command import checks

BRIDGE = (ROOT / "snippets/cni/10-k8s-bridge.conf").read_text("utf-8")
FLANNEL = (ROOT / "snippets/cni/10-k8s-flannel.conf").read_text("utf-8")


@pytest.fixture
def net_d(tmp_path):
    folder = tmp_path / "etc/rkt/net.d"
    folder.mkdir(parents=True)
    (folder / "10-bridge.conf").write_text(BRIDGE, "utf-8")
    return folder


def said(*arguments, cwd="/") -> list[str]:
    """What the checks say of some files, without the lab: the name of the file with the words."""
    done = checks("--no-lab", *arguments, cwd=cwd)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("  ")]
    assert done.returncode == bool(lines), done.stderr
    assert done.stderr.endswith(f": {len(lines)} finding{'s' * (len(lines) != 1)}\n")
    return [line.rpartition("/")[2] for line in lines]


def test_good_folder_passes_from_any_folder(net_d, tmp_path):
    assert said(net_d) == said("etc/rkt/net.d", cwd=tmp_path) == said(net_d, cwd=ROOT) == []


def test_one_broken_file_fails_all(net_d):
    (net_d / "99-other.conf").write_text('{ "name": "other"\n', "utf-8")
    assert said(net_d) == [
        "99-other.conf:1:17: the text ends before everything is closed; write } after this [cni_is_json]",
        "99-other.conf:1:17: rkt cannot read this and then loads no network of this folder at all; "
        "mend it, or move the file out of the folder [folder_is_loaded_by_rkt]",
    ]


def test_first_name_wins(net_d):
    (net_d / "05-flannel.conf").write_text(FLANNEL, "utf-8")
    assert said(net_d) == [
        "10-bridge.conf:2:11: rkt ignores this file, because 05-flannel.conf defines rkt.kubernetes.io before it "
        "[network_names_differ_in_one_folder]"
    ]


def test_what_rkt_skips_is_named(net_d):
    (net_d / "old").mkdir()
    for name in ("05-bridge.json", "20-bridge.conf.bak", "old/10-bridge.conf"):
        (net_d / name).write_text(BRIDGE, "utf-8")
    ending = "rkt reads files that end in .conf and skips this one; rename it [conf_is_read_by_rkt]"
    assert said(net_d) == [
        f"05-bridge.json:1:1: {ending}",
        f"20-bridge.conf.bak:1:1: {ending}",
        "10-bridge.conf:1:1: rkt looks into no folder below net.d and skips this file; move it up [conf_is_read_by_rkt]",
    ]


def test_other_files_are_told_apart_by_their_endings(tmp_path):
    unit = next((ROOT / "snippets/units").glob("*.service")).read_text("utf-8")
    (tmp_path / "api.service").write_text(unit, "utf-8")
    (tmp_path / "pod.yaml").write_text((ROOT / "snippets/pods/nginx.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "typed.console").write_text((ROOT / "snippets/shell/running-kubelet.console").read_text("utf-8"), "utf-8")
    assert said(tmp_path) == []
    (tmp_path / "typed.console").write_text("$ sudo kubelet --container-runtim=rkt\n", "utf-8")
    (tmp_path / "api.service").write_text(unit.replace("api-service", "api-servise"), "utf-8")
    assert [line.split(" ")[0] for line in said(tmp_path)] == ["api.service:7:24:", "typed.console:1:16:"]


def test_kind_is_said_where_the_name_does_not_tell(tmp_path):
    (tmp_path / "manifest.json").write_text('{"apiVersion": "v1", "kind": "Pod", "metadata": {"nam": "web"}}\n', "utf-8")
    assert said(tmp_path / "manifest.json") == [
        "manifest.json:1:1: is of no known kind; say which with --kind, such as --kind pod [snippet_is_of_a_known_kind]"
    ]
    assert any("1:50: metadata has no key nam" in line for line in said("--kind", "pod", tmp_path / "manifest.json"))


def test_how_a_file_is_typed_is_its_owners_affair_where_no_program_stumbles(net_d, tmp_path):
    (net_d / "10-bridge.conf").write_bytes(BRIDGE.replace("\n", "  \r\n").encode() + b"\n\n")
    (tmp_path / "pod.yaml").write_text("# \u201cweb\u201d\u00a0\n" + (ROOT / "snippets/pods/nginx.yaml").read_text("utf-8") + "\n", "utf-8")
    (tmp_path / "typed.console").write_text("$ sudo kubelet --container-runtime=rkt  \n\n", "utf-8")
    assert said(tmp_path) == []
    (tmp_path / "typed.console").write_text("$ sudo kubelet\u00a0--container-runtime=rkt\n", "utf-8")
    assert any("invisible character U+00A0" in line for line in said(tmp_path))
