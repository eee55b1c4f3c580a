"""Validates parameters against their models, and reports the first error in one line."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from grisaille.errors import GrisailleError, suggestion
from grisaille.parameters import Parameters

_LONGEST_VALUE = 60


class ParameterError(GrisailleError):
    """A parameter that is misspelt, of the wrong type or out of bounds."""


def check(given: Mapping[str, Any], model: type[BaseModel] = Parameters) -> None:
    """Validate parameters. Nothing is converted: "3" is not a number, and true is not 1.

    Args:
        given: Name -> value, as read from files and the command line.
        model: The model.

    Raises:
        ParameterError: For the first error; the message is one line.
    """
    try:
        # As JSON, so that Pydantic accepts lists for tuples and text for paths, but is strict otherwise.
        model.model_validate_json(json.dumps(given, default=str), strict=True)
    except ValidationError as error:
        first, *others = error.errors(include_url=False)
        more = f" (the first of {len(others) + 1} such)" if others else ""
        raise ParameterError(_message(first, model) + more) from None


def unknown(name: str, value: Any, known: Iterable[str], group: str = "") -> str:
    """The message that a parameter does not exist, with a suggestion."""
    return f"{group}{name}={_shown(value)}: there is no such parameter; {suggestion(name, known, group)}"


def _message(error: ErrorDetails, model: type[BaseModel]) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        *parents, last = map(str, error["loc"])
        fields: Mapping[str, Any] = model.model_fields
        for parent in parents:
            # A name that is not a field is the user's own, in a mapping of models.
            fields = _fields_of(fields[parent].annotation) if parent in fields else fields
        return unknown(last, error["input"], fields, "".join(f"{parent}." for parent in parents))
    if error["type"] == "value_error":
        # Raised by our own models, with the value in the message.
        return ": ".join(filter(None, [name, str(error["ctx"]["error"])]))
    given = "" if error["type"] == "missing" else f"={_shown(error['input'])}"
    return f"{name or 'parameters'}{given}: {error['msg']}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _fields_of(annotation: Any) -> Mapping[str, Any]:
    """The fields of the first model in an annotation such as `dict[str, Chunk | None]`."""
    return getattr(annotation, "model_fields", None) or next(filter(None, map(_fields_of, get_args(annotation))), {})
