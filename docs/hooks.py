"""MkDocs hooks: formulas to MathML, parameter models to tables, and the page of the pipeline."""

import html
import re
import shutil
import typing
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any

import latex2mathml.converter
import yaml
from griffe import Docstring, DocstringSectionKind
from pydantic import BaseModel
from pydantic.fields import FieldInfo

PROJECT = Path(__file__).resolve().parents[1]
# Written by `make viz`.
VIZ = PROJECT / "build"

_FORMULA = re.compile(r'<(span|div) class="arithmatex">(?:\\\(|\\\[)(.*?)(?:\\\)|\\\])</\1>', re.DOTALL)
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "min_length": "length at least"}


def on_page_content(content: str, **_: Any) -> str:
    """Convert formulas to MathML, which browsers render without a script or a request."""

    def convert(found: re.Match[str]) -> str:
        display = "block" if found[1] == "div" else "inline"
        drawn = latex2mathml.converter.convert(html.unescape(found[2]).strip(), display=display)
        return f'<div class="formula">{drawn}</div>' if display == "block" else drawn

    return _FORMULA.sub(convert, content)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace `<!-- parameters -->` by tables, and `<!-- viz -->` by a link to the page of the pipeline."""
    if "<!-- parameters -->" in markdown:
        markdown = markdown.replace("<!-- parameters -->", "\n".join(parameter_tables()))
    built = (VIZ / "api" / "main").is_file()
    link = '<a href="../viz/index.html" class="md-button">Open the pipeline</a>' if built else ""
    return markdown.replace("<!-- viz -->", link)


def on_post_build(config: Any, **_: Any) -> None:
    """Copy the page of the pipeline into the site, if it was built."""
    if (VIZ / "api" / "main").is_file():
        shutil.copytree(VIZ, Path(config["site_dir"]) / "viz", dirs_exist_ok=True)


def parameter_tables() -> Iterator[str]:
    """A heading and a table for every group of `grisaille.parameters`, with the values of `conf/base`."""
    from grisaille import parameters

    values = _base_values()
    groups = {
        "ingestion": parameters.Ingestion,
        "ingestion.columns": parameters.Columns,
        "backbone": parameters.Backbone,
        "features": parameters.Features,
        "chunks.<name>": parameters.Chunk,
        "autoencoder": parameters.Autoencoder,
        "codes": parameters.Codes,
        "style": parameters.Style,
        "colour": parameters.Colour,
        "mixture": parameters.Mixture,
        "evaluation": parameters.Evaluation,
        "comparisons.<name>": parameters.Comparison,
        "discovery": parameters.Discovery,
        "report": parameters.Report,
        "study": parameters.Study,
    }
    for name, model in groups.items():
        yield from _table(name, model, _below(values, name))


def _base_values() -> dict[str, Any]:
    values: dict[str, Any] = {}
    for path in sorted((PROJECT / "conf" / "base").glob("parameters*.yml")):
        values |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return values


def _below(values: Any, name: str) -> dict[str, Any]:
    for part in name.split("."):
        values = values.get(part, {}) if part != "<name>" else {}
    return dict(values)


def _table(name: str, model: type[BaseModel], values: dict[str, Any]) -> Iterator[str]:
    sections = Docstring(model.__doc__ or "").parse("google", warnings=False)
    summary = next(s.value for s in sections if s.kind is DocstringSectionKind.text)
    attributes = next(s.value for s in sections if s.kind is DocstringSectionKind.attributes)
    meanings = {attribute.name: " ".join(attribute.description.split()) for attribute in attributes}
    yield f"\n## `{name}` {{: #{name.replace('.', '-').replace('<', '').replace('>', '')} }}\n\n{summary}\n"
    yield '<div class="parameters" markdown>\n\n| name | value | allowed | meaning |\n|---|---|---|---|'
    for field, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield f"| `{field}` | | | {meanings[field]} See below. |"
            continue
        default = "required" if info.is_required() else _shown(info.default)
        shown = _shown(values[field]) if field in values else default
        yield f"| `{field}` | {shown} | {_allowed(info)} | {meanings[field]} |"
    yield "\n</div>\n"


def _shown(value: Any) -> str:
    if isinstance(value, dict) and value:
        return f"{len(value)} entries"
    if isinstance(value, (list, tuple)):
        return ", ".join(f"`{item}`" for item in value)
    if isinstance(value, str) and value.startswith("${"):
        return f"that of `{value[2:-1]}`"
    return f"`{'null' if value is None else str(value).lower() if isinstance(value, bool) else value or '{}'}`"


def _allowed(info: FieldInfo) -> str:
    kinds = _kinds(info.annotation)
    bounds = [
        f"{words} {getattr(bound, name):,}"
        for bound in info.metadata
        for name, words in _BOUNDS.items()
        if getattr(bound, name, None) is not None
    ]
    return ", ".join([" or ".join(kinds), *bounds])


def _kinds(annotation: Any) -> list[str]:
    """The type in words, or the allowed values."""
    if typing.get_origin(annotation) is typing.Annotated:
        # Its description gives any other constraints.
        annotation = typing.get_args(annotation)[0]
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return [f"`{value}`" for value in arguments]
    if origin in {tuple, list}:
        return ["list of " + {"text": "names", "integer": "integers"}[_kinds(arguments[0])[0]]]
    if origin is dict:
        return ["names with values"]
    if arguments:
        return [kind for argument in arguments for kind in _kinds(argument)]
    words = {bool: "true or false", int: "integer", float: "number", str: "text", Path: "path", NoneType: "null"}
    return [words[annotation]]
