"""Checkpoints: all that a training run needs to go on, in one safetensors file.

The weights are named as in every weight file of ours, `NODE.WEIGHT`, so that any command that takes
weights takes a checkpoint; what the optimiser keeps is `NODE.WEIGHT:SLOT`. The rest is JSON in the
metadata, beside the model's spec. A file is replaced in one step, so that a run that is killed
leaves the old one or the new one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cnnviz.errors import InputError, SpecError, shortened
from cnnviz.files import open_atomic
from cnnviz.geometry import times
from cnnviz.trained.about import About
from cnnviz.training.forming import KERNEL, first_kernel
from cnnviz.training.history import History
from cnnviz.training.taught import taught

if TYPE_CHECKING:
    from cnnviz.arrays.contents import Opened
    from cnnviz.contract import Array, ModelWeights
    from cnnviz.graph import Graph
    from cnnviz.training.optimizers import State

_KEY, _SPEC, _SUM = "training", "spec", "checksum"
_FRAME = "frame "  # and the step, as a slot
_FLOATS = ("float32", "float64")
# What the metadata say, and as what in JSON.
_FACTS: dict[str, tuple[type, ...]] = {
    "step": (int,),
    "epoch": (int,),
    "batch": (int,),
    "seed": (int,),
    "optimizer_steps": (int,),
    "best_accuracy": (int, float, type(None)),
    "optimizer": (dict,),
    "schedule": (dict,),
    "settings": (dict,),
    "history": (dict,),
    "command": (str,),
}
_MOST_METADATA = 2**23  # bytes of JSON; half of what a reader takes for a header


@dataclass(kw_only=True, eq=False)
class Checkpoint:
    """A training run between two steps.

    Parameters
    ----------
    weights : mapping
        Arrays by node and weight, running statistics too.
    state : dict
        The optimiser's arrays by slot and `NODE.WEIGHT`.
    optimizer_steps : int
        How many steps the optimiser has taken.
    step, epoch, batch : int
        How many steps have been taken, and how many epochs, and batches of the next one.
    seed : int
    optimizer, schedule : dict
        Their settings.
    settings : dict
        What else decides the result: batch size, augmentation, what the data are known by.
    best_accuracy : float, optional
        The highest of all validations so far.
    history : History
    frames : dict
        The kernel of `forming.first_kernel` by step.
    command : str
        The command line.
    """

    weights: ModelWeights
    state: State = field(default_factory=dict)
    optimizer_steps: int = 0
    step: int = 0
    epoch: int = 0
    batch: int = 0
    seed: int = 0
    optimizer: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    best_accuracy: float | None = None
    history: History = field(default_factory=History)
    frames: dict[int, Array] = field(default_factory=dict)
    command: str = ""


def save(
    path: str | os.PathLike[str], graph: Graph, made: Checkpoint, *, overwrite: bool = True
) -> None:
    """Write a checkpoint in place of the one before it, whole or not at all.

    Without `overwrite` it must be the first, which no other run can then be.

    Raises
    ------
    OutputError
        If the file cannot be written.
    SpecError
        If settings are no plain data, or the history is over 8 MiB.
    """
    from cnnviz.arrays.archives.safetensors import write_to
    from cnnviz.arrays.contents import Tensor
    from cnnviz.graph.document import to_toml

    arrays = _named(made.weights, made.state)
    watched = f"{first_kernel(graph)}.{KERNEL}:{_FRAME}"
    arrays |= {f"{watched}{step}": values for step, values in made.frames.items()}
    tensors = {name: Tensor(values.shape, values.dtype.name) for name, values in arrays.items()}
    about = _about(graph, made).to_metadata(graph.name)
    facts = _facts_text(made)
    about |= {_KEY: facts, _SPEC: to_toml(graph), _SUM: _checksum(facts, arrays)}
    with open_atomic(path, overwrite=overwrite) as file:
        write_to(file, tensors, lambda name: _contiguous(arrays[name]), about)


def load(path: str | os.PathLike[str], graph: Graph) -> Checkpoint:
    """Return the checkpoint of a file; every value is what was saved, bit for bit.

    Parameters
    ----------
    path : path
    graph : Graph
        The network that is to be trained further.

    Raises
    ------
    InputError
        If the file is missing, corrupt or no checkpoint, is of another spec (with the first
        difference), or its arrays are not those of the spec.
    RefusedError
        If an array is over the byte budget.
    """
    from cnnviz.arrays import open_arrays

    name = os.fspath(path)
    with open_arrays(path, name=name) as file:
        facts = _facts(file, name)
        _check_spec(file.metadata[_SPEC], graph, name)
        weights, state = _arrays(file, graph, name)
        _check_sum(file.metadata, facts, weights, state, name)
    frames = _frames(state, f"{first_kernel(graph)}.{KERNEL}", name)
    try:
        history = History.from_columns(facts.pop("history"))
    except (SpecError, TypeError) as error:
        raise InputError("corrupt checkpoint: its history", path=name) from error
    return Checkpoint(weights=weights, state=state, history=history, frames=frames, **facts)


def is_checkpoint(file: Opened) -> bool:
    """Tell whether an open array file is a checkpoint, and no mere file of weights."""
    return _KEY in file.metadata and _SPEC in file.metadata


@dataclass(frozen=True)
class Kept:
    """Where a run keeps its last and its best checkpoint.

    >>> Kept("out/lenet5").best
    'out/lenet5.best.safetensors'
    """

    stem: str

    @property
    def last(self) -> str:
        """The file of the last checkpoint, from which a run goes on."""
        return f"{self.stem}.last.safetensors"

    @property
    def best(self) -> str:
        """The file of the checkpoint of the highest accuracy."""
        return f"{self.stem}.best.safetensors"

    def save(self, graph: Graph, made: Checkpoint, accuracy: float | None = None) -> bool:
        """Write the last checkpoint, and the best before it if `accuracy` is the highest so far.

        In this order a run that is killed between the two goes on from before the validation, and
        comes to the same best again. Of equal accuracies the first stays.

        Returns
        -------
        bool
            Whether it is the best.
        """
        best = made.best_accuracy
        better = accuracy is not None and accuracy == accuracy and (best is None or accuracy > best)
        if better:
            made.best_accuracy = accuracy
            save(self.best, graph, made)
        save(self.last, graph, made)
        return better


def _about(graph: Graph, made: Checkpoint) -> About:
    """Return what the file says to those for whom it is one of weights."""
    known = taught(graph, made.settings.get("data", {}).get("labels", ()))
    return About(
        seed=made.seed,
        command=made.command,
        labels=known.labels,
        preprocess=known.preprocess,
        is_turned=bool(made.settings.get("recipe", {}).get("flip")),
    )


def _json(facts: Mapping[str, Any]) -> str:
    import json

    return json.dumps(facts, separators=(",", ":"), allow_nan=False)


def _facts_text(made: Checkpoint) -> str:
    facts = {key: getattr(made, key) for key in _FACTS}
    facts["history"] = made.history.to_columns()
    try:
        text = _json(facts)
    except (TypeError, ValueError) as error:
        raise SpecError(f"a checkpoint holds plain data: {error}") from error
    if len(text) > _MOST_METADATA:
        what = f"a history of {len(made.history.moments)} moments"
        raise SpecError(f"{what} does not fit in a checkpoint", hint="note fewer of them")
    return text


def _facts(file: Opened, name: str) -> dict[str, Any]:
    """Return what the metadata say, each of its kind; whether it makes sense, the run will see."""
    import json

    if not is_checkpoint(file):
        raise InputError(
            "holds weights but no training to go on with",
            path=name,
            hint="name the .last.safetensors of a run",
        )
    try:
        facts = json.loads(file.metadata[_KEY], parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError("corrupt checkpoint: its metadata are not JSON", path=name) from error
    if not isinstance(facts, dict) or sorted(facts) != sorted(_FACTS):
        raise InputError("corrupt checkpoint: its metadata lack some facts", path=name)
    for key, kinds in _FACTS.items():
        value = facts[key]
        wrong = not isinstance(value, kinds) or isinstance(value, bool)
        if wrong or (kinds == (int,) and value < 0):
            raise InputError(f"corrupt checkpoint: {key} {shortened(ascii(value))}", path=name)
    return facts


def _named(weights: ModelWeights, state: State) -> dict[str, Array]:
    """Return all arrays by their names in a file."""
    arrays = {f"{n}.{w}": values for n, own in weights.items() for w, values in own.items()}
    for slot, kept in state.items():
        arrays |= {f"{name}:{slot}": values for name, values in kept.items()}
    return arrays


def _checksum(facts: str, arrays: Mapping[str, Array]) -> str:
    """Return what a disk's slip changes; whoever means harm can make it anew."""
    import zlib

    found = zlib.crc32(facts.encode())
    for name in sorted(arrays):
        found = zlib.crc32(name.encode(), found)
        found = zlib.crc32(_contiguous(arrays[name]).reshape(-1).view("u1").data, found)
    return f"{found:08x}"


def _check_sum(
    metadata: Mapping[str, str],
    facts: Mapping[str, Any],
    weights: ModelWeights,
    state: State,
    name: str,
) -> None:
    """Refuse a file that has changed since it was written; another writer may leave the sum out."""
    text = _json({key: facts[key] for key in _FACTS})
    if metadata.get(_SUM) not in (None, _checksum(text, _named(weights, state))):
        raise InputError("corrupt checkpoint: it has changed since it was written", path=name)


def _no_number(text: str) -> None:
    raise ValueError(text)  # NaN and Infinity, which JSON has not


def _check_spec(there: str, graph: Graph, name: str) -> None:
    """Refuse a checkpoint of another network, with the first line that differs but its name."""
    from itertools import zip_longest

    from cnnviz.graph.document import to_toml

    there, here = (text.partition("\n")[2] for text in (there, to_toml(graph)))
    if there == here:
        return
    pairs = zip_longest(there.splitlines(), here.splitlines(), fillvalue="nothing more")
    then, now = next(((a, b) for a, b in pairs if a != b), ("other line ends", "these"))
    raise InputError(
        f"is a checkpoint of another model: {_line(then)} there, {_line(now)} here",
        path=name,
        hint="train that model, or begin anew under another name",
    )


def _line(text: str) -> str:
    return shortened(ascii(text)[1:-1] or "an empty line")


def _arrays(
    file: Opened, graph: Graph, name: str
) -> tuple[dict[str, dict[str, Array]], dict[str, dict[str, Array]]]:
    """Return the weights and the state; each tensor must have the place that its name says."""
    from cnnviz.model.initial import wanted_shapes

    wanted = wanted_shapes(graph)
    shapes = {f"{n}.{w}": shape for n, own in wanted.items() for w, shape in own.items()}
    state: dict[str, dict[str, Array]] = {}
    flat: dict[str, Array] = {}
    for tensor_name, tensor in file.tensors.items():
        own, slot = _split(tensor_name)
        if own not in shapes or tensor.shape != shapes[own] or tensor.dtype not in _FLOATS:
            what = f"{shortened(ascii(tensor_name)[1:-1])} ({times(tensor.shape)}, {tensor.dtype})"
            raise InputError(f"corrupt checkpoint: {what} is no array of the model", path=name)
        kept = state.setdefault(slot, {}) if slot else flat
        kept[own] = file.stored(tensor_name)
    if missing := [key for key in shapes if key not in flat]:
        raise InputError(f"corrupt checkpoint: {missing[0]} is missing", path=name)
    return {n: {w: flat[f"{n}.{w}"] for w in own} for n, own in wanted.items()}, state


def _frames(state: State, watched: str, name: str) -> dict[int, Array]:
    """Take the frames out of what was read as state, in the order of their steps."""
    found = {}
    for slot in [slot for slot in state if slot.startswith(_FRAME)]:
        digits, own = slot.removeprefix(_FRAME), state.pop(slot)
        if not (digits.isascii() and digits.isdigit() and len(digits) < 16) or list(own) != [
            watched
        ]:
            raise InputError(f"corrupt checkpoint: {shortened(ascii(slot))} is no frame", path=name)
        found[int(digits)] = own[watched]
    return dict(sorted(found.items()))


def _split(tensor_name: str) -> tuple[str, str]:
    """Return `NODE.WEIGHT` and the slot; a node's name may have dots and colons, a weight's none.

    >>> _split("a:b.c.kernel:momentum"), _split("a:b.kernel")
    (('a:b.c.kernel', 'momentum'), ('a:b.kernel', ''))
    """
    node, _, rest = tensor_name.rpartition(".")
    weight, _, slot = rest.partition(":")
    return f"{node}.{weight}", slot


def _contiguous(values: Array) -> Array:
    import numpy as np

    return np.ascontiguousarray(values)
