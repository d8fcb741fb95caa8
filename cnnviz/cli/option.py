"""How options are declared, gathered into one argument of a command, and listed in its help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])
Label = Callable[[Any], str]
WIDEST = 22  # columns of an option in the help; the text of a wider one begins in the next line
Declared = Mapping[str, tuple[tuple[str, ...], dict[str, Any]]]


class Option(click.Option):
    """An option that knows its section of the help, and what it adds to the name of an output.

    `label` returns the words that a value other than the default puts in a file name; an option
    without one does not change what is computed or drawn. `missing` is the hint where one that is
    required is left out.
    """

    def __init__(
        self, *args: Any, section: str, label: Label | None = None, missing: str = "", **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.section = section
        self.label = label
        self.missing = missing


class Command(click.Command):
    """A command whose help lists its options by section, all in one column."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections in the order in which the command takes them."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                section = getattr(param, "section", "Help")
                sections.setdefault(section, []).append(record)
        sections["Help"] = sections.pop("Help")  # which click lists first
        names = [name for records in sections.values() for name, _ in records]
        column = max(len(name) for name in names if len(name) <= WIDEST)
        for section, records in sections.items():
            with formatter.section(section):
                rows = [(name.ljust(column), help) for name, help in records]
                formatter.write_dl(rows, col_max=column)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete an option, also where nothing is typed and nothing else may stand."""
        return super().shell_complete(ctx, incomplete or "-")


def command(name: str, help: str | None) -> Callable[[Callable[..., Any]], Command]:
    """Declare a command; `help` is the docstring of its module, which opens with the summary."""
    return click.command(name, cls=Command, help=help, context_settings={"show_default": True})


def option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """Declare an option that only one command has."""
    return click.option(*names, cls=Option, **attributes)


def group(
    declared: Declared, name: str, *keywords: str, **changes: dict[str, Any]
) -> Callable[[F], F]:
    """Return a decorator that gives a command its options `keywords` as one dictionary `name`.

    `changes` are other attributes for an option in this group, such as another default.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def gathered(*args: Any, **values: Any) -> Any:
            values[name] = {keyword: values.pop(keyword) for keyword in keywords}
            return function(*args, **values)

        result: Any = gathered
        for keyword in reversed(keywords):
            flags, attributes = declared[keyword]
            result = option(keyword, *flags, **attributes | changes.get(keyword, {}))(result)
        decorated: F = result
        return decorated

    return decorate


def sized(value: Any) -> str:
    """Return `2` for 2 and (2, 2), `2x3` for (2, 3)."""
    values = value if isinstance(value, tuple) else (value,)
    return f"{values[0]:g}" if len(set(values)) == 1 else "x".join(f"{v:g}" for v in values)


def listed(value: Any) -> str:
    """Return the numbers of a tuple of any depth with commas, once if they are equal."""
    if isinstance(value, tuple):
        parts = [listed(v) for v in value]
        return parts[0] if len(set(parts)) == 1 else ",".join(parts)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def after(prefix: str, form: Label = sized) -> Label:
    """Return a label that puts `prefix` before a value: `s2`."""
    return lambda value: prefix + form(value)


def label_of_shape(shape: tuple[int, ...]) -> str:
    """Return `28x28x1`."""
    return "x".join(map(str, shape))


def fixed(text: str) -> Label:
    """Return the label of a flag."""
    return lambda value: text
