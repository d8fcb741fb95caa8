"""Finding each weight of a model among the names of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

# By our name, which is Keras's, what PyTorch and older Keras call a weight within its layer.
_ALSO = {
    "kernel": ("weight", "depthwise_kernel"),
    "depthwise_kernel": ("depthwise.weight",),
    "pointwise_kernel": ("pointwise.weight",),
    "bias": ("pointwise.bias",),
    "gamma": ("weight", "scale"),
    "beta": ("bias",),
    "moving_mean": ("running_mean",),
    "moving_variance": ("running_var",),
    "alpha": ("weight",),
}
_LEAVES = {name for own, others in _ALSO.items() for name in (own, *others)}
# Around the tensors of a model in a file that holds more, or was saved out of a wrapper.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "net", "network", "params")
_DEPTH = 4

Key = tuple[str, str]  # of a node and of its weight


def find(
    wanted: Collection[Key], names: Sequence[str], namings: Sequence[Mapping[str, str]]
) -> tuple[dict[Key, str], int]:
    """Return the name in the file of each wanted weight that is there, and which naming found most.

    Parameters
    ----------
    wanted : collection of (node, weight)
    names : sequence of str
        As in the file. `/` and `.` are the same, Keras's `:0` and what wraps all names (`module.`,
        `state_dict.`) are left out.
    namings : sequence of mapping
        By node, what the file may call it; the first goes before others that find as many.

    >>> find([("conv1", "kernel")], ["module.conv1.weight", "module.conv1.bias"], [{}])
    ({('conv1', 'kernel'): 'module.conv1.weight'}, 0)
    """
    best: dict[Key, str] = {}
    which = 0
    for known in _unwrapped({_plain(name): name for name in reversed(names)}):
        for number, naming in enumerate(namings):
            found = _found(wanted, known, naming)
            if len(found) > len(best):
                best, which = found, number
    return best, which


def beside(found: Mapping[Key, str], names: Collection[str]) -> dict[str, str]:
    """Return the nodes that have been found, by further weights of theirs that the file holds.

    >>> beside({("conv1", "kernel"): "conv1.weight"}, ["conv1.weight", "conv1.bias"])
    {'conv1.bias': 'conv1'}
    """
    owners = {_plain(name).rpartition(".")[0]: node for (node, _), name in found.items()}
    taken = set(found.values())
    result = {}
    for name in names:
        prefix, _, leaf = _plain(name).rpartition(".")
        if name not in taken and leaf in _LEAVES and prefix in owners:
            result[name] = owners[prefix]
    return result


def _found(
    wanted: Collection[Key], known: Mapping[str, str], naming: Mapping[str, str]
) -> dict[Key, str]:
    found = {}
    for node, weight in wanted:
        prefix = _plain(naming.get(node, node))
        last = prefix.rpartition(".")[2]
        for leaf in (weight, *_ALSO.get(weight, ())):
            # Keras 2 puts a layer's name twice: conv1/conv1/kernel:0.
            near = (f"{prefix}.{leaf}", f"{prefix}.{last}.{leaf}")
            if name := next((known[key] for key in near if key in known), None):
                found[node, weight] = name
                break
    return found


def _unwrapped(known: dict[str, str], depth: int = 0) -> Iterator[dict[str, str]]:
    """Yield the names as they are, then without what stands before all or some of them."""
    yield known
    if depth == _DEPTH:
        return
    heads = Counter(name.partition(".")[0] for name in known if "." in name)
    for head, count in heads.items():
        if head in _WRAPPERS or count == len(known):
            inner = {
                n.partition(".")[2]: own for n, own in known.items() if n.startswith(f"{head}.")
            }
            yield from _unwrapped(inner, depth + 1)


def _plain(name: str) -> str:
    return name.removesuffix(":0").replace("/", ".")
