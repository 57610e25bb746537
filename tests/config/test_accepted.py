# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

import pytest

from ddpl_isaac.config.accepted import Each, Name, OneOf, Range


def test_ranges_know_their_ends():
    assert 0.0 in Range(0.0, 1.0, open_high=True)
    assert 1.0 not in Range(0.0, 1.0, open_high=True)
    assert 0.0 not in Range(0.0, 1.0, open_low=True)
    assert 1.0 in Range(0.0, 1.0, open_low=True)
    assert float("inf") not in Range(0.0)
    assert float("nan") not in Range(0.0)


def test_an_even_range_refuses_odd_numbers():
    assert 4 in Range(2, even=True)
    assert 3 not in Range(2, even=True)
    assert 0 not in Range(2, even=True)


def test_lists_are_refused_for_one_bad_element_and_where_they_must_not_be_empty():
    assert [1, 2] in Each(Range(1))
    assert [1, 0] not in Each(Range(1))
    assert [] not in Each(Range(1))
    assert [] in Each(Range(1), may_be_empty=True)


def test_one_word_of_a_few_is_accepted():
    assert "b" in OneOf("a", "b")
    assert "ab" not in OneOf("a", "b")


def test_names_can_be_folders():
    assert "run 1" in Name()
    assert "a/b" not in Name(may_be_empty=True)
    assert "" not in Name()
    assert "" in Name(may_be_empty=True)


@pytest.mark.parametrize(
    ("accepted", "text"),
    [
        (Range(1), ">= 1"),
        (Range(0.0, open_low=True), "> 0"),
        (Range(0.0, 1.0, open_high=True), "in [0, 1)"),
        (Range(0.0, 0.5, open_low=True), "in (0, 0.5]"),
        (Range(0, even=True), "even, >= 0"),
        (Each(Range(1)), "a list of at least one number, each >= 1"),
        (OneOf("a", "b"), "'a' or 'b'"),
    ],
)
def test_texts_say_what_is_accepted(accepted, text):
    assert str(accepted) == text
