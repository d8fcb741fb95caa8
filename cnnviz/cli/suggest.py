"""What may stand at one place of a command line, for the shell to complete.

Everything here runs at a press of <TAB>: it imports as little as it can, and looks at nothing but
names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # generic only since click 8.4, and then only in name

Names = Callable[[click.Context, str], Iterable[str]]


def nothing(ctx: click.Context, word: str) -> Iterable[str]:
    """Return no names: a number, or something else that only the user knows."""
    return ()


class Suggested(ParamType):
    """A type whose values have names, or are files, or both.

    Attributes
    ----------
    names : callable
        Takes the context and the word that has been begun, returns names, or names with what they
        are; those that begin with the word are suggested. A name may end in `:`, `.` or `=` where
        more is to follow.
    files : str
        `"file"` if the value may be a file: suggested where no name begins like it.
    skip : str
        What may stand before the path of a file, `file:`.
    """

    names: Names = staticmethod(nothing)
    files = ""
    skip = ""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin with `incomplete`, else the kind of path that it may be."""
        from click.shell_completion import CompletionItem

        names = self.names(ctx, incomplete)
        known = names if isinstance(names, Mapping) else dict.fromkeys(names, "")
        begun = {name: about for name, about in known.items() if name.startswith(incomplete)}
        found = [CompletionItem(name, help=about) for name, about in begun.items()]
        if found or not self.files:
            return found
        prefix = self.skip if self.skip and incomplete.startswith(self.skip) else ""
        return [CompletionItem(prefix, type=self.files)]


class Text(Suggested):
    """A word that is taken as it is."""

    name = "text"

    def __init__(self, names: Names = nothing, *, files: str = "", skip: str = "") -> None:
        self.names, self.files, self.skip = names, files, skip


def kernel_names(ctx: click.Context, word: str) -> Iterable[str]:
    """Return the kernels, one step at a time: `pillow:` before `pillow:emboss`, `kirsch:ne` last.

    A namespace counts as one name until it is typed, so that its kernels do not hide the others.
    """
    from cnnviz import kernels, trained

    if word.startswith(f"{trained.PREFIX}:"):
        return _trained(word)
    names = {entry.name: entry.summary for entry in kernels.entries()}
    banks = {f"bank:{name}": "" for name in kernels.banks()}
    head, colon, _ = word.partition(":")
    if head in names and colon:
        choices = getattr(next(iter(kernels.describe(head).parameters), None), "choices", ())
        return [f"{head}:{choice}" for choice in choices]
    if colon:
        return names | banks
    heads = [name.partition(":")[0] + ":" for name in [*names, *banks] if ":" in name]
    own = {name: about for name, about in names.items() if ":" not in name}
    heads += [f"{trained.PREFIX}:"] * bool(trained.names())
    return own | dict.fromkeys(heads, "") | {"file:": "a kernel in a file"}


def _trained(word: str) -> Iterable[str]:
    """Return the networks in the box, then the layers of one."""
    from cnnviz import trained

    _, name, *layer = word.split(":")
    if not layer:
        return {f"{trained.PREFIX}:{known}": trained.stated(known) for known in trained.names()}
    head = f"{trained.PREFIX}:{name}"
    return [f"{head}:{each}" for each in trained.layers(trained.find(name))]


def signal_names(ctx: click.Context, word: str) -> Iterable[str]:
    """Return the named signals, also behind the + of a sum."""
    from cnnviz import signals

    head = word[: word.rfind("+") + 1]
    return {f"{head}{entry.name}": entry.summary for entry in signals.entries()}


def pooling_types(ctx: click.Context, word: str) -> Iterable[str]:
    """Return the types of pooling."""
    from cnnviz.ops.pooling import pooling_types

    return pooling_types()


def activations(ctx: click.Context, word: str) -> Iterable[str]:
    """Return the activations."""
    from cnnviz.ops.activations import activations

    return activations()


def colormaps(ctx: click.Context, word: str) -> Iterable[str]:
    """Return the colour maps that need nothing installed."""
    from cnnviz.render.colormaps import NAMES

    return NAMES


def models(ctx: click.Context, word: str) -> Iterable[str]:
    """Return the built-in models."""
    from cnnviz.model import zoo

    return {name: zoo.summary(name) for name in zoo.names()}


def weights(ctx: click.Context, word: str) -> Iterable[str]:
    """Return the one word that is no file, where it hides none that is likely to be meant."""
    return {"random": "untrained, He-initialised"} if word.startswith("ran") else ()


def settings(ctx: click.Context, word: str) -> Iterable[str]:
    """Return the layers of the model that was named before, then the settings of one of them."""
    from dataclasses import fields

    from cnnviz.model.load import load_graph

    spec = ctx.params.get("spec")
    if not spec or "=" in word:
        return ()
    shape = ctx.params.get("input_shape")
    nodes = load_graph(spec, input_shape=shape).nodes
    layer, dot, _ = word.rpartition(".")
    chosen = next((node.layer for node in nodes if dot and node.name == layer), None)
    if chosen is None:
        return [f"{node.name}." for node in nodes]
    return [f"{layer}.{field.name}=" for field in fields(chosen)]


def layers(ctx: click.Context, word: str) -> Iterable[str]:
    """Return the layers of the model that was named before."""
    from cnnviz.model.load import load_graph

    spec = ctx.params.get("spec")
    if not spec:
        return ()
    graph = load_graph(spec, input_shape=ctx.params.get("input_shape"))
    return {node.name: type(node.layer).__name__ for node in graph.nodes}
