"""Checks of command lines: `rkt` and `kubelet`, in transcripts, units and Pods, against the facts."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from checks.arguments import faults
from checks.calls import Call, calls
from checks.findings import check
from checks.releases import release_of, tags_of
from checks.sections import around


@check()
def rkt_command_agrees_with_facts(tree):
    """Each `rkt` command and each of its flags exists in rkt 1.13.0 and in rkt 1.30.0, with a value that it takes.

    Looked at are the commands of transcripts, the `Exec…=` lines of units and the containers of Pods, also behind
    `sudo` or `systemd-run` and inside `$(…)` or `sh -c '…'`. A flag has to belong to its command: `rkt list` has no
    `--stage1-name`. A flag that speaks of one image stands behind the image's name; one that takes a value has one; a boolean has it behind an equals sign, because behind a blank it is an argument of its own.

    What only one of the two releases has is right where the file, or each section of a page that shows it, names the
    release: `rkt 1.30.0`. A release between the two is judged by both, and what one of them has passes.

    Stricter than rkt: rkt accepts commands that are cut short, this guide writes them out (in files that are not the
    guide's they pass); of a flag that is given twice rkt takes the second, here it stands once. Write the name that the message offers, or look it up in the
    [reference of rkt](../reference/rkt.md).

    Source: `checks/facts/rkt-cli.json`, taken from rkt's source at both tags.
    """
    meant: dict[tuple, list] = {}
    for call in _of(tree, "rkt"):
        if (call.file, call.said) not in meant:
            shown = [f"{call.said}\n{text}" for _, text in around(tree, call.file)] or [call.said]
            meant[call.file, call.said] = [tags_of(text) for text in shown]
        for start, end, message in dict.fromkeys(
            fault for releases in meant[call.file, call.said] for fault in _under_one(call, releases, tree.whole)
        ):
            yield call.file.place(start, end), message


def _under_one(call: Call, releases: list[tuple[str, ...]], guide: bool) -> list[tuple[int, int, str]]:
    """What is wrong with a call of rkt under that one of the releases that are meant under which the least is."""
    return min((list(faults(call.file.text, call.words, tags=tags, guide=guide)) for tags in releases), key=len)


@check()
def kubelet_command_agrees_with_facts(tree):
    """Each flag of a `kubelet` command exists in the release of Kubernetes that is meant, with a value that it takes.

    The guide shows commands for Kubernetes 1.3, the release that rktnetes came with, in transcripts and in the
    `Exec…=` lines of units. A flag that came later, or that is misspelt, makes the kubelet of 1.3 end at once. A file for
    another release says so: with the words `Kubernetes 1.6` in a comment or in what a command prints, or with
    `KUBELET_IMAGE_TAG=v1.6.4_coreos.0` for the `kubelet-wrapper` of CoreOS. The first release that it names counts, and
    the message says since when or until when a flag exists. Of releases after 1.7, whose flags the facts do not hold in
    full, an unknown name passes.

    A boolean stands alone or has `=true` or `=false`: behind a blank, `false` is an argument of its own, which the kubelet
    ignores, and the flag is true. In a unit, a variable stands for what `Environment=` sets; one such as
    `KUBELET_ARGS`, in a drop-in without a command line, is read as a piece of one.

    Stricter than the kubelet: in the name of a flag it takes an underscore for a dash; the guide writes names as its tables
    have them, so that readers find them (in files that are not the guide's they pass). Of a flag that is given twice the
    kubelet takes the second; here it stands once, since the first would do nothing.

    Source: `checks/facts/kubelet-flags.json`; the table of the [kubelet's flags](../reference/kubelet-flags.md) says from
    which version on a flag exists.
    """
    for call in _of(tree, "kubelet", "kubelet-wrapper", "hyperkube"):
        if call.file.kind != "pods":  # kubelet_in_pod_has_flags_of_1_3 looks at these
            for start, end, message in faults(call.file.text, call.words, release_of(call.said), guide=tree.whole):
                yield call.file.place(start, end), message


def _of(tree, *names: str) -> Iterator[Call]:
    """The calls of programs of some names, whatever their folder."""
    return (call for call in calls(tree) if PurePosixPath(call.words[0].value).name in names)
