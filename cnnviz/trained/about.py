"""What a weight file says of itself, as texts in the metadata of its safetensors.

The keys are `format` (`cnnviz`), `layout` (`hwio`), `model`, and those that are known of `data`,
`accuracy`, `seed`, `command`, `license`, `labels` (a JSON list), `preprocess` (a JSON object) and
`orientation` (`convolution` where kernels are stored for true convolution). A file is not trusted
in any of it: what is wrong counts as not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

MAX_LABEL = 200  # characters
# Characters of the other texts; a figure is as wide as its widest line.
_MAX_TEXTS = {"data": 80, "command": 2000, "license": 2000}
_MAX_JSON = 2**20
_CONVOLUTION = "convolution"


@dataclass(frozen=True, kw_only=True)
class About:
    """Where trained weights are from, and what the outputs mean.

    Parameters
    ----------
    data : str
        The name of the data set.
    accuracy : float, optional
        Share of its test set that is classified rightly, 0 to 1.
    seed : int, optional
    command : str
        The command line that trained them.
    license : str
        Of the data, or where they are from.
    labels : tuple of str
        The names of the classes.
    preprocess : mapping, optional
        What was done to images, as in a spec's table, where the spec itself says nothing.
    is_turned : bool
        Whether kernels are stored for true convolution, which turns them by 180 degrees.

    >>> about = About(data="CIFAR-10", accuracy=0.8514, seed=1)
    >>> str(about)
    'CIFAR-10, 85.1% of its test set'
    >>> About.of(about.to_metadata("cifar-net")) == about
    True
    """

    data: str = ""
    accuracy: float | None = None
    seed: int | None = None
    command: str = ""
    license: str = ""
    labels: tuple[str, ...] = ()
    preprocess: Mapping[str, Any] | None = None
    is_turned: bool = False

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> About:
        """Return what the metadata of a file says, without what is wrong or unsafe to print.

        >>> said = {"data": "CIFAR-10", "accuracy": "NaN", "labels": "[1]", "seed": "x"}
        >>> About.of(said) == About(data="CIFAR-10")
        True
        """
        texts = {key: _text(metadata.get(key, ""), most) for key, most in _MAX_TEXTS.items()}
        accuracy, seed = (_json(metadata.get(key, "")) for key in ("accuracy", "seed"))
        is_share = isinstance(accuracy, int | float) and 0 <= accuracy <= 1
        labels, table = (_json(metadata.get(key, "")) for key in ("labels", "preprocess"))
        return cls(
            **texts,
            accuracy=accuracy if is_share and not isinstance(accuracy, bool) else None,
            seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
            labels=tuple(labels) if isinstance(labels, list) and _are_labels(labels) else (),
            preprocess=table if isinstance(table, dict) else None,
            is_turned=metadata.get("orientation") == _CONVOLUTION,
        )

    def to_metadata(self, model: str) -> dict[str, str]:
        """Return the metadata of a file of weights of a model, in our names and order of axes."""
        import json

        made = {"format": "cnnviz", "layout": "hwio", "model": model}
        for key, value in self.to_dict().items():
            made[key] = value if isinstance(value, str) else json.dumps(value)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return what is known as plain data."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        known["labels"] = list(self.labels)
        known["orientation"] = _CONVOLUTION if known.pop("is_turned") else ""
        return {key: value for key, value in known.items() if value not in ("", None, [])}

    def __str__(self) -> str:
        share = "" if self.accuracy is None else f"{100 * self.accuracy:.1f}% of its test set"
        return ", ".join(filter(None, (self.data, share)))


def _json(text: str) -> Any:
    """Return the value of a JSON text, None of what is none or could not be written as such."""
    import json

    if len(text) > _MAX_JSON:
        return None
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):  # also of a number of too many digits
        return None
    return value


def _text(text: str, most: int) -> str:
    return text if len(text) <= most and text.isprintable() else ""


def _are_labels(values: list[Any]) -> bool:
    return all(isinstance(v, str) and 0 < len(v) <= MAX_LABEL and v.isprintable() for v in values)
