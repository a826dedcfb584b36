"""The check of annotations of Pods that Kubernetes 1.3 reads: what became fields later."""

import re

from checks import forms, scheduling, schemas
from checks.apis import schema
from checks.documents import Broken, Member, Node
from checks.embedded import embedded
from checks.facts import load as facts
from checks.findings import check
from checks.forms import fits
from checks.manifests import INIT_CONTAINERS, Pod, objects
from checks.pods import pods_of

_SECCOMP = re.compile(r"docker/default|unconfined|localhost/(?!/)(?!(?:.*/)?\.\.(?:/|\Z)).*")


@check()
def pod_annotations_are_valid(tree):
    """The annotations that Kubernetes 1.3 reads in a Pod hold what it can read, and all of them together at most 256 KiB.

    What became fields later was written into annotations in 1.3: init containers, affinity and tolerations as JSON,
    the name of the host, the seccomp profile. The server refuses a Pod whose annotation it cannot read. A key that is
    misspelled inside of the JSON is not refused, but what it says is lost, so it is named too. Init containers are
    checked like other containers, and they have neither probes nor lifecycle hooks. Their annotation with `beta` in
    its key came with 1.4, which still read the one with `alpha`.

    Mend what the message marks inside of the annotation.

    Source: `checks/facts/pod-rules.json` (the validation of Kubernetes 1.3); types of affinity and tolerations:
    `checks/facts/pod-current.json`.
    """
    for file, pod in pods_of(tree):
        annotations = pod.root.at(["metadata", "annotations"])
        for member in annotations.unique() if annotations else ():
            if isinstance(member.node.value, str):
                yield from _annotation(file, pod, annotations, member)
        limit = facts("pod-rules")["annotation_bytes"]
        held = [each for each in (annotations.unique() if annotations else ()) if isinstance(each.node.value, str)]
        if (size := sum(len(f"{each.key}{each.node.value}".encode()) for each in held)) > limit:
            place = pod.root.key_span(["metadata", "annotations"])
            yield file.place(*place), f"annotations hold {size:,} bytes; Kubernetes takes {limit:,} at most"


def _annotation(file, pod: Pod, annotations: Node, member: Member):
    """What is wrong with the value of one annotation, where 1.3 reads it."""
    node, value = member.node, member.node.value
    if member.key == INIT_CONTAINERS:
        yield from _json(file, pod.init, "Container", "1.3", True)
        yield from _init_containers(file, pod)
    elif member.key == INIT_CONTAINERS.replace("alpha", "beta") and not annotations.member(INIT_CONTAINERS):
        words = f"{member.key} came with 1.4; 1.3 reads {INIT_CONTAINERS} and would start the Pod without its init containers"
        yield file.place(member.start, member.end), words
    elif member.key == "scheduler.alpha.kubernetes.io/affinity" and value:
        yield from _scheduling(file, embedded(file.text, node), "Affinity", scheduling.affinity)
    elif member.key == "scheduler.alpha.kubernetes.io/tolerations" and value:
        yield from _scheduling(file, embedded(file.text, node), "Toleration", scheduling.tolerations)
    elif member.key in ("pod.beta.kubernetes.io/hostname", "pod.beta.kubernetes.io/subdomain"):
        if not fits(forms.LABEL, value):
            yield file.place(node.start, node.end), f"{schemas.shown(value)} is no name of a host; {forms.LABEL.words}"
    elif re.fullmatch(r"(?:container\.)?seccomp\.security\.alpha\.kubernetes\.io/.+", member.key) and not _SECCOMP.fullmatch(value):
        words = f"{schemas.shown(value)} is no seccomp profile; write docker/default, unconfined, or localhost/ and a path without .."
        yield file.place(node.start, node.end), words


def _json(file, root: Node | Broken | None, kind: str, version: str, many: bool):
    """What is wrong with the JSON in an annotation that holds objects of a type."""
    if isinstance(root, Broken):
        yield file.place(root.start, root.end), f"the annotation is no JSON: {root.message}"
    elif root is not None:
        inner = {"$ref": f"#/$defs/{kind}"}
        wanted = {"type": "array", "items": inner} if many else inner
        types = schema(version)["$defs"]
        # 1.3 can do without a topology in one place, as a rule of its own says.
        types = types | {"PodAffinityTerm": types["PodAffinityTerm"] | {"required": []}} if kind == "Affinity" else types
        for problem in schemas.problems({**wanted, "$defs": types, "x-title": "the annotation"}, root):
            yield file.place(problem.start, problem.end), problem.message


def _scheduling(file, root: Node | Broken, kind: str, rules):
    """What is wrong with an annotation about scheduling: with its form, or else with what it says."""
    of_form = list(_json(file, root, kind, "1.37", kind == "Toleration"))
    yield from of_form or ((file.place(start, end), words) for start, end, words in rules(root))


def _init_containers(file, pod: Pod):
    """What init containers of an annotation do not have."""
    for container in objects(pod.init if isinstance(pod.init, Node) else None):
        for member in container.unique():
            if member.key in ("lifecycle", "livenessProbe", "readinessProbe") and not member.node.is_null:
                yield file.place(member.start, member.end), f"an init container has no {member.key}; delete it"
