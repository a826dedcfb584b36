"""The guide itself, broken on purpose: one break of each kind, in each language where it differs, is caught where it is.

Each break is made in a copy of the guide and is caught by the check that is named, at the place of the marked text. This holds the checks to
the real pages and snippets, as `tests/cases/` holds them to small ones.
"""

import shutil

import pytest
from conftest import ROOT

from checks.findings import CHECKS, load, run
from checks.tree import File, Tree

load()

# file, what stands there, what the break makes of it (the place expected is that between the marks ⟦ and ⟧), the check
BREAKS = [
    # fences and includes
    ("docs/en/networking.md", '--8<-- "cni/10-k8s-bridge.conf"', '⟦--8<-- "cni/10-k8s-brigde.conf"⟧', "include_resolves"),
    ("docs/zh/networking.md", '--8<-- "cni/10-k8s-bridge.conf"', "⟦--8<-- cni/10-k8s-bridge.conf⟧", "include_resolves"),
    ("docs/en/stage1.md", '--8<-- "pods/kubelet-fly.yaml"', '⟦--8<-- "pods/kubelet-fly.yaml:1:9"⟧', "include_resolves"),
    ("docs/en/networking.md", "``` json\n", "⟦``` jsn⟧\n", "fence_has_the_lexer_of_its_kind"),
    ("docs/zh/networking.md", "``` json\n", "⟦``` yaml⟧\n", "fence_has_the_lexer_of_its_kind"),
    (
        "docs/en/networking.md",
        '``` json\n--8<-- "cni/10-k8s-bridge.conf"',
        '⟦``` json⟧\n{"name": "code in a page"}',
        "fence_is_one_include",
    ),
    # network configurations
    ("snippets/cni/10-k8s-bridge.conf", '"isGateway": true', '"isGateway": ⟦"true"⟧', "cni_fits_schema"),
    ("snippets/cni/10-k8s-bridge.conf", '"isGateway": true,\n', '⟦"is_gateway"⟧: true,\n', "cni_keys_are_known"),
    ("snippets/cni/10-k8s-bridge.conf", '"gateway": "10.22.0.1"', '"gateway": ⟦"10.23.0.1"⟧', "gateway_is_inside_subnet"),
    ("snippets/cni/10-k8s-bridge.conf", '"subnet": "10.22.0.0/16"', '"subnet": ⟦"10.22.0.0"⟧', "addresses_are_well_formed"),
    ("snippets/cni/10-k8s-bridge.conf", '"name": "rkt.kubernetes.io"', '"name": ⟦"mynet"⟧', "network_is_named_rkt_kubernetes_io"),
    ("snippets/cni/10-k8s-bridge.conf", '"10.22.0.1",', '"10.22.0.1⟦"⟧', "cni_is_json"),
    ("snippets/cni/10-k8s-flannel.conf", '"delegate"', '⟦"delegates"⟧', "cni_keys_are_known"),
    ("snippets/env/flannel-subnet.env", "FLANNEL_SUBNET=10.1.17.1/24\n", "", "flannel_env_is_complete"),
    # networks that the real plugins try
    ("snippets/cni/10-k8s-bridge.conf", '  "isGateway": true,\n', "", "network_attaches"),
    ("snippets/cni/10-k8s-bridge.conf", '"gateway": "10.22.0.1"', '"gateway": ⟦"10.23.0.1"⟧', "network_attaches"),
    ("snippets/cni/10-k8s-flannel.conf", '"delegate"', '⟦"delegates"⟧', "network_attaches"),
    (
        "snippets/shell/networking-bridge-install.console",
        "sudo install -D -m 0644 10-k8s-bridge.conf /etc/rkt/net.d/10-k8s-bridge.conf",
        "⟦sudo install -D -m 0644 10-k8s-bridge.conf /etc/rkt/net.d/10-k8s-bridge.json⟧",
        "network_attaches",
    ),
    ("snippets/failures/no-is-gateway.conf", '"ipMasq"', '"isGateway": true,\n  "ipMasq"', "failure_is_what_happens"),
    ("snippets/failures/no-is-gateway.conf", '"ipMasq"', '"isGateway": true,\n  "ipMasq"', "failure_is_explained"),
    ("docs/en/networking.md", "    `failed to add route", "    `failed to add a route", "failure_is_explained"),
    ("docs/zh/networking.md", "    `failed to add route", "    `failed to add a route", "failure_is_explained"),
    # transcripts and units that are run
    ("snippets/shell/troubleshooting-journal-short.console", "-- No entries --", "⟦-- No entry --⟧", "transcript_runs_as_shown"),
    ("snippets/shell/troubleshooting-journal-glob.console", "k8s_ff933b7d*", "k8s_ff933b7d", "transcript_runs_as_shown"),
    ("snippets/shell/troubleshooting-journal-full.console", "eth0@if4", "eth1@if4", "transcript_runs_as_shown"),
    ("snippets/shell/networking-bridge-install.console", "-m 0644", "-m 0600", "transcript_runs_as_shown"),
    ("snippets/shell/networking-flannel-install.console", "install -D -m", "install -m", "transcript_runs_as_shown"),
    ("snippets/units/rkt-api.service", "Restart=on-failure", "⟦Restart=sometimes⟧", "unit_is_accepted_by_systemd"),
    # pods
    ("snippets/pods/kubelet-fly.yaml", "privileged: true", "privileged: ⟦false⟧", "stage1_override_is_privileged"),
    ("snippets/pods/kubelet-fly.yaml", "coreos.com/rkt/stage1-fly", "⟦coreos/rkt/stage1-fly⟧", "stage1_image_is_known"),
    ("snippets/pods/kubelet-fly.yaml", "--api-servers=127.0.0.1:8080", "⟦--api-server⟧=127.0.0.1:8080", "kubelet_in_pod_has_flags_of_1_3"),
    ("snippets/pods/nginx.yaml", "containerPort: 80", "containerPort: ⟦80000⟧", "pod_ports_are_valid"),
    ("snippets/pods/nginx.yaml", "containers:", "⟦container⟧:", "pod_fits_api"),
    ("snippets/pods/mount-dne.yaml", "kind: Pod", "kind: Pod\n⟦[⟧...]", "pod_is_yaml"),
    # flags and variables
    ("snippets/flags/kubelet.en.md", "`localhost:15441`", "⟦`localhost:15442`⟧", "flag_table_agrees_with_facts"),
    ("snippets/flags/kubelet.zh.md", "`localhost:15441`", "⟦`localhost:15442`⟧", "flag_table_agrees_with_facts"),
    ("snippets/flags/gce.zh.md", "`KUBE_RKT_VERSION`", "⟦`KUBE_RKT_VERSON`⟧", "variable_table_agrees_with_facts"),
    ("docs/en/running.md", "`--rkt-path`", "`⟦--rkt-paht⟧`", "name_is_in_the_facts"),
    ("docs/zh/running.md", "`RKT_PATH`", "`⟦RKT_PAHT⟧`", "name_is_in_the_facts"),
    ("snippets/shell/running-gce-rkt-version.console", "KUBE_RKT_VERSION", "⟦KUBE_RKT_VERSON⟧", "name_is_in_the_facts"),
    # transcripts
    ("snippets/shell/running-gce-rkt-version.console", "1.14.0", "⟦<version>⟧", "transcript_has_the_form"),
    (
        "snippets/shell/running-kubelet.console",
        "--container-runtime=rkt",
        "⟦--container-runtimes⟧=rkt",
        "kubelet_command_agrees_with_facts",
    ),
    ("snippets/shell/troubleshooting-rkt-list-full.console", "--full", "⟦--ful⟧", "rkt_command_agrees_with_facts"),
    ("snippets/shell/troubleshooting-rkt-list.console", "running\t5 seconds", "running\t6 seconds", "output_was_recorded"),
    ("snippets/units/rkt-api.service", "ExecStart=", "⟦ExecStartt⟧=", "unit_has_the_form"),
    ("snippets/units/rkt-api.service", "rkt api-service", "rkt ⟦api-servise⟧", "rkt_command_agrees_with_facts"),
    # links
    ("docs/en/index.md", "(troubleshooting.md)", "(⟦trubleshooting.md⟧)", "page_link_resolves"),
    ("docs/zh/index.md", "(stage1.md#what-stage1-is)", "(stage1.md⟦#what-stage-is⟧)", "page_link_resolves"),
    (
        "docs/en/index.md",
        "https://github.com/rkt/rkt/issues/4024",
        "⟦http://⟧github.com/rkt/rkt/issues/4024",
        "external_link_is_well_formed",
    ),
    (
        "docs/zh/index.md",
        "https://github.com/kubernetes-retired/rktlet",
        "⟦https://coreos.com/rkt/docs/latest/⟧",
        "external_link_is_well_formed",
    ),
    ("docs/en/index.md", "[Troubleshooting](troubleshooting.md).", "⟦[Troubleshooting][t]⟧.", "link_is_inline"),
    # translations
    ("docs/zh/index.md", "{#timeline}", "{#time-line}", "headings_are_the_same"),
    ("docs/en/index.md", "description:", "title:", "front_matter_holds_a_description"),
    ("docs/zh/networking.md", "`mybridge`", "`cni0`", "links_and_inline_code_are_the_same"),
    ("docs/zh/index.md", "| systemd | 219 或更新 | 录制输出的节点运行 systemd 252 |\n", "", "tables_have_the_same_shape"),
    ("mkdocs.yml", "            Reference: 参考\n", "", "nav_is_complete"),
    # files
    ("docs/zh/index.md", "现状", "现\u200b状", "text_is_typed_cleanly"),
    ("snippets/diagrams/parts.zh.svg", "</svg>", "", "diagram_is_self_contained"),
    # the record
    ("snippets/pods/nginx.yaml", "containerPort: 80", "containerPort: 81", "record_is_up_to_date"),
    ("verification.json", "snippets/pods/nginx.yaml", "snippets/pods/nginks.yaml", "record_is_up_to_date"),
]


@pytest.fixture
def copy(tmp_path):
    """A copy of what the checks read."""
    for name in ("docs", "snippets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("mkdocs.yml", "verification.json"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "old", "new", "check"), BREAKS, ids=[f"{check}-{name}" for name, _, _, check in BREAKS])
def test_break_is_caught_where_it_is(copy, name, old, new, check):
    text = (copy / name).read_text("utf-8")
    assert old in text, "the guide has changed; break it elsewhere"
    at = text.index(old)
    broken = text.replace(old, new.replace("⟦", "").replace("⟧", ""), 1)
    (copy / name).write_text(broken, "utf-8")
    tree = Tree(copy)
    tree.lab = CHECKS[check].needs == "lab"
    found = run(tree, [check])
    assert found, "not caught"
    if "⟦" in new:
        start = at + new.index("⟦")
        place = File(name, "", broken).place(start, start + new.index("⟧") - new.index("⟦") - 1)
        assert place in [finding.place for finding in found], [f"{f.place}: {f.message}" for f in found]
        assert place.width in [finding.place.width for finding in found if finding.place == place]
    else:
        assert name in [finding.place.path for finding in found], [f"{f.place}: {f.message}" for f in found]


def test_every_kind_is_broken_in_each_language():
    """What stands in pages is broken in English and in Chinese; every module of checks has a break."""
    modules = {CHECKS[check].function.__module__.removeprefix("checks.") for *_, check in BREAKS}
    assert modules >= {
        "fences",
        "cni",
        "attachments",
        "pods",
        "flags",
        "tables",
        "transcripts",
        "commands",
        "units",
        "runs",
        "diagrams",
        "translations",
        "links",
        "files",
        "verification",
    }
    assert {name.split("/")[1] for name, *_ in BREAKS if name.startswith("docs/")} == {"en", "zh"}
