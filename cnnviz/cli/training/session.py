"""What one `cnnviz train` was asked for, and the networks that it trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnviz.cli import streams
from cnnviz.cli.training import options, stopping
from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.contract import Weights
    from cnnviz.graph import Graph
    from cnnviz.training.augmentation import Augmentation

    Nested = Mapping[str, Weights]


@dataclass(frozen=True)
class Network:
    """What is trained: its `value` in a series, and the weights that it begins with."""

    graph: Graph
    first: Nested | None = None
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Session:
    """What one command was asked for."""

    path: str
    spec: str
    recipe: Mapping[str, Any]
    augmentation: Augmentation
    dividing: Mapping[str, Any]
    labels: str | None
    data_name: str | None
    license: str | None
    max_pixels: int
    keep: str
    resume: bool
    save_every: float
    look: Mapping[str, Any]
    overwrite: bool
    as_json: bool
    quiet: bool
    no_color: bool
    command: str
    stop: stopping.Stop

    @property
    def data(self) -> str:
        """What the data set is called."""
        return self.data_name or options.name_of(self.path)

    @property
    def may_replace(self) -> bool:
        """Whether files of an earlier run may go."""
        return self.overwrite or self.resume

    def say(self, text: str) -> None:
        """Write a line for people."""
        if not self.quiet:
            streams.say(text)


def networks(model: Mapping[str, Any]) -> tuple[str, list[Network]]:
    """Return the setting that has several values ("" for none), and the network of each.

    Raises
    ------
    SpecError
        If two settings have, or a value does not fit the network.
    """
    from cnnviz.graph.change import alternatives

    each = [alternatives(text) for text in model["settings"]]
    several = [found for found in each if len(found) > 1]
    if len(several) > 1:
        two = " and ".join(found[0].partition("=")[0] for found in several[:2])
        raise SpecError(f"--set: {two} both have several values", hint="give one of them one")
    if not several:
        return "", [_network(model, [found[0] for found in each])]
    found = []
    for text in several[0]:
        name, _, value = text.partition("=")
        settings = [text if one is several[0] else one[0] for one in each]
        found.append(_network(model, settings, value))
    return name, found


def _network(model: Mapping[str, Any], settings: list[str], value: str = "") -> Network:
    """Return the network of these settings, with its weights to begin with if any are given."""
    from cnnviz.model.load import RANDOM, load_model

    loaded = load_model(**{**model, "settings": settings, "weights": model["weights"] or RANDOM})
    return Network(loaded.graph, loaded.weights, value)
