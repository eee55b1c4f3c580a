"""Measure what is left of the likeness, and tell it."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.framework import config
from grisaille.pipelines.evaluation import nodes

# The groups that made what the report shows.
_SHOWN = ("autoencoder", "backbone", "chunks", "comparisons", "evaluation", "ingestion", "report", "seed")


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Raw features, PCA at the same size and the embedding, side by side, then pictures and one page."""
    made = config.shaping("likenesses")
    return Pipeline(
        [
            Node(
                nodes.reduce_with_pca,
                ["features", "picture_files", "params:chunks", "params:autoencoder.code_size", "params:evaluation"],
                "pca_embeddings",
                name="reduce_with_pca",
            ),
            Node(
                nodes.compare_spaces,
                ["features", "composition_embeddings", "pca_embeddings", "paintings", "params:evaluation"],
                ["artist_distances", "neighbours", "preservation", "rnx_curves", "composition_answers"],
                name="compare_spaces",
            ),
            Node(
                nodes.measure_usefulness,
                {
                    **{name: name for name in ("features", "layer_norms", "composition_answers", "paintings")},
                    "raw_artists": "raw_artists",
                    "chunks": "params:chunks",
                    "style_settings": "params:style",
                    "colour_settings": "params:colour",
                    "settings": "params:evaluation",
                    **({"palettes": "palettes"} if "colour" in made else {}),
                    **{name: f"{name}_embeddings" for name in made if name != "composition"},
                    **({"mixture": "mixture_embeddings"} if len(made) > 1 else {}),
                },
                ["usefulness", "likeness_preservation"],
                name="measure_usefulness",
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
            Node(
                nodes.draw_scatters,
                ["composition_embeddings", "pca_embeddings", "paintings", "pair_silhouettes", "params:comparisons"],
                "scatters",
                name="draw_scatters",
            ),
            Node(
                nodes.write_report,
                {
                    "raw_paintings": "raw_paintings",
                    **{name: name for name in nodes.TABLES},
                    **{group: f"params:{group}" for group in _SHOWN},
                },
                ["report", "report_summary"],
                name="write_report",
            ),
        ],
        tags="evaluation",
        # One box in Kedro-Viz, which opens to what is inside of it.
        namespace="evaluation",
        prefix_datasets_with_namespace=False,
    )
