"""A `Report` as text, one module a format, found by its name, which is also the suffix of files.

A module has `write(report) -> str`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from cnnviz.errors import SpecError

if TYPE_CHECKING:
    from cnnviz.report.report import Report


def formats() -> tuple[str, ...]:
    """Return the names of the formats.

    >>> formats()
    ('csv', 'html', 'json', 'md', 'tex')
    """
    return tuple(module.name for module in iter_modules(__path__))


def write(report: Report, format: str) -> str:
    """Return a report in a format.

    Raises
    ------
    SpecError
        If there is no such format.
    """
    if not format.isidentifier() or find_spec(f"{__name__}.{format}") is None:
        raise SpecError(f"no report format {format!r}", hint=f"use {', '.join(formats())}")
    text: str = import_module(f"{__name__}.{format}").write(report)
    return text
