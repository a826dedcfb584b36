"""Checks of Pods that name their stage1 image, by which rkt runs them."""

import re

from checks import schemas
from checks.apis import misspells
from checks.documents import Member, Node
from checks.facts import load as facts
from checks.findings import check
from checks.manifests import Pod
from checks.pods import pods_of

STAGE1 = "rkt.alpha.kubernetes.io/stage1-name-override"
FLY = "coreos.com/rkt/stage1-fly"


@check()
def stage1_override_is_privileged(tree):
    """In a Pod that names its stage1 image, every container is privileged.

    The kubelet refuses to start a Pod with the annotation `rkt.alpha.kubernetes.io/stage1-name-override`, whatever
    its value, unless each of its containers has `privileged: true` in its own `securityContext`. The
    `securityContext` of the Pod has no such field.

    Add it to the container that the message marks.

    Source: Kubernetes 1.3 `pkg/kubelet/rkt/rkt.go`.
    """
    for file, pod in pods_of(tree):
        if not _override(pod):
            continue
        for container in pod.containers():
            context = container.at(["securityContext"])
            node = context.at(["privileged"]) if context else None
            if _hides_privileged(container, context, node):
                continue
            if node is None or node.is_null:
                place = container.span(["name"]) if container.member("name") else (container.start, container.start + 1)
                yield (
                    file.place(*place),
                    "not privileged, which a Pod with a stage1 image of its own needs; add securityContext: {privileged: true}",
                )
            elif node.value is not True:
                yield file.place(node.start, node.end), "not privileged, which a Pod with a stage1 image of its own needs; write true"


@check()
def stage1_image_is_known(tree):
    """The stage1 image that a Pod names is one of rkt's, by its name.

    The annotation `rkt.alpha.kubernetes.io/stage1-name-override` takes the name of an image
    (`coreos.com/rkt/stage1-fly`), with or without a version behind a colon, and neither a path nor an address.
    `coreos/rkt/stage1-coreos`, as older texts have it, is the name of no image.

    Write the name that the message suggests.

    Source: `checks/facts/rkt-cli.json` (rkt v1.13.0 and v1.30.0).
    """
    known = list(facts("rkt-cli")["stage1"]["images"])
    for file, pod in pods_of(tree):
        member = _override(pod)
        value = member.node.value if member else None
        if isinstance(value, str) and not (value.partition(":")[0] in known and re.fullmatch(r"[^:]+(:[0-9][\w.+-]*)?", value)):
            near = schemas.nearest(value.partition(":")[0], known) or f"; known are {', '.join(known)}"
            yield file.place(member.node.start, member.node.end), f"rkt has no stage1 image {schemas.shown(value)}{near}"


@check()
def fly_pod_has_one_container(tree):
    """A Pod with the stage1 image fly has one container.

    stage1-fly runs a single app in a pod, so there is no place for a second container.

    Take another stage1 image, or make two Pods.

    Source: rkt v1.13.0 `Documentation/running-fly-stage1.md`.
    """
    for file, pod in pods_of(tree):
        member = _override(pod)
        if member and isinstance(member.node.value, str) and member.node.value.partition(":")[0] == FLY:
            for container in pod.containers()[1:]:
                place = container.span(["name"]) if container.member("name") else (container.start, container.start + 1)
                yield file.place(*place), "a second container, but stage1-fly runs one; make it a Pod of its own"


def _hides_privileged(container: Node, context: Node | None, node: Node | None) -> bool:
    """Whether `privileged` may be meant by what another check names: a wrong type or a misspelled key."""
    if misspells("Container", container, "securityContext") or (context and not context.is_null and context.kind != "object"):
        return True
    if node and not node.is_null:
        return not isinstance(node.value, bool)
    return context is not None and misspells("SecurityContext", context, "privileged")


def _override(pod: Pod) -> Member | None:
    """The annotation that names a stage1 image."""
    annotations = pod.root.at(["metadata", "annotations"])
    return annotations.member(STAGE1) if annotations else None
