"""Checks of the values that Pods give to their containers: variables, and files about the Pod itself."""

from checks.apis import misspells, rule
from checks.documents import Member, Node
from checks.facts import load as facts
from checks.findings import check
from checks.manifests import objects, quantity, string
from checks.pods import pods_of
from checks.schemas import nearest, shown

# What a message ends with where today takes what 1.3 refuses.
_OF_1_3 = " (API of 1.3)"


@check()
def value_of_pod_is_given(tree):
    """What a Pod hands to its containers about itself is something that the API can give, from one source each.

    A variable has a `value` or one source in `valueFrom`; a file of a `downwardAPI` volume has a `fieldRef` or a
    `resourceFieldRef`. In 1.3 a variable can hold the Pod's name, its namespace and its address, and a file the name,
    the namespace, the labels and the annotations; later releases can give more. Of resources there are `limits` and
    `requests` of `cpu` and `memory`, and a file has to say of which container.

    Write a source, or a path, that the message names.

    Source: `checks/facts/pod-rules.json` (the validation of Kubernetes 1.3).
    """
    for file, pod in pods_of(tree):
        for variable in pod.every("EnvVar"):
            member = variable.member("valueFrom")
            if member and member.node.kind == "object":
                yield from _sources(file, variable, member)
                yield from _references(file, member.node, "EnvVarSource")
        for node in pod.every("DownwardAPIVolumeFile"):
            given = [each for each in (node.member("fieldRef"), node.member("resourceFieldRef")) if each and not each.node.is_null]
            place = node.span(["path"]) if node.member("path") else (node.start, node.start + 1)
            if len(given) > 1:
                yield file.place(given[1].start, given[1].end), "resourceFieldRef stands beside fieldRef; keep one of the two"
            elif not given and not any(misspells("DownwardAPIVolumeFile", node, key) for key in ("fieldRef", "resourceFieldRef")):
                yield file.place(*place), "the file has no source; add fieldRef or resourceFieldRef"
            yield from _references(file, node, "DownwardAPIVolumeFile")


@check()
def variable_is_set_once(tree):
    """No variable of a container is set twice.

    This is stricter than the API, which takes the last of two. A reader sees the first.

    Keep the one that is meant.

    Source: a rule of this guide.
    """
    for file, pod in pods_of(tree):
        for container in pod.every("Container"):
            seen: set[str] = set()
            for variable in objects(container.at(["env"])):
                name = string(variable, "name")
                if name and name in seen:
                    yield file.place(*variable.span(["name"])), f"a second {shown(name)}; keep the one that is meant"
                seen.add(name)


def _sources(file, variable: Node, member: Member):
    """A variable has a value or one source."""
    sources = [each for each in member.node.unique() if not each.node.is_null]
    if string(variable, "value") and sources:
        yield file.place(member.start, member.end), "valueFrom stands beside a value; keep one of the two"
    elif not string(variable, "value") and not sources:
        yield (
            file.place(member.start, member.end),
            "valueFrom has no source; add fieldRef, resourceFieldRef, configMapKeyRef or secretKeyRef",
        )
    for second in sources[1:]:
        yield file.place(second.start, second.end), "a second source of valueFrom; keep one"


def _references(file, node: Node, kind: str):
    """What is wrong with the fields and resources that a variable or a file asks for."""
    path = string(node, "fieldRef", "fieldPath")
    asked = path.partition("['")[0] + ("[]" if path.endswith("']") else "")
    if path and path not in (known := rule("field_paths", kind, "1.3")):
        later = asked in rule("field_paths", kind, "1.37")
        near = (not later and nearest(path, known)) or f"; write {_either(known)}"
        yield file.place(*node.span(["fieldRef", "fieldPath"])), f"a {_holder(kind)} cannot hold {shown(path)}{near}{_OF_1_3 * later}"
    resource = node.at(["resourceFieldRef"])
    if resource is None or resource.kind != "object":
        return
    name, known = string(resource, "resource"), facts("pod-rules")["resource_paths"]["1.3"]
    if name and name not in known:
        today = facts("pod-rules")["resource_paths"]["1.37"]
        later = name in today or name.startswith(tuple(each for each in today if each.endswith("-")))
        near = (not later and nearest(name, known)) or f"; write {_either(known)}"
        yield file.place(*resource.span(["resource"])), f"resource is {shown(name)}{near}{_OF_1_3 * later}"
    holder = resource.member("containerName")
    if (
        kind == "DownwardAPIVolumeFile"
        and (holder is None or holder.node.value in (None, ""))
        and not misspells("ResourceFieldSelector", resource, "containerName")
    ):
        yield file.place(*node.key_span(["resourceFieldRef"])), "resourceFieldRef lacks containerName; add it"
    yield from _divisor(file, resource, name.rpartition(".")[2])


def _divisor(file, resource: Node, of: str):
    node = resource.at(["divisor"])
    amount = quantity(node.value) if node and node.kind == "scalar" else None
    known = facts("pod-rules")["divisors"].get(of)
    if node is None or node.kind != "scalar" or node.is_null or known is None:
        return
    if amount is None or (amount and amount not in [quantity(each) for each in known]):
        yield file.place(node.start, node.end), f"divisor is {shown(node.value)}; write {_either(known)}"


def _either(known: list[str]) -> str:
    return f"{', '.join(known[:-1])} or {known[-1]}"


def _holder(kind: str) -> str:
    return "variable" if kind == "EnvVarSource" else "file"
