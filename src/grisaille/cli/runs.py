"""`grisaille runs`: a list of runs with their headline figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from grisaille.cli import options

if TYPE_CHECKING:
    from grisaille.comparison.listing import RunLine

_HEAD = ("run (began, UTC)", "ran", "paintings", "same artist", "kept", "took", "state")
_WIDTHS = (24, 25, 9, 11, 4, 7, 8)
# A run is judged by the first of these likenesses that it measured.
_HEADLINE_LIKENESSES = ("style", "mixture", "composition", "vectors", "colour")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a run, with all its headline figures.")
@options.where
def runs(as_json: bool, storage: str | None, env: str | None) -> None:
    """List the runs of a storage, newest first, with the figures that each measured."""
    import json
    from dataclasses import asdict

    from grisaille.comparison.listing import lines
    from grisaille.provenance.stored_run import storage_of

    listed = list(lines(storage_of(options.folder(storage), env)))
    if as_json:
        for line in listed:
            click.echo(json.dumps(asdict(line), ensure_ascii=False))
        return
    if not listed:
        click.echo("there are no runs yet: start one with `kedro run`")
        return
    click.echo(_row(_HEAD))
    for line in listed:
        click.echo(_row(_cells(line)))
    click.echo(
        "\nsame artist: share of a painting's nearest neighbours in the embedding that are by its artist"
        "\nkept: share of its nearest neighbours by composition in the full features that the embedding keeps"
    )


def _cells(line: RunLine) -> tuple[str, ...]:
    likeness = next((name for name in _HEADLINE_LIKENESSES if f"same_artist_{name}" in line.figures), None)
    kept = line.figures.get("kept_composition", line.figures.get("kept_vectors"))
    return (
        line.run,
        line.ran,
        "" if line.paintings is None else f"{line.paintings:,}",
        f"{likeness} {line.figures[f'same_artist_{likeness}']:.0%}" if likeness else "",
        "" if kept is None else f"{kept:.0%}",
        "" if line.seconds is None else _duration(line.seconds),
        line.state,
    )


def _row(cells: tuple[str, ...]) -> str:
    """A line of at most 100 characters; figures are aligned right."""
    name, ran, *figures, state = (
        cell if len(cell) <= width else f"{cell[: width - 1]}\N{HORIZONTAL ELLIPSIS}"
        for cell, width in zip(cells, _WIDTHS, strict=True)
    )
    columns = [f"{name:<{_WIDTHS[0]}}", f"{ran:<{_WIDTHS[1]}}"]
    columns += [f"{figure:>{width}}" for figure, width in zip(figures, _WIDTHS[2:], strict=False)]
    return "  ".join([*columns, state]).rstrip()


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
