"""The catalogue of statuses, and which may follow which."""

from __future__ import annotations

import re

from statuspro import hex_color
from statuspro.sandbox.catalogue import CATALOGUE, WAY_TO


def test_codes_have_eight_characters() -> None:
    assert 6 <= len(CATALOGUE) <= 8
    assert all(re.fullmatch(r"st\d{6}", code) for code in CATALOGUE)


def test_every_status_is_described_and_coloured() -> None:
    for status in CATALOGUE.values():
        assert status.name
        assert status.description
        assert status.color
        assert re.fullmatch("#[0-9A-F]{6}", status.hex_color)
        assert hex_color(status.color) == hex_color(status.hex_color)


def test_transitions_know_every_status_and_lead_to_known_ones_only() -> None:
    for code in [None, *CATALOGUE]:
        following = CATALOGUE.viable_after(code)
        assert code not in following
        assert set(following) <= set(CATALOGUE)


def test_the_usual_way_to_a_status_is_one_that_is_allowed() -> None:
    assert set(WAY_TO) == set(CATALOGUE)
    for code, way in WAY_TO.items():
        assert way[-1] == code
        assert all(
            after in CATALOGUE.viable_after(before)
            for before, after in zip((None, *way), way, strict=False)
        )


def test_one_status_is_final_and_one_is_hidden_from_customers() -> None:
    assert any(not CATALOGUE.viable_after(code) for code in CATALOGUE)
    assert any(not status.public for status in CATALOGUE.values())
