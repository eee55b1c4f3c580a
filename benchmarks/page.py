"""docs/performance.md and its chart, from what the benchmarks have stored. The prose stands in performance.md.j2."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from grisaille.measures.lookup import MULTIPLIED, READ, affordable
from grisaille.parameters import Discovery, Evaluation

Results = Mapping[str, Any]
# Nodes that take less than so many seconds at every size are not in the table of large runs.
_LEAST = 10


@dataclass(frozen=True)
class Line:
    """One line of the table of targets.

    Attributes:
        what: Which speed or size.
        target: In words.
        reached: In words.
        margin: Reached over asked for; above 1 it holds, whichever direction is better.
    """

    what: str
    target: str
    reached: str
    margin: float


def at_least(what: str, unit: str, target: float, reached: float) -> Line:
    """A line whose figure must be large."""
    return Line(what, f"at least {target:g} {unit}", f"{reached:.2f}", reached / target)


def at_most(what: str, unit: str, target: float, reached: float) -> Line:
    """A line whose figure must be small."""
    return Line(what, f"at most {target:g} {unit}", f"{reached:.2f}", target / max(reached, 1e-9))


def lines(results: Results) -> Iterator[Line]:
    """All lines that were measured."""
    yield from _extraction(results.get("extraction", {}))
    silhouettes = results.get("silhouettes", {})
    if "times_loop" in silhouettes:
        what = f"silhouettes of all pairs of 50 artists, {silhouettes['n']:,} x {silhouettes['values']}"
        yield at_least(
            what, "times scikit-learn's in a loop", silhouettes["targets"]["loop"], silhouettes["times_loop"]
        )
    raw = results.get("raw_evaluation", {})
    if "of_product" in raw:
        what = f"evaluation of raw features, {raw['n']:,} x {raw['columns']:,}"
        yield at_most(what, "times the bare float32 product", raw["targets"]["product"], raw["of_product"])
    yield from _studio(results.get("studio", {}))
    yield from _scale(results.get("scale", {}))
    yield from _large(results.get("large", {}).get("sizes", {}))
    cluster = results.get("cluster", {})
    if "extraction" in cluster:
        what = f"extraction by 4 workers of one thread each, {cluster['cores']} cores"
        yield at_least(what, "times one worker's", cluster["targets"]["times_one"], cluster["extraction"]["times_one"])
    memory = results.get("memory", {})
    if "gb" in memory:
        yield at_most(
            f"peak memory of `kedro run`, {memory['n']:,} paintings", "GB", memory["targets"]["gb"], memory["gb"]
        )
        what = f"its growth from {memory['n']:,} to {2 * memory['n']:,}"
        target = 100 * memory["targets"]["growth"]
        reached = 100 * memory["growth"]
        yield Line(what, f"below {target:g}%", f"{reached:.1f}%", (100 + target) / (100 + reached))
    additions = results.get("additions", {})
    if "of_first" in additions:
        what = f"`kedro run` with kept encoders on ten more than {additions['n']:,} paintings"
        yield at_most(what, "of the first run's time", additions["targets"]["of_first"], additions["of_first"])
    if "share_of_float32" in results.get("extraction", {}):
        yield at_most("the feature store on disk", "of float32", 0.55, results["extraction"]["share_of_float32"])
    start = results.get("start", {})
    for command in ("kedro registry list", "grisaille --help"):
        if command in start:
            what, bare = f"`{command}`", "times a bare project's"
            yield at_most(what, bare, start["targets"]["of_bare"], start[command]["of_bare"])
    explorer = results.get("explorer", {})
    if "megabytes" in explorer:
        what = f"the explorer page of {explorer['n']:,} paintings"
        yield at_most(what, "MB", explorer["targets"]["megabytes"], explorer["megabytes"])


def _studio(studio: Mapping[str, Any]) -> Iterator[Line]:
    if "first_page" not in studio:
        return
    targets, n = studio["targets"], f"{studio['n']:,} paintings"
    yield at_most(f"the studio's first page, VGG16, {n}", "s", targets["first_page"], studio["first_page"])
    yield at_most("its answer to a picture that is sent, VGG16, median", "s", targets["sent"], studio["sent"])
    for count in (8355, 100_000):
        what = f"a recommendation from 20 liked works, {count:,} paintings, median"
        yield at_most(what, "ms", 1000 * targets[f"recommend_{count}"], 1000 * studio[f"recommend_{count}"])
    yield at_most(
        "growth of the studio's memory by 1,000 requests", "%", 100 * targets["memory"], 100 * studio["memory"]
    )


def _scale(scale: Mapping[str, Any]) -> Iterator[Line]:
    if "index" not in scale:
        return
    questions = {"similar": "the nearest of a painting", "recommend": "a recommendation from 20 liked works"}
    for kind, question in questions.items():
        what = f"{question}, {scale['n']:,} paintings, median"
        yield at_most(what, "ms", 1000 * scale["targets"][kind], 1000 * scale["index"][kind]["seconds"])


def _large(sizes: Mapping[str, Any]) -> Iterator[Line]:
    """The largest run, and how memory grew from the smallest."""
    if not sizes:
        return
    (few, small), (many, large) = next(iter(sizes.items())), list(sizes.items())[-1]
    yield at_most(f"all after extraction, {int(many):,} paintings", "minutes", 60, large["seconds_after"] / 60)
    yield at_most(f"its peak memory, {int(many):,} paintings", "GB", 6, large["own_gb_after"])
    if many != few:
        growth = large["own_gb_after"] / small["own_gb_after"]
        yield at_most(f"growth of its memory from {int(few):,}", "times", 1.5, growth)


def _nodes(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """What the table of nodes needs: which take long, and how they grow."""
    names = dict.fromkeys(name for found in sizes.values() for name in found["nodes"])

    def exponent(seconds: Mapping[str, float]) -> str:
        known = {int(n): took for n, took in seconds.items() if took > 0}
        if len(known) < 2:
            return ""
        return f"n^{np.polyfit(np.log(list(known)), np.log(list(known.values())), 1)[0]:.1f}"

    def took(name: str) -> dict[str, float]:
        return {n: found["nodes"][name]["seconds"] for n, found in sizes.items() if name in found["nodes"]}

    long = [name for name in names if max(took(name).values()) >= _LEAST]
    exponents = {name: exponent(took(name)) for name in long}
    exponents["all"] = exponent({n: found["seconds_after"] for n, found in sizes.items()})
    kinds = sorted({kind for found in sizes.values() for kind, size in found["disk_gb"].items() if size >= 0.005})
    return {"large_nodes": long, "large_exponents": exponents, "large_kinds": kinds, "large_least": _LEAST}


def _extraction(extraction: Results) -> Iterator[Line]:
    for precision in ("float32", "mixed_bfloat16"):
        figures = extraction.get(precision, {})
        if precision == "mixed_bfloat16" and not extraction.get("computes_bfloat16"):
            continue
        against = {
            "times_forward": ("forward", "of the bare forward pass"),
            "times_fastest": ("fastest", "of the fastest engine's forward pass"),
            "times_original": ("original", "times the 2021 work's way"),
            "times_torch": ("torch", "times PyTorch's forward pass"),
        }
        for name, (target, words) in against.items():
            if name in figures and target in figures["targets"]:
                yield at_least(f"extraction, VGG16, {precision}", words, figures["targets"][target], figures[name])


def chart(results: Results) -> Figure:
    """How far every line is from its target."""
    found = list(lines(results))[::-1]
    figure = Figure(figsize=(9, 0.46 * len(found) + 1.2), layout="constrained")
    axes = figure.subplots()
    colours = ["#0072b2" if line.margin >= 1 else "#d55e00" for line in found]
    axes.barh(range(len(found)), [line.margin for line in found], color=colours, height=0.62)
    axes.set_yticks(range(len(found)), [line.what.replace("`", "") for line in found], fontsize=8)
    for row, line in enumerate(found):
        axes.text(line.margin * 1.03, row, f"{line.reached}  ({line.target})", va="center", fontsize=7.5)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
    axes.set_xlim(0.5, max([2.0, *(line.margin for line in found)]) * 6)
    axes.set_xlabel("reached over asked for; right of the line it holds")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def write(results: Results, output: Path) -> None:
    """Write performance.md and images/performance.png."""
    (output / "images").mkdir(exist_ok=True)
    if any(lines(results)):
        chart(results).savefig(output / "images" / "performance.png", dpi=120)
    template = (Path(__file__).parent / "performance.md.j2").read_text()
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    costs = {"multiplied": MULTIPLIED, "read": READ, "affordable": affordable(320, Discovery().exact_seconds)}
    costs |= _nodes(results.get("large", {}).get("sizes", {})) | {"sample": Evaluation().sample}
    text = environment.from_string(template).render(results=results, lines=list(lines(results)), **costs)
    (output / "performance.md").write_text(text)
