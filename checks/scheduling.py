"""What the annotations of 1.3 about scheduling may say: rules of affinity and tolerations that no schema states.

Source: `checks/facts/pod-rules.json` (the validation of Kubernetes 1.3: ValidateAffinityInPodAnnotations, ValidateTolerationsInPodAnnotations).
"""

from collections.abc import Iterator

from checks.documents import Node
from checks.forms import LABEL_VALUE, QUALIFIED, fits
from checks.manifests import items, string, whole
from checks.schemas import shown

Fault = tuple[int, int, str]
_LISTED, _PRESENT, _COMPARED = ("In", "NotIn"), ("Exists", "DoesNotExist"), ("Gt", "Lt")


def affinity(root: Node) -> Iterator[Fault]:
    """What is wrong with an affinity: from where to where, and the words."""
    node = root.at(["nodeAffinity"])
    required = node.at(["requiredDuringSchedulingIgnoredDuringExecution"]) if node else None
    if required:
        yield from _filled(required, "nodeSelectorTerms", "nodeAffinity")
    terms = items(required, "nodeSelectorTerms") + [
        term.at(["preference"]) for term in items(node, "preferredDuringSchedulingIgnoredDuringExecution") if term.at(["preference"])
    ]
    for term in terms:
        yield from _filled(term, "matchExpressions", "a term")
        for requirement in items(term, "matchExpressions"):
            yield from _requirement(requirement, (*_LISTED, *_PRESENT, *_COMPARED))
    yield from _weights(node)
    for key in ("podAffinity", "podAntiAffinity"):
        if pods := root.at([key]):
            yield from _weights(pods)
            yield from _of_pods(pods, key)


def tolerations(root: Node) -> Iterator[Fault]:
    """What is wrong with a list of tolerations."""
    for toleration in root.items:
        key, operator = string(toleration, "key"), string(toleration, "operator")
        if key and not fits(QUALIFIED, key):
            yield *toleration.span(["key"]), f"key is {shown(key)}; {QUALIFIED.words}"
        if operator not in ("", "Equal", "Exists"):
            yield *toleration.span(["operator"]), f"operator is {shown(operator)}; write Equal or Exists"
        elif operator == "Exists" and string(toleration, "value"):
            yield *toleration.key_span(["value"]), "value stands beside the operator Exists; delete it"
        elif not fits(LABEL_VALUE, string(toleration, "value")):
            yield *toleration.span(["value"]), f"value is {shown(string(toleration, 'value'))}; {LABEL_VALUE.words}"
        if string(toleration, "effect") not in ("", "NoSchedule", "PreferNoSchedule"):
            words = f"effect is {shown(string(toleration, 'effect'))}; write NoSchedule or PreferNoSchedule"
            yield *toleration.span(["effect"]), words


def _of_pods(node: Node, key: str) -> Iterator[Fault]:
    """What is wrong with the terms of an affinity between Pods."""
    weighted = items(node, "preferredDuringSchedulingIgnoredDuringExecution")
    preferred = [term.at(["podAffinityTerm"]) for term in weighted if term.at(["podAffinityTerm"])]
    for term in items(node, "requiredDuringSchedulingIgnoredDuringExecution"):
        yield from _term(term, True)
    for term in preferred:
        yield from _term(term, key == "podAffinity")


def _term(term: Node, needs_topology: bool) -> Iterator[Fault]:
    """What is wrong with one term; only where the scheduler may as well do without it, a term has no topology."""
    topology = string(term, "topologyKey")
    if topology and not fits(QUALIFIED, topology):
        yield *term.span(["topologyKey"]), f"topologyKey is {shown(topology)}; {QUALIFIED.words}"
    elif needs_topology and not topology:
        missing = (term.start, term.start + 1, "the term lacks topologyKey; add it")
        yield (*term.span(["topologyKey"]), "topologyKey is empty; write its value") if term.member("topologyKey") else missing
    for requirement in items(term.at(["labelSelector"]), "matchExpressions"):
        yield from _requirement(requirement, (*_LISTED, *_PRESENT))


def _requirement(node: Node, known: tuple[str, ...]) -> Iterator[Fault]:
    """What is wrong with one expression of a selector."""
    operator, values = string(node, "operator"), items(node, "values")
    if string(node, "key") and not fits(QUALIFIED, string(node, "key")):
        yield *node.span(["key"]), f"key is {shown(string(node, 'key'))}; {QUALIFIED.words}"
    if operator and operator not in known:
        yield *node.span(["operator"]), f"operator is {shown(operator)}; write {', '.join(known[:-1])} or {known[-1]}"
    elif operator in _LISTED and not values:
        yield *node.span(["operator"]), f"the operator {operator} has no values; add them"
    elif operator in _PRESENT and values:
        yield *node.key_span(["values"]), f"values stand beside the operator {operator}; delete them"
    elif operator in _COMPARED and len(values) != 1:
        yield *node.span(["operator"]), f"the operator {operator} compares with one value; write one"


def _filled(node: Node, key: str, what: str) -> Iterator[Fault]:
    if not items(node, key) and (member := node.member(key)):
        yield member.node.start, member.node.end, f"{key} of {what} is empty; write at least one value"


def _weights(node: Node | None) -> Iterator[Fault]:
    for term in items(node, "preferredDuringSchedulingIgnoredDuringExecution"):
        weight = whole(term, "weight")
        if weight is not None and not 1 <= weight <= 100:
            yield *term.span(["weight"]), f"weight is {shown(weight)}; write a number from 1 to 100"
