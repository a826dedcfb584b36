"""Real plugins in the lab: they do what the facts say they did, and what breaks is said in people's words.

`tests/cases/` shows the checks; here are the cases of the facts, and what needs flannel, which only one set of plugins has.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from conftest import ROOT

from checks import lab, programs
from checks.attempts import Attempt, Part, attach
from checks.facts import load as facts
from checks.findings import run
from checks.networks import Conf, read
from checks.tree import Tree
from checks.troubles import trouble, variables

CASES = {case["case"]: case for case in facts("cni-acceptance")["cases"]}
BRIDGE = (ROOT / "snippets/cni/10-k8s-bridge.conf").read_text("utf-8")
FLANNEL = (ROOT / "snippets/cni/10-k8s-flannel.conf").read_text("utf-8")
ENV = (ROOT / "snippets/env/flannel-subnet.env").read_text("utf-8")

# Where the lab sees something else than is recorded, and why both are right.
SEEN_OTHERWISE = {
    (
        "f00c-delegate-type-ptp",
        "gateway_on_bridge",
    ): "ptp has no bridge: the node's end of the pair holds the gateway, and the record asked for a bridge",
    ("h000-host-local-direct", "address"): "host-local alone hands out an address and makes no interface that holds it",
}


@pytest.fixture(autouse=True, scope="module")
def _lab():
    assert not lab.unavailable()


def versions(plugin: str) -> dict:
    """The sets of plugins that have a plugin, by version."""
    return {version: folder for version, folder in programs.cni_plugins().items() if (folder / plugin).is_file()}


@cache
def attempts() -> dict[tuple[str, str], Attempt]:
    """Every case of the facts, tried with every set of plugins that is here and that the facts speak of."""
    jobs = [
        (name, version) for name, case in CASES.items() for version in versions(case["plugin"]) if f"Debian {version}" in case["verdicts"]
    ]

    def one(job):
        case = CASES[job[0]]
        folder = programs.cni_plugins()[job[1]]
        return attach("10-case.conf", case["conf"], folder, plugin=case["plugin"], environment=case.get("subnet_env"))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(jobs, pool.map(one, jobs)))


def recorded(verdict: dict) -> str:
    """The outcome that a recorded verdict stands for."""
    works = verdict["accepted"] and verdict["default_route"] and verdict["gateway_on_bridge"]
    return "works" if works else "no way out" if verdict["accepted"] else "refused"


def test_every_case_is_tried():
    assert len(CASES) == 111
    assert {job: attempt.stopped for job, attempt in attempts().items() if attempt.stopped} == {}
    assert {name for name, _ in attempts()} == {name for name, case in CASES.items() if versions(case["plugin"])}
    assert {case for case, _ in SEEN_OTHERWISE} <= set(CASES)


def test_every_case_ends_as_recorded():
    """The outcome of each, and of what is refused the words, of the others what the pod has."""
    for (name, version), attempt in attempts().items():
        verdict = CASES[name]["verdicts"][f"Debian {version}"]
        assert attempt.outcome == recorded(verdict), (name, version)
        assert attempt.refused == verdict.get("message", ""), (name, version)
        seen = {
            "address": attempt.address,
            "mtu": attempt.mtu,
            "masquerade": attempt.masquerades,
            "default_route": bool(attempt.gateway),
            "gateway_on_bridge": attempt.holds_gateway,
            "result_form": attempt.form,
        }
        differing = {key for key, value in seen.items() if verdict["accepted"] and value != verdict[key]}
        assert differing == {key for case, key in SEEN_OTHERWISE if case == name}, (name, version)


def test_every_trouble_has_words_at_a_key():
    """Whatever fails is said in a sentence that starts with what it means for pods, and stands inside of the configuration."""
    for (name, version), attempt in attempts().items():
        case = CASES[name]
        if not isinstance(conf := read(case["conf"]), Conf):
            continue
        found = trouble(attempt, conf, variables(case.get("subnet_env", "")))
        assert found or attempt.outcome == "works", (name, version)
        if found:
            (start, end), words = found
            assert 0 <= start < end <= len(case["conf"]), (name, words)
            assert "\n" not in words, (name, words)


def test_nothing_is_left_by_what_works():
    assert {name: attempt.left for (name, _), attempt in attempts().items() if attempt.works and attempt.left} == {}


def test_what_a_refused_pod_leaves():
    """0.9.0 does not take off a pod that it has refused for its addresses: the pod's link stays. 1.1.1 takes it off."""
    left = {version: attempt.left for (name, version), attempt in attempts().items() if name == "b053-subnet-garbage"}
    assert "link eth0 in the pod" in left.get("0.9.0", ["link eth0 in the pod"])
    assert left["1.1.1"] == []


def sentence(text: str, **kwargs) -> tuple[str, str]:
    """The text at the place, and the words, for a configuration that is tried with the last set of plugins."""
    conf = read(text)
    folder = list(versions(conf.plugin).values())[-1]
    found = trouble(attach("10-case.conf", text, folder, environment=ENV, **kwargs), conf, variables(ENV))
    return (text[slice(*found[0])], found[1]) if found else ("", "")


needs_flannel = pytest.mark.skipif(not versions("flannel"), reason="no set of plugins with flannel; tests/programs says why")


def test_gateway_that_nobody_holds():
    place, words = sentence(BRIDGE.replace('  "isGateway": true,\n', ""))
    assert place == '"bridge"'
    assert words == "the pod's default route points to 10.22.0.1, but mybridge does not hold that address: isGateway is missing"
    assert sentence(BRIDGE.replace('"isGateway"', '"is_gateway"'))[0] == '"is_gateway"'


@needs_flannel
def test_flannel():
    assert sentence(FLANNEL) == ("", "")
    place, words = sentence(FLANNEL.replace('"delegate"', '"delegates"'))
    assert place == '"delegates"'
    assert "10.1.17.2/24 but no default route" in words
    assert sentence(FLANNEL.replace("true", '"true"'))[0] == '"true"'


@pytest.mark.skipif("1.1.1" not in versions("bridge"), reason="only later plugins refuse it")
def test_two_default_routes():
    text = BRIDGE.replace('"isGateway": true', '"isDefaultGateway": true')
    found = trouble(attach("10-case.conf", text, versions("bridge")["1.1.1"]), read(text), {})
    assert found[1].startswith("no pod starts, because it would get two default routes")


def test_plugin_that_says_nothing():
    attempt = Attempt({"add": Part(137, "")})
    assert trouble(attempt, read(BRIDGE), {})[1] == "the plugin ends with status 137 and says nothing"


def test_what_is_left_is_said():
    """Whatever a plugin would leave behind is named, apart from what stays by design."""
    works = next(attempt for (name, _), attempt in attempts().items() if name == "b000-seed-verbatim")
    more = "\nrule -A POSTROUTING -s 10.22.0.2/32 -j CNI-1\nfile /var/lib/cni/networks/rkt.kubernetes.io/10.22.0.2\nlink veth1"
    parts = works.parts | {"after": Part(0, works.parts["after"].output + more), "pod": Part(0, "lo UP\neth0@if3 UP")}
    assert Attempt(parts).left == [*more.strip().split("\n"), "link eth0 in the pod"]
    assert "this is left behind: rule -A POSTROUTING" in trouble(Attempt(parts), read(BRIDGE), {})[1]


def test_attempt_that_the_lab_ends(monkeypatch):
    monkeypatch.setattr(lab, "run", lambda *_, **__: lab.Result(137, "", "it took longer than 20 seconds"))
    assert attach("10-case.conf", BRIDGE, ROOT).stopped == "it took longer than 20 seconds"


def test_what_ran_is_noted():
    tree = Tree(ROOT)
    tree.lab = True
    assert run(tree, ["network_attaches", "failure_is_what_happens"]) == []
    assert tree.ran["snippets/cni/10-k8s-bridge.conf"] == [f"CNI bridge {version}" for version in sorted(versions("bridge"))]
    assert tree.ran["snippets/failures/no-is-gateway.conf"] == tree.ran["snippets/cni/10-k8s-bridge.conf"]
    if versions("flannel"):
        assert tree.ran["snippets/env/flannel-subnet.env"] == tree.ran["snippets/cni/10-k8s-flannel.conf"]


def test_without_a_lab_it_is_said(monkeypatch):
    tree = Tree(ROOT)
    tree.lab = True
    monkeypatch.setattr(lab, "unavailable", lambda: "the lab needs bwrap")
    assert run(tree, ["network_attaches", "failure_is_what_happens"]) == []
    assert tree.not_run == ["attaching pods to networks: the lab needs bwrap"]
    assert tree.ran == {}


def test_without_a_plugin_it_is_said(monkeypatch):
    tree = Tree(ROOT)
    tree.lab = True
    monkeypatch.setattr(programs, "cni_plugins", lambda: {})
    run(tree, ["network_attaches"])
    assert any("the plugin flannel" in sentence and "10-k8s-flannel.conf" in sentence for sentence in tree.not_run)
    assert tree.ran == {}


def test_failures_are_cases_of_the_facts():
    """Each is the same mistake as a case that the plugins that rkt brings were tried with, and has the same outcome there."""
    for name, failure in facts("failures")["failures"].items():
        verdicts = CASES[failure["case"]]["verdicts"]
        assert {recorded(verdict) for verdict in verdicts.values()} == {failure["outcome"]}, name
        assert {verdict.get("message", "") for verdict in verdicts.values()} == {failure["message"]}, name


def test_guide_with_another_ending_is_not_loaded(tmp_path):
    """The file's name ends in `.json`, in the snippet and in the transcript: everything is content, and rkt skips it."""
    for name in ("cni/10-k8s-bridge", "shell/networking-bridge-install"):
        path = next((ROOT / "snippets").glob(f"{name}.*"))
        to = tmp_path / "snippets" / f"{name}{'.json' if path.suffix == '.conf' else path.suffix}"
        to.parent.mkdir(parents=True)
        to.write_text(path.read_text("utf-8").replace("10-k8s-bridge.conf", "10-k8s-bridge.json"), "utf-8")
    tree = Tree(tmp_path)
    tree.lab = True
    (found,) = run(tree, ["network_attaches"])
    assert str(found.place) == "snippets/cni/10-k8s-bridge.json:1:1"
    assert "it reads names that end in .conf, in no subfolder, and skips 10-k8s-bridge.json" in found.message
