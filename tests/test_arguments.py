"""The judge of command lines: values as Go reads them, releases, and files that are not the guide's."""

from pathlib import Path

import pytest

from checks.arguments import faults
from checks.findings import load, run
from checks.literals import wanted
from checks.releases import kubelet_flags, release_of, rkt_commands, rkt_flags, tags_of
from checks.shell import simple_commands
from checks.tree import Tree

load()

# What strconv.ParseBool, ParseInt (base 0), ParseUint, ParseFloat, time.ParseDuration and net.ParseIP take, and what they refuse.
TAKEN = {
    "bool": ("true false 1 0 t f T F TRUE FALSE True False", "yes no on off tRUE 2 truee"),
    "int": ("0 4 -4 +4 0x1F 010 9223372036854775807", "x 1e3 4.0 08 0x 9223372036854775808 -9223372036854775809 1_000 ٣"),
    "int32": ("2147483647 -2147483648 -0x80000000", "2147483648 -2147483649"),
    "uint": ("0 10250 18446744073709551615 0xff", "-1 +1 18446744073709551616"),
    "port": ("0 10250 65535", "65536 -1 http"),
    "float32": ("0 .5 5. 1e3 -0.25", "x 1,5 e3 0.5s"),
    "duration": ("0 10s 1h2m3.5s -5m 100ms 1.5h 20us 20µs 0s", "10 5min 1d s 1h2 1 h"),
    "bool or duration": ("true false 30s 1m", "yes 30"),
    "ip": ("0.0.0.0 127.0.0.1 ::1 fe80::1", "localhost 127.0.0 1.2.3.4/24 256.1.1.1"),
    "enum(json,json-pretty)": ("json json-pretty", "xml JSON"),
    "optionList": ("image none image,tls all-fetch", "images image,,tls IMAGE"),
    "env(NAME=VALUE)": ("A=b A= A=b=c", "A =b"),
    "intList": ("0 10,20", "a 10, ,"),
    "portList(NAME:HOSTPORT)": ("http:8080 http:127.0.0.1:8080", "8080 http http:x"),
    "mount(volume=NAME,target=PATH)": ("volume=data,target=/data", "volume=data data volume=data,path=/x"),
    "volume(NAME,kind=KIND,source=PATH,readOnly=BOOL)": (
        "data,kind=host,source=/srv data,kind=empty data,kind=host,source=/x,readOnly=true",
        "data data,kind=hots data,kind=host,readonly=true data,kind=empty,uid=x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAKEN)
def test_a_value_is_read_as_go_reads_it(kind):
    good, bad = TAKEN[kind]
    assert {value: wanted(value, kind) for value in good.split(" ") if wanted(value, kind)} == {}
    assert [value for value in bad.split(" ") if not wanted(value, kind)] == []


def test_every_default_of_the_facts_is_a_value_that_its_flag_takes():
    """The real programs start with their defaults, so what the judge says of each is a mistake of the judge."""
    for flag in kubelet_flags("1.3").values():
        if not flag["missing"] and flag["default"]:
            assert wanted(flag["default"], flag["type"]) == "", flag
    for command in ("", *rkt_commands()):
        for flag in rkt_flags(command).values():
            if flag["default"]:
                assert wanted(flag["default"], flag["type"]) == "", flag


def messages(line: str, **options) -> list[str]:
    """What is wrong with a command line."""
    return [message for _, _, message in faults(line, simple_commands(line)[0].words, **options)]


def test_each_flag_of_the_kubelet_is_there_from_its_first_release_until_its_last():
    """Every flag of the facts in every release that rktnetes was in: as `from` and `removed_in` say, and open where they are."""
    releases = [f"1.{minor}" for minor in range(3, 11)]
    for name, flag in kubelet_flags("1.3").items():
        there = [not messages(f"kubelet --{name}" + ("" if flag["type"] == "bool" else "=1"), release=release)
                 or "is no flag" not in messages(f"kubelet --{name}=1", release=release)[0] for release in releases]  # fmt: skip
        since, until = flag["from"], flag["removed_in"]
        first = releases.index(since) if since != "unknown" else 1  # what the facts leave open passes after 1.3
        last = releases.index(until) if until in releases else len(releases)
        assert there == [first <= at < last for at in range(len(releases))], name


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("", "1.3"),
        ("# for Kubernetes 1.6", "1.6"),
        ("Kubernetes v1.10.2\n", "1.10"),
        ("KUBELET_IMAGE_TAG=v1.7.5_coreos.0", "1.7"),
        ("quay.io/coreos/hyperkube:v1.4.6_coreos.0", "1.4"),
        ("gcr.io/google_containers/hyperkube-amd64:v1.5.2", "1.5"),
        ("rkt 1.30.0 and Kubernetes in general", "1.3"),
    ],
)
def test_the_release_is_the_first_that_is_named(text, release):
    assert release_of(text) == release


def test_a_release_of_rkt_between_the_two_of_the_facts_has_what_one_of_them_has():
    assert tags_of("") == [("v1.13.0", "v1.30.0")]
    assert tags_of("rkt 1.9.1") == [("v1.13.0",)]
    assert messages("rkt list --format=json") != []
    assert messages("rkt list --format=json", tags=tags_of("rkt Version: 1.30.0")[0]) == []
    assert messages("rkt list --format=json", tags=tags_of("rkt v1.20.0")[0]) == []
    assert messages("rkt list --formatt=json", tags=tags_of("rkt v1.20.0")[0]) != []


def test_variables_of_other_programs_are_left_alone_outside_of_the_guide(tmp_path):
    path = tmp_path / "a.console"
    path.write_text("$ export KUBECONFIG=/etc/kubernetes/admin.conf\n$ export CONTAINER_RUNTME=rkt\n", "utf-8")
    found = run(Tree(Path("/"), [path]), ["name_is_in_the_facts"])
    assert [finding.message for finding in found] == ["no script reads a variable CONTAINER_RUNTME (did you mean CONTAINER_RUNTIME?)"]


def said(path: Path, text: str, kind: str | None = None) -> list[str]:
    """What the checks of commands say of a file that is not the guide's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    tree = Tree(Path("/"), [path], kind)
    names = ("kubelet_command_agrees_with_facts", "rkt_command_agrees_with_facts", "unit_has_the_form", "external_link_is_well_formed")
    return [f"{f.place.line}:{f.place.column} {f.message}" for f in run(tree, names)]


WRAPPED = r"""[Service]
Environment=KUBELET_IMAGE_TAG=v1.4.6_coreos.0
Environment="RKT_RUN_ARGS=--uuid-file-save=/var/run/kubelet.uuid \
  --volume dns,kind=host,source=/etc/resolv.conf --mount volume=dns,target=/etc/resolv.conf"
ExecStartPre=-/usr/bin/rkt rm --uuid-file=/var/run/kubelet.uuid
ExecStart=/usr/lib/coreos/kubelet-wrapper \
  --api-servers=http://controller.example.com:8080 --cni-conf-dir=/etc/kubernetes/cni/net.d --network-plugin=cni \
  --container-runtime=rkt --rkt-path=/usr/bin/rkt --rkt-stage1-image=coreos.com/rkt/stage1-fly \
  --node-labels=a=b --node-labels=c=d --cluster_dns=${DNS} --pod-manifest-path=/etc/kubernetes/manifests
"""


def test_a_unit_as_nodes_had_it_passes_and_is_found_broken_where_it_is(tmp_path):
    """Names with underscores work, so they pass outside of the guide; `kubelet-wrapper` hands its words to the kubelet and to rkt."""
    unit = tmp_path / "kubelet.service"
    assert said(unit, WRAPPED) == []
    assert said(unit, WRAPPED.replace("kind=host", "kind=hots")) == [
        "4:12 --volume is dns,kind=hots,source=/etc/resolv.conf; kind takes host, empty"
    ]
    assert said(unit, WRAPPED.replace("--rkt-path=", "--rktpath=")) == ["8:27 the kubelet has no flag --rktpath (did you mean --rkt-path?)"]
    assert said(unit, WRAPPED.replace("v1.4.6", "v1.8.0")) == ["7:3 --api-servers is no flag of the kubelet of 1.8; it was removed in 1.8"]
    assert said(unit, WRAPPED.replace("manifests\n", "manifests \\\nRestart=always\n")) == [
        "10:1 Restart=always is no flag and no flag's value; a flag starts with two dashes"
    ]


def test_a_drop_in_is_known_by_its_folder_and_needs_no_command(tmp_path):
    text = '[Service]\nEnvironment="KUBELET_EXTRA_ARGS=--container-runtime=rkt --v=high"\n'
    assert said(tmp_path / "kubelet.service.d" / "10-rkt.conf", text) == ["2:61 --v is high; write a whole number"]
    assert said(tmp_path / "10-rkt.conf", text, "unit") == ["2:61 --v is high; write a whole number"]


def test_rkt_takes_a_command_that_is_cut_short_and_so_do_the_checks_outside_of_the_guide(tmp_path):
    assert said(tmp_path / "a.console", "$ rkt api --listen=0.0.0.0:15441\n$ rkt l\n") == []
    assert said(tmp_path / "a.console", "$ rkt api --lissten=0.0.0.0:15441\n$ rkt s\n") == [
        "1:11 rkt api-service has no flag --lissten (did you mean --listen?)",
        "2:7 rkt has no command s",
    ]
