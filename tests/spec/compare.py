"""Finds where an interface description (OpenAPI 3) and the library differ."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from tests.spec.ours import Operation

Json = dict[str, Any]

_KINDS = {str: "string", int: "integer", float: "number", bool: "boolean"}
_METHODS = {"get", "post", "put", "patch", "delete"}


class Difference(NamedTuple):
    """One thing that the service and the library do not have alike.

    Attributes:
        kind: `lacking` where only the service has it, `surplus` where only the library has it,
            `unlike` where both have it.
        what: the thing, by its name.
    """

    kind: str
    what: str


def differences(description: Json, ours: Iterable[Operation]) -> list[Difference]:
    """Compares requests, their parameters and fields, and the fields of what is returned."""
    found = _Comparison(description).operations({each.name: each for each in ours})
    return list(dict.fromkeys(found))  # a type that many responses hold is told of once


class _Comparison:
    def __init__(self, description: Json) -> None:
        self._description = description

    def operations(self, ours: dict[str, Operation]) -> Iterator[Difference]:
        theirs = dict(self._theirs())
        yield from _only_one_has(theirs, ours)
        for name in theirs.keys() & ours.keys():
            yield from self._operation(theirs[name], ours[name])

    def _theirs(self) -> Iterator[tuple[str, Json]]:
        """Each operation with all its parameters, by the name that ours has."""
        for path, item in self._description["paths"].items():
            for method in item.keys() & _METHODS:
                operation = item[method]
                parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
                name = f"{method.upper()} {re.sub('{.+?}', '{}', path)}"
                yield name, {**operation, "parameters": map(self._resolved, parameters)}

    def _operation(self, theirs: Json, ours: Operation) -> Iterator[Difference]:
        query = {each["name"] for each in theirs["parameters"] if each["in"] == "query"}
        yield from _only_one_has(query, ours.query, f"{ours.name}: parameter ")
        body = self._properties(self._content(theirs.get("requestBody", {})))
        yield from _only_one_has(body, ours.body, f"{ours.name}: field ")
        good = min(status for status in theirs["responses"] if str(status).startswith("2"))
        schema = self._content(theirs["responses"][good])
        yield from self._values(schema, ours.returned, f"{ours.name}: response")

    def _values(self, schema: Json, hint: Any, place: str) -> Iterator[Difference]:
        """Compares what a schema and a type hint say of a value."""
        hints = set(get_args(hint)) if get_origin(hint) in _UNIONS else {hint}
        choices = list(self._choices(schema))
        kinds = set().union(*map(_kinds, choices))
        if ("null" in kinds) != (type(None) in hints):
            yield Difference("unlike", f"{place}: {'may' if 'null' in kinds else 'cannot'} be null")
        for one in hints - {type(None)}:
            if kinds - {"null"} != {_kind(one)}:
                said = " or ".join(sorted(kinds - {"null"}))
                yield Difference("unlike", f"{place}: {said}, not {_kind(one)}")
            for choice in choices:
                if _kind(one) in _kinds(choice):
                    yield from self._inside(choice, one, place)

    def _inside(self, schema: Json, hint: Any, place: str) -> Iterator[Difference]:
        """Compares what is in an object or an array."""
        if typing.is_typeddict(hint):
            hints, properties = get_type_hints(hint), self._properties(schema)
            yield from _only_one_has(properties, hints, f"{hint.__name__}.")
            for name in properties.keys() & hints.keys():
                yield from self._values(properties[name], hints[name], f"{hint.__name__}.{name}")
        elif get_origin(hint) is list and "items" in schema:
            yield from self._values(schema["items"], get_args(hint)[0], f"{place}[]")
        elif get_origin(hint) is dict and isinstance(schema.get("additionalProperties"), dict):
            values = schema["additionalProperties"]
            yield from self._values(values, get_args(hint)[1], f"{place}.*")

    def _choices(self, schema: Json) -> Iterator[Json]:
        """The schemas of which a value fits one."""
        schema = self._resolved(schema)
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices is None:
            yield schema
        for choice in choices or ():
            yield from self._choices(choice)

    def _properties(self, schema: Json) -> Json:
        """The fields of an object, with those of every schema that it is made of."""
        schema = self._resolved(schema)
        fields: Json = {}
        for part in schema.get("allOf", []):
            fields |= self._properties(part)
        fields |= schema.get("properties", {})
        return fields

    def _content(self, holder: Json) -> Json:
        """The schema of the JSON of a request or a response; empty where there is none."""
        content = self._resolved(holder).get("content", {}).get("application/json", {})
        schema: Json = content.get("schema", {})
        return schema

    def _resolved(self, node: Json) -> Json:
        while "$ref" in node:
            target: Any = self._description
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key.replace("~1", "/").replace("~0", "~")]
            node = target
        return node


_UNIONS = (typing.Union, types.UnionType)


def _kinds(schema: Json) -> set[str]:
    """The kinds of JSON that a schema allows."""
    said = schema.get("type", "object" if schema.keys() & {"allOf", "properties"} else [])
    kinds = {said} if isinstance(said, str) else set(said)
    return kinds | ({"null"} if schema.get("nullable") else set())


def _kind(hint: Any) -> str:
    if typing.is_typeddict(hint) or get_origin(hint) is dict:
        return "object"
    return "array" if get_origin(hint) is list else _KINDS[hint]


def _only_one_has(
    theirs: Iterable[str], ours: Iterable[str], prefix: str = ""
) -> Iterator[Difference]:
    yield from (Difference("lacking", f"{prefix}{name}") for name in sorted({*theirs} - {*ours}))
    yield from (Difference("surplus", f"{prefix}{name}") for name in sorted({*ours} - {*theirs}))
