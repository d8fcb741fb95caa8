"""A layer's settings: from arguments to a layer, and back to the fewest arguments that make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields
from functools import lru_cache
from typing import Any

from cnnviz.contract import Layer
from cnnviz.errors import SpecError, unknown_name


def build(
    layer: type[Layer],
    args: Sequence[Any],
    settings: Mapping[str, Any],
    *,
    beside: Sequence[str] = (),
) -> Layer:
    """Return a layer made from positional and named arguments, as Keras would.

    `beside` names what may be written beside the settings, for the hint of an unknown one.

    Raises
    ------
    SpecError
        If an argument is unknown (with the nearest known ones), missing, given twice or wrong.
    """
    known = {field.name: field for field in fields(layer)}
    positional = [name for name, field in known.items() if not field.kw_only]
    if len(args) > len(positional):
        takes = ", ".join(positional) or "none"
        raise SpecError(f"has {len(args)} unnamed settings, more than it takes ({takes})")
    given = dict(zip(positional, args, strict=False))
    for name, value in settings.items():
        if name not in known:
            raise unknown_name("setting", name, (*known, *beside))
        if name in given:
            raise SpecError(f"{name} is given twice")
        given[name] = value
    for name, field in known.items():
        if given.get(name) is None and _is_required(field):
            raise SpecError(f"{name} is missing", hint=f"it takes {', '.join(known)}")
    return layer(**given)


def changed(layer: Layer, name: str, value: Any) -> Layer:
    """Return the layer with one setting changed.

    >>> from cnnviz.layers import find
    >>> changed(find("Dense")(10), "units", 5).units
    5
    """
    known = {field.name: getattr(layer, field.name) for field in fields(layer)}
    if name not in known:
        raise unknown_name("setting", name, known)
    return type(layer)(**(known | {name: value}))


def settings_of(layer: Layer) -> dict[str, Any]:
    """Return the fewest settings that make this layer again, in their shortest form.

    >>> from cnnviz.layers import find
    >>> settings_of(find("Conv2D")(64, (3, 3), strides=(1, 1), padding="same"))
    {'filters': 64, 'kernel_size': 3, 'padding': 'same'}
    """
    kept = {field.name: getattr(layer, field.name) for field in fields(layer)}
    for name, value in kept.items():
        brief = short(value)
        # Not where the tuple is no size: Reshape((4, 4)) is not Reshape(4).
        if brief != value and _made(layer, kept | {name: brief}) == layer:
            kept[name] = brief
    for field in fields(layer):
        value = kept[field.name]
        if type(value) is type(field.default) and value == field.default:
            del kept[field.name]
    for name in reversed(list(kept)):
        fewer = {other: value for other, value in kept.items() if other != name}
        if _made(layer, fewer) == layer:
            kept = fewer
    return kept


def call_of(layer: Layer) -> str:
    """Return the call that makes this layer, as an inline spec writes it.

    >>> from cnnviz.layers import find
    >>> call_of(find("MaxPool2D")((3, 3), strides=(2, 2)))
    'MaxPooling2D(3, strides=2)'
    """
    return f"{type(layer).__name__}({arguments_of(layer)})"


@lru_cache(maxsize=1024)  # networks repeat their layers
def arguments_of(layer: Layer) -> str:
    """Return the settings as the arguments of a call; bare are the first and the needed ones."""
    settings = settings_of(layer)
    texts: list[str] = []
    bare = True
    for place, field in enumerate(fields(layer)):
        if field.name not in settings:
            bare = False
            continue
        others = {name: value for name, value in settings.items() if name != field.name}
        needed = place == 0 or _made(layer, others) is None
        bare = bare and needed and not field.kw_only
        value = _written(settings[field.name])
        texts.append(value if bare else f"{field.name}={value}")
    return ", ".join(texts)


def _written(value: Any) -> str:
    """Return a value as it is typed: sizes in round brackets, names in square ones."""
    if isinstance(value, tuple) and value and all(isinstance(item, str) for item in value):
        return repr(list(value))
    return repr(value)


def short(value: Any) -> Any:
    """Return a size or padding in its shortest form.

    >>> short((3, 3)), short((1, 5)), short(((1, 1), (2, 2)))
    (3, (1, 5), (1, 2))
    """
    if not isinstance(value, tuple):
        return value
    if len(value) == 1 and isinstance(value[0], tuple):  # the pair of a padding on one axis
        return short(value[0])
    items = tuple(short(item) for item in value)
    if not all(isinstance(item, int) for item in items):
        return value
    return items[0] if len(set(items)) == 1 else items


def _made(layer: Layer, settings: Mapping[str, Any]) -> Layer | None:
    try:
        return build(type(layer), (), settings)
    except SpecError:
        return None


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
