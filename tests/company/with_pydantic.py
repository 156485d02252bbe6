"""pydantic checks payloads by their TypedDicts, where it takes those of Python's own."""

from __future__ import annotations

import sys

import pydantic
import pytest

from statuspro.sandbox import Sandbox
from statuspro.types import Order, StatusDefinition


@pytest.mark.skipif(sys.version_info < (3, 12), reason="pydantic takes no typing.TypedDict there")
def test_payloads_are_checked_by_their_types() -> None:
    with Sandbox(orders=0) as sandbox, sandbox.client() as client:
        order = client.get_order(sandbox.add_order(status_code="st000002"))
        assert pydantic.TypeAdapter(Order).validate_python(order) == order
        catalogue = client.get_statuses()
        statuses = pydantic.TypeAdapter(list[StatusDefinition])
    assert statuses.validate_python(catalogue) == catalogue
    with pytest.raises(pydantic.ValidationError):
        statuses.validate_python([{**catalogue[0], "name": 3}])


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydantic takes typing.TypedDict there")
def test_what_the_documentation_says_of_older_pythons_is_still_so() -> None:
    with pytest.raises(pydantic.PydanticUserError, match=r"typing_extensions\.TypedDict"):
        pydantic.TypeAdapter(Order)
