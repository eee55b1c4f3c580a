"""Measure what is left of the likeness, and tell it."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille import run_parameters
from grisaille.arrays import FloatArray
from grisaille.lazy import pd
from grisaille.likeness import LIKENESSES, Likeness
from grisaille.parameters import Evaluation
from grisaille.pipelines.checks import check
from grisaille.pipelines.evaluation import nodes
from grisaille.storage.feature_store import FeatureStore


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
    def reduce_with_pca(
        features: FeatureStore, paintings: pd.DataFrame, chunks: dict[str, Any], settings: Evaluation
    ) -> FloatArray:
        return nodes.reduce_with_pca(features, paintings, chunks, settings, likeness)

    return Node(
        reduce_with_pca,
        ["features", "paintings", "params:chunks", "params:evaluation"],
        f"pca_embeddings_{likeness}",
        name=f"reduce_with_pca_{likeness}",
    )


def _draw(comparison: str) -> Node:
    return Node(
        nodes.draw_scatter,
        ["embeddings", "pca_embeddings_euclidean", "paintings", f"params:comparisons.{comparison}"],
        f"scatter_{comparison}",
        name=f"draw_{comparison}",
    )
