"""The fuzzer of network configurations: some mutants agree, the same seed makes the same ones, and a check that is broken is caught."""

import json
import os
import signal
import subprocess
import sys

import fuzz_cni
import pytest
from conftest import ROOT
from mutants import BYTES, TREE, changed, mutants

from checks import lab, network_rules, programs

GOOD = dict(fuzz_cni.good())


@pytest.fixture(autouse=True)
def with_a_lab():
    assert not lab.unavailable()
    assert {"0.9.0", "1.1.1"} <= set(programs.cni_plugins()), "`make test` gets them"


def test_good_configurations_are_those_of_the_guide_and_what_works():
    assert {"10-k8s-bridge.conf", "10-k8s-flannel.conf"} < set(GOOD)
    assert len(GOOD) > 20
    assert "b013-isGateway-absent" not in GOOD


def test_some_mutants_agree(capsys):
    assert fuzz_cni.main(["--seed", "7", "--count", "40"]) == 0, capsys.readouterr().out
    out = capsys.readouterr().out
    assert out.startswith("seed 7: 40 mutants")
    assert {line.split()[0] for line in out.splitlines()[2:5]} == {"0.9.0", "1.1.1", "all"}
    assert "0" not in [line.split()[2] for line in out.splitlines()[2:5]], "some work and pass"


@pytest.mark.parametrize(
    ("rule", "text", "change"),
    [
        ("gateway_faults", b'"isGateway": true,\n', b""),
        ("route_faults", b"0.0.0.0/0", b"10.99.0.0/16"),
        ("misfits", b'"isGateway": true', b'"isGateway": "true"'),
        ("malformed", b"10.22.0.0/16", b"10.22.0.0/33"),
    ],
)
def test_check_that_lost_a_rule_is_caught(monkeypatch, capsys, rule, text, change):
    """Without one rule a mutant passes that the plugins refuse or leave without a way out: a disagreement, shown, and exit status 1."""
    origin = GOOD["10-k8s-bridge.conf"]
    assert text in origin
    mutant = fuzz_cni.Mutant(0, "10-k8s-bridge.conf", origin, "bridge", (), origin.replace(text, change))
    monkeypatch.setattr(fuzz_cni, "mutants", lambda good, seed, count: iter([mutant]))
    assert fuzz_cni.main([]) == 0, capsys.readouterr().out
    monkeypatch.setattr(network_rules, rule, lambda conf, plugins: iter(()))
    capsys.readouterr()
    assert fuzz_cni.main([]) == 1
    out = capsys.readouterr().out
    assert "(DISAGREES)" in out
    assert mutant.text.decode().rstrip() in out


def test_rule_that_refuses_too_much_is_caught(monkeypatch, capsys):
    monkeypatch.setattr(network_rules, "same_routes", lambda conf, plugins: iter([((0, 1), "refused without a reason")]))
    monkeypatch.setattr(fuzz_cni, "good", lambda: list(GOOD.items()))
    mutant = fuzz_cni.Mutant(0, "10-k8s-flannel.conf", b"", "flannel", (), GOOD["10-k8s-flannel.conf"])
    monkeypatch.setattr(fuzz_cni, "mutants", lambda good, seed, count: iter([mutant]))
    assert fuzz_cni.main([]) == 1
    assert "refused without a reason [routes_differ]" in capsys.readouterr().out


def test_disagreement_is_made_small(monkeypatch):
    """Of several changes those are kept that the disagreement comes from."""
    monkeypatch.setattr(network_rules, "gateway_faults", lambda conf, plugins: iter(()))
    found = (each for seed in range(100) for each in mutants([("net", GOOD["10-k8s-bridge.conf"])], seed, 20) if len(each.changes) > 1)
    for mutant in found:
        if b"isGateway" not in mutant.text:
            those = fuzz_cni.verdicts([mutant])[0]
            if any(verdict.disagrees for verdict in those):
                break
    smaller, still = fuzz_cni.shrunk(mutant, those)
    assert len(smaller.changes) < len(mutant.changes)
    assert any(verdict.disagrees for verdict in still)


def test_same_seed_makes_the_same_mutants():
    one, again, other = (list(mutants(list(GOOD.items()), seed, 60)) for seed in (1, 1, 2))
    assert one == again
    assert [mutant.text for mutant in one] != [mutant.text for mutant in other]
    assert {change for mutant in mutants(list(GOOD.items()), 1, 600) for change, _ in mutant.changes} == {*TREE, *BYTES}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_configuration_without_changes_stays_as_it_is(text):
    assert json.loads(changed(text, ())) == json.loads(text)


def test_one_that_ends_the_lab_of_all_is_tried_alone():
    """A ptp that is asked for addresses asks itself, without end; the mutants beside it are judged all the same."""
    origin = GOOD["10-k8s-bridge.conf"]
    texts = (origin, origin.replace(b'"host-local"', b'"ptp"'), origin.replace(b'"isGateway": true', b'"isGateway": false'))
    assert len(set(texts)) == 3
    those = fuzz_cni.verdicts([fuzz_cni.Mutant(number, "", origin, "bridge", (), text) for number, text in enumerate(texts)])
    assert [verdict.outcome for verdict, *_ in those] == ["works", "came to no end", "no way out"]
    assert not any(verdict.disagrees for each in those for verdict in each)


def test_interrupt_ends_it_at_once():
    """Ctrl-C while labs are at work: one line, status 2, within seconds."""
    command = [sys.executable, str(ROOT / "tests" / "fuzz_cni.py"), "--count", "400"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert os.read(started.stderr.fileno(), 100).startswith(b"\r20 of 400 mutants")
        started.send_signal(signal.SIGINT)
        out, said = started.communicate(timeout=20)
    assert started.returncode == 2
    assert out == b""
    assert said.endswith(b"\nfuzz: interrupted; nothing was proved\n")
    assert b"Traceback" not in said
