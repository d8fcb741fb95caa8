"""Numbers and formulas as figures write them: real minus, thin spaces, four significant digits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import floor, isfinite, log10

from cnnviz.report.shares import tenths

MINUS, THIN = "\u2212", "\u2009"


def number(value: float, digits: int = 4) -> str:
    """Return a value with at most `digits` significant digits.

    >>> number(-1234567), number(0.1), number(3.0), number(2e-7)
    ('−1\u2009235\u2009000', '0.1', '3', '2e−7')
    """
    if not isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    magnitude = floor(log10(abs(value)))
    if -5 < magnitude < 9:
        places = digits - 1 - magnitude
        rounded = round(value, places)
        if rounded == 0:
            return "0"
        text = f"{abs(rounded):,.{max(0, places)}f}".replace(",", THIN)
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, exponent = f"{abs(value):.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}e{int(exponent)}".replace("-", MINUS)
    return (MINUS if value < 0 else "") + text


def count(value: int) -> str:
    """Return an exact integer with thin spaces between thousands."""
    return f"{value:,}".replace(",", THIN).replace("-", MINUS)


def spaced(text: str) -> str:
    """Return a text whose numbers have thin spaces, and no commas, between thousands."""
    return re.sub(r"(?<=\d),(?=\d{3})", THIN, text)


def times(shape: Iterable[int]) -> str:
    """Return a shape, `300×451×3`."""
    return "×".join(map(str, shape))


def typeset(formula: str) -> str:
    """Return an ASCII formula with the signs of print."""
    return formula.replace(" - ", f" {MINUS} ").replace("*", "·")


def percent(part: float) -> str:
    """Return a share as a figure writes it; never 0 or 100 where it is not quite that.

    >>> percent(0.894), percent(0.99999), percent(1)
    ('89.4\u2009%', '>99.9\u2009%', '100\u2009%')
    """
    text = f"{part:.0%}" if part in (0, 1) else tenths(part)
    return text.replace("%", f"{THIN}%")


def hundredths(share: float) -> str:
    """Return a share for an axis, with no more decimals than it needs.

    >>> hundredths(0.2), hundredths(0.985)
    ('20\u2009%', '98.5\u2009%')
    """
    return f"{number(100 * share)}{THIN}%"
