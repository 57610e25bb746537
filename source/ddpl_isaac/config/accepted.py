# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What values a field accepts, as part of its type: ``tau: Annotated[float, Range(0.0, 1.0)]``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, get_type_hints

from ddpl_isaac.names import VALID_NAME, is_valid_name
from ddpl_isaac.seeds import MAX_SEED


class Accepted(Protocol):
    """Values that a field accepts. Its text completes the sentence "the value must be ..."."""

    def __contains__(self, value: Any) -> bool:
        """Tell whether a value of the field's type is accepted."""
        ...


@dataclass(frozen=True)
class Range:
    """Finite numbers between two ends."""

    low: float
    """Lower end."""

    high: float = math.inf
    """Upper end, never part of the range if infinite."""

    open_low: bool = False
    """Whether the lower end is excluded."""

    open_high: bool = False
    """Whether the upper end is excluded."""

    even: bool = False
    """Whether only even numbers are accepted."""

    def __contains__(self, value: float) -> bool:
        """Tell whether a number is finite and in the range."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high or math.isinf(self.high) else value <= self.high
        return above and below and (not self.even or value % 2 == 0)

    def __str__(self) -> str:
        """Describe the range in words of mathematics."""
        if math.isinf(self.high):
            text = f"{'>' if self.open_low else '>='} {self.low:g}"
        else:
            low, high = (int(end) if end == int(end) else end for end in (self.low, self.high))
            text = f"in {'(' if self.open_low else '['}{low}, {high}{')' if self.open_high else ']'}"
        return f"even, {text}" if self.even else text


@dataclass(frozen=True)
class Each:
    """Lists of numbers of one range."""

    range: Range
    """What every number must be."""

    may_be_empty: bool = False
    """Whether the empty list is accepted."""

    def __contains__(self, value: list[float]) -> bool:
        """Tell whether all numbers are in the range."""
        return (bool(value) or self.may_be_empty) and all(element in self.range for element in value)

    def __str__(self) -> str:
        """Describe the lists."""
        return f"a list of {'numbers' if self.may_be_empty else 'at least one number'}, each {self.range}"


@dataclass(frozen=True, init=False)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]
    """All of them."""

    def __init__(self, *words: str) -> None:
        """Take the words."""
        object.__setattr__(self, "words", words)

    def __contains__(self, value: str) -> bool:
        """Tell whether it is one of the words."""
        return value in self.words

    def __str__(self) -> str:
        """List the words."""
        return " or ".join(f"'{word}'" for word in self.words)


@dataclass(frozen=True)
class Name:
    """Names of folders."""

    may_be_empty: bool = False
    """Whether the empty name is accepted."""

    def __contains__(self, value: str) -> bool:
        """Tell whether it can be a folder as it is."""
        return is_valid_name(value) and (bool(value) or self.may_be_empty)

    def __str__(self) -> str:
        """Describe the names."""
        return VALID_NAME


Count = Annotated[int, Range(1)]
Seed = Annotated[int, Range(0, MAX_SEED)]
Positive = Annotated[float, Range(0.0, open_low=True)]
Share = Annotated[float, Range(0.0, 1.0, open_high=True)]
Widths = Annotated[list[int], Each(Range(1))]


def accepted_by(schema: type) -> dict[str, Accepted]:
    """Return what the fields of a dataclass accept, by their name; those that accept all of their type are left out."""
    hints = get_type_hints(schema, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}
