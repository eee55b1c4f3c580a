"""What is wrong with a parameter, in one line: its name, what it was given, and what is allowed."""

import difflib
import json
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from grisaille.errors import GrisailleError
from grisaille.parameters import Parameters

_LONGEST_VALUE = 60
_KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
}
_BOUNDS = {Ge: ("ge", "at least {}"), Gt: ("gt", "more than {}"), Le: ("le", "at most {}"), Lt: ("lt", "less than {}")}


class ParameterError(GrisailleError):
    """A parameter that is misspelt, of the wrong type or out of bounds."""


def check(given: Mapping[str, Any], model: type[BaseModel] = Parameters) -> None:
    """Hold parameters against their models. Nothing is converted: "3" is no number, and true is not 1.

    Args:
        given: Name -> value, as read from files and the command line.
        model: What they must be.

    Raises:
        ParameterError: At the first that is wrong; the message is one line.
    """
    try:
        # As JSON, because Pydantic then takes a list for a tuple and text for a path, and is strict otherwise.
        model.model_validate_json(json.dumps(given, default=str), strict=True)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        more = f" (the first of {len(errors)} such)" if len(errors) > 1 else ""
        raise ParameterError(_told(errors[0], model) + more) from None


def unknown(name: str, value: Any, known: Iterable[str], group: str = "") -> str:
    """Say that there is no such parameter, and which may be meant."""
    known = list(known)
    similar = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {group}{similar[0]}?" if similar else f"there are {', '.join(known)}"
    return f"{group}{name}={_shown(value)}: there is no such parameter; {hint}"


def _told(error: Any, model: type[BaseModel]) -> str:
    *parents, last = error["loc"] or ("parameters",)
    if error["type"] == "extra_forbidden":
        kind = _without_null(_bare(_kind_at(parents, model)))
        return unknown(str(last), error["input"], kind.model_fields, "".join(f"{name}." for name in parents))
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "value_error":
        # Of a whole group, or of several; its words name the field, the value and what is allowed.
        return f"{name}: {error['ctx']['error']}" if name else str(error["ctx"]["error"])
    if error["type"] == "missing":
        return f"{name} is missing; it must be {allowed(_kind_at(error['loc'], model))}"
    return f"{name}={_shown(error['input'])} is not allowed; it must be {allowed(_kind_at(error['loc'], model))}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _kind_at(place: Iterable[Any], model: type[BaseModel]) -> Any:
    """The annotation of what lies at a place such as ("chunks", "pool5", "start")."""
    kind: Any = model
    for name in place:
        bare = _without_null(_bare(kind))
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            kind = _whole(bare.model_fields[name])
        else:
            # Of a list the kind of its items, of a mapping that of its values.
            kind = get_args(bare)[0 if get_origin(bare) is tuple else -1]
    return kind


def _whole(field: FieldInfo) -> Any:
    """A field's annotation with its bounds, which Pydantic keeps apart."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in {Union, types.UnionType}


def _without_null(kind: Any) -> Any:
    if _is_union(kind):
        (kind,) = [part for part in get_args(kind) if part is not type(None)]
        return _bare(kind)
    return kind


def allowed(kind: Any) -> str:
    """What a parameter of a kind may be, in words."""
    bare, *bounds = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    part = next((part for part in get_args(bare) if part is not type(None)), bare) if _is_union(bare) else bare
    if part is not bare:
        return f"{allowed(Annotated[(part, *bounds)] if bounds else part)} or null"
    return _bounded(_named(bare), bounds)


def _named(kind: Any) -> str:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return f"one of {', '.join(map(str, parts))}"
    if origin is tuple:
        return f"a list, each {allowed(parts[0])}"
    if origin is dict:
        return f"names, each with {allowed(parts[1])}"
    return _KINDS[kind] if kind in _KINDS else f"a group of {', '.join(kind.model_fields)}"


def _bounded(words: str, bounds: Iterable[Any]) -> str:
    said = []
    for bound in _flat(bounds):
        if getattr(bound, "min_length", None):
            whole, comma, parts = words.partition(",")
            words = f"{whole} that is not empty{comma}{parts}"
        if getattr(bound, "pattern", None):
            said.append("of 64 hexadecimal digits")
        for kind, (name, phrase) in _BOUNDS.items():
            if isinstance(bound, kind):
                said.append(phrase.format(f"{getattr(bound, name):g}"))
    return " and ".join([", ".join([words, *said[:1]]), *said[1:]])


def _flat(bounds: Iterable[Any]) -> Iterable[Any]:
    for bound in bounds:
        yield from bound.metadata if isinstance(bound, FieldInfo) else [bound]
