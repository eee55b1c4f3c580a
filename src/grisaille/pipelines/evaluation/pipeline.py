"""Measure what is left of the likeness, and tell it."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille import run_parameters
from grisaille.likeness import LIKENESSES, Likeness
from grisaille.pipelines.checks import check
from grisaille.pipelines.evaluation import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Raw features, PCA at the same size and the embedding, side by side, then pictures and one page.

    A picture is drawn for each of the parameter group `comparisons`.
    """
    comparisons = run_parameters.names("comparisons")
    reductions = [f"pca_embeddings_{likeness}" for likeness in LIKENESSES]
    return Pipeline(
        [
            check(),
            *(_reduce(likeness) for likeness in LIKENESSES),
            Node(
                nodes.compare_spaces,
                ["features", "embeddings", "paintings", "params:evaluation", *reductions],
                ["artist_distances", "neighbours", "preservation", "rnx_curves", "retrieval"],
                name="compare_spaces",
            ),
            Node(nodes.score_pairs, ["artist_distances", "paintings"], "pair_silhouettes", name="score_pairs"),
            Node(
                nodes.repeat_paper_experiments,
                ["artist_distances", "pair_silhouettes", "paintings", "params:comparisons"],
                "paper_experiments",
                name="repeat_paper_experiments",
            ),
            Node(nodes.compare_pairs, "pair_silhouettes", "pair_agreement", name="compare_pairs"),
            Node(nodes.draw_rnx_curves, "rnx_curves", "rnx_figure", name="draw_rnx_curves"),
            Node(nodes.draw_heat_map, "pair_silhouettes", "silhouette_heat_map", name="draw_heat_map"),
            *(_draw(name) for name in comparisons),
            Node(
                nodes.write_report,
                [
                    "paintings",
                    "rejected_paintings",
                    "raw_paintings",
                    "pair_silhouettes",
                    "preservation",
                    "retrieval",
                    "paper_experiments",
                    "pair_agreement",
                    "rnx_curves",
                    "neighbours",
                    "embeddings",
                    "pca_embeddings_euclidean",
                    "parameters",
                ],
                ["report", "report_summary"],
                name="write_report",
            ),
        ],
        tags="evaluation",
    )


def _reduce(likeness: Likeness) -> Node:
    # By name: a function made here could not travel to other processes.
    name = f"reduce_with_pca_{likeness}"
    inputs = ["features", "paintings", "params:chunks", "params:evaluation"]
    return Node(getattr(nodes, name), inputs, f"pca_embeddings_{likeness}", name=name)


def _draw(comparison: str) -> Node:
    return Node(
        nodes.draw_scatter,
        ["embeddings", "pca_embeddings_euclidean", "paintings", f"params:comparisons.{comparison}"],
        f"scatter_{comparison}",
        name=f"draw_{comparison}",
    )
