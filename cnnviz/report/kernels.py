"""What named kernels are, in numbers: what `cnnviz kernels NAME` reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cnnviz.errors import SpecError
from cnnviz.files import stem_of
from cnnviz.geometry import times
from cnnviz.report.exact import Product, factors, rank_of, total, whole
from cnnviz.report.numbers import numbers, vector
from cnnviz.report.result import Inspection
from cnnviz.report.spectrum import Response, response

if TYPE_CHECKING:
    from cnnviz.kernels import Kernel

_MOST_SINGULAR = 8
_LEAST = 20  # columns, however narrow the terminal says it is


@dataclass(eq=False, repr=False)
class KernelFacts:
    """One kernel `(kh, kw)` with all that can be said of it.

    `summary` is what it shows, in a line; empty where nobody has said.
    """

    kernel: Kernel
    summary: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.kernel.name

    @property
    def values(self) -> np.ndarray:
        """Its values, `(kh, kw)`."""
        return self.kernel.values

    @cached_property
    def sum(self) -> float:
        """Sum of the values, without what rounding leaves of zero."""
        return total(self.values)

    @cached_property
    def whole(self) -> tuple[np.ndarray, int] | None:
        """Whole numbers and the denominator below them, where there are such."""
        return whole(self.values)

    @cached_property
    def _decomposed(self) -> tuple[int, np.ndarray]:
        return rank_of(self.values)

    @property
    def rank(self) -> int:
        """Number of products of a column and a row that it is the sum of."""
        return self._decomposed[0]

    @property
    def singular_values(self) -> np.ndarray:
        """The weights of those products, largest first."""
        return self._decomposed[1]

    @cached_property
    def product(self) -> Product | None:
        """Its factors if it is separable."""
        return factors(self.values) if self.rank == 1 else None

    @cached_property
    def response(self) -> Response:
        """What it does to frequencies."""
        return response(self.values)

    @cached_property
    def symmetry(self) -> dict[str, str]:
        """`even`, `odd` or `none` for each mirror and for a half and a quarter turn."""
        k = self.values
        square = k.shape[0] == k.shape[1]
        images = {
            "left_right": k[:, ::-1],
            "top_bottom": k[::-1],
            "half_turn": k[::-1, ::-1],
            **({"diagonal": k.T, "quarter_turn": np.rot90(k)} if square else {}),
        }
        return {name: _parity(k, image) for name, image in images.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        exact, product = self.whole, self.product
        return {
            "name": self.name,
            "values": self.values.tolist(),
            "sum": self.sum,
            "rank": self.rank,
            "separable": product is not None,
            "shape": list(self.values.shape),
            "whole": None if exact is None else exact[0].tolist(),
            "denominator": None if exact is None else exact[1],
            "factors": None
            if product is None
            else {
                "column": product.column.tolist(),
                "row": product.row.tolist(),
                "denominator": product.denominator,
            },
            "singular_values": self.singular_values.tolist(),
            "symmetry": self.symmetry,
            "frequency_response": self.response.to_dict(),
            "scale": self.kernel.scale,
            "offset": self.kernel.offset,
            "summary": self.summary,
            "source": self.kernel.source,
        }

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield all of it in plain ASCII."""
        yield f"{self.name}  {times(self.values.shape)}"
        yield ""
        yield from numbers(self.values, self.whole, width)
        yield ""
        for label, text in self.said():
            yield from wrap(
                f"{label:<10} {text}", max(width - 1, _LEAST), subsequent_indent=" " * 11
            )

    def said(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to say, each with what it is about."""
        if self.summary:
            yield "shows", self.summary
        yield "sum", f"{self.sum:.6g}"
        yield "rank", self._rank_words()
        yield "symmetry", self.symmetry_words()
        yield "response", self.response_words()
        if self.kernel.scale != 1 or self.kernel.offset != 0:
            yield "tool", self.tool_words()
        yield "source", self.kernel.source

    def symmetry_words(self) -> str:
        """Return what it is symmetric to, in words."""
        signs = self.symmetry
        if signs.get("quarter_turn") == "even" and signs["left_right"] == "even":
            return "even in every mirror and quarter turn"
        words = {
            "left_right": "left to right",
            "top_bottom": "top to bottom",
            "diagonal": "about the diagonal",
            "half_turn": "under a half turn",
            "quarter_turn": "under a quarter turn",
        }
        if "none" not in (signs["left_right"], signs["top_bottom"]):
            del words["half_turn"]  # which follows
        said = [f"{signs[k]} {text}" for k, text in words.items() if signs.get(k, "none") != "none"]
        return ", ".join(said) or "none"

    def response_words(self) -> str:
        """Return the frequency response in words."""
        found = self.response
        gain, (v, u) = found.peak
        across, down, diagonal = (f"{g:.4g}" for g in found.nyquist)
        return (
            f"{found.kind}; gain {found.zero:.4g} at zero frequency, "
            f"at Nyquist {across} across, {down} down, {diagonal} diagonal; "
            f"most {gain:.4g} at {abs(u):.3g} across, {v:.3g} down (cycles per pixel)"
        )

    def tool_words(self) -> str:
        """Return what its tool does beside it, in words."""
        words = [f"numbers divided by {self.kernel.scale:g}"] * (self.kernel.scale != 1)
        words += [f"{self.kernel.offset:g} added to the result"] * (self.kernel.offset != 0)
        return ", ".join(words)

    def _rank_words(self) -> str:
        product = self.product
        if product is None:
            most = min(self.rank, _MOST_SINGULAR)
            listed = ", ".join(f"{s:.4g}" for s in self.singular_values[:most])
            more = ", ..." if self.rank > _MOST_SINGULAR else ""
            return f"{self.rank}, not separable; singular values {listed}{more}"
        below = f"1/{product.denominator} x " if product.denominator != 1 else ""
        return f"1, separable: {below}column {vector(product.column)} x row {vector(product.row)}"


@dataclass(eq=False, repr=False)
class KernelSet(Inspection):
    """Kernels that are looked at together."""

    figure: ClassVar[str] = "kernels"

    facts: tuple[KernelFacts, ...]
    title: str = "kernels"

    @property
    def subject(self) -> str:
        """The kernel, or how many."""
        return self.facts[0].name if len(self.facts) == 1 else f"{len(self.facts)} kernels"

    @property
    def sources(self) -> list[str]:
        """Where each is from, some of which are files."""
        return [one.kernel.source for one in self.facts]

    def to_dict(self) -> dict[str, Any]:
        """Return the one kernel as plain data, or all of them in a list."""
        rows = self.to_dicts()
        return rows[0] if len(rows) == 1 else {"kernels": rows}

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row of plain data for each kernel."""
        return [one.to_dict() for one in self.facts]

    def arrays(self) -> list[tuple[str, np.ndarray]]:
        """Return the values of each kernel by its name."""
        return [(one.name, one.values) for one in self.facts]

    def lines(self, width: int = 80) -> Iterator[str]:
        """Yield what there is to say of each kernel."""
        for number, one in enumerate(self.facts):
            yield from ("", "") if number else ()
            yield from one.lines(width)


def look_up(texts: Sequence[str], layout: str | None = None) -> KernelSet:
    """Return the kernels that are named, of banks and tools all.

    Parameters
    ----------
    texts : sequence of str
        As after `--kernel`; a bank or a tool may also be named alone, `sobel` or `pillow:`.

    Raises
    ------
    SpecError, InputError, RefusedError
        As `cnnviz.kernels.resolve`; SpecError also for kernels that are not `(kh, kw)`.
    """
    from cnnviz import kernels

    banks, names = set(kernels.banks()), set(kernels.kernel_names())
    facts = []
    for text in texts:
        word = text.strip().removesuffix(":")
        in_library = kernels.locate(text) is None
        typed = f"bank:{word}" if in_library and word in banks and word not in names else text
        for one in _resolve(typed, layout):
            if one.values.ndim != 2:
                raise SpecError(
                    f"{one.name} is {times(one.values.shape)}, trained weights",
                    hint="a file of those is shown alone",
                )
            known = in_library and one.source != "inline matrix"
            facts.append(KernelFacts(one, kernels.describe(one.name).summary if known else ""))
    return KernelSet(tuple(facts), "+".join(map(_stem, texts)))


def _stem(text: str) -> str:
    """Return what the picture of a kernel is called: its name, or its file's without a suffix."""
    from cnnviz.kernels import locate

    path, layer = locate(text) or (None, None)
    if path is None:
        return text
    return "-".join(filter(None, (stem_of(path), layer)))


def _resolve(text: str, layout: str | None) -> list[Kernel]:
    """Resolve a kernel; a file of several matrices gives all of them."""
    from cnnviz.kernels import Kernel, locate, resolve

    path, layer = locate(text) or (None, None)
    if path is not None and layer is None:
        from cnnviz.kernels import open_weights

        with open_weights(path, layout) as file:
            if file.holds_matrices:
                return [
                    Kernel(f"{stem_of(path)}:{one.name}", file.read(one)[:, :, 0, 0], path)
                    for one in file.stored
                ]
    return resolve(text, layout)


def _parity(values: np.ndarray, image: np.ndarray) -> str:
    slack = 1e-12 * float(np.abs(values).max())
    if np.abs(values - image).max() <= slack:
        return "even"
    return "odd" if np.abs(values + image).max() <= slack else "none"
