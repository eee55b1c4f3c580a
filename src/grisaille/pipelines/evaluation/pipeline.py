"""Measure how much of the likeness survives, and report it."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.codes import CODED
from grisaille.framework import config
from grisaille.likenesses.names import MIXTURE, VECTORS, chosen, leading
from grisaille.pipelines.evaluation import nodes

# Parameter groups behind the report.
_SHOWN = (
    *("autoencoder", "backbone", "chunks", "comparisons", "evaluation", "ingestion", "report", "seed"),
    # Names of the collection and its vectors.
    *("paintings_folder", "features_file"),
)


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Compare raw features, PCA of the same size and the embedding, then draw figures and write one page."""
    embeddings = {name: f"{name}_embeddings" for name in config.embedded()}
    features = {name: name for name in ("features", "layer_norms")} if "composition" in embeddings else {}
    palettes = {"palettes": "palettes"} if "colour" in embeddings else {}
    led, default = leading(embeddings), chosen(None, embeddings)
    made = {f"{name}.embeddings": entry for name, entry in embeddings.items()}
    # Embeddings of the mixture are measured as well, but no PCA has their size.
    sizes = {name: entry for name, entry in made.items() if name != f"{MIXTURE}.embeddings"}
    codes = {f"{chunk}.codes": f"{chunk}.codes" for chunk in config.chunks()}
    fitted = {"picture_files": "picture_files", "chunks": "params:chunks", "autoencoder": "params:autoencoder"}
    read = {**features, "settings": "params:evaluation", **palettes, **codes}
    compared = {"paintings": "paintings", "reduced": "pca_embeddings", "profiles": "profiles"}
    return Pipeline(
        [
            Node(
                nodes.reduce_with_pca,
                {**read, **fitted, **sizes},
                "pca_embeddings",
                name="reduce_with_pca",
            ),
            Node(nodes.draw_profiles, ["paintings", "params:evaluation"], "profiles", name="draw_profiles"),
            Node(
                nodes.compare_spaces,
                {**read, **compared, **made},
                ["artist_distances", "neighbours", "preservation", "rnx_curves", "answers", "recommended_paintings"],
                name="compare_spaces",
            ),
            Node(
                nodes.measure_codes,
                {
                    **features,
                    **fitted,
                    **codes,
                    "settings": "params:evaluation",
                    **{f"{name}.embeddings": embeddings[name] for name in (*CODED, VECTORS) if name in embeddings},
                },
                "kept_by_codes",
                name="measure_codes",
            ),
            Node(nodes.draw_codes, "kept_by_codes", "code_figure", name="draw_codes"),
            Node(
                nodes.measure_usefulness,
                ["answers", "paintings", "raw_artists", "params:evaluation"],
                "usefulness",
                name="measure_usefulness",
            ),
            Node(
                nodes.measure_recommendations,
                {
                    "profiles": "profiles",
                    "recommended": "recommended_paintings",
                    "paintings": "paintings",
                    "settings": "params:evaluation",
                    default: embeddings[default],
                },
                "recommendations",
                name="measure_recommendations",
            ),
            Node(
                nodes.score_pairs,
                ["artist_distances", "paintings", "params:evaluation"],
                "pair_silhouettes",
                name="score_pairs",
            ),
            Node(
                nodes.repeat_paper_experiments,
                ["artist_distances", "pair_silhouettes", "paintings", "params:comparisons", "params:evaluation"],
                "paper_experiments",
                name="repeat_paper_experiments",
            ),
            Node(nodes.compare_pairs, "pair_silhouettes", "pair_agreement", name="compare_pairs"),
            Node(nodes.draw_rnx_curves, "rnx_curves", "rnx_figure", name="draw_rnx_curves"),
            Node(nodes.draw_heat_map, "pair_silhouettes", "silhouette_heat_map", name="draw_heat_map"),
            Node(
                nodes.draw_scatters,
                {
                    led: embeddings[led],
                    "reduced": "pca_embeddings",
                    "paintings": "paintings",
                    "comparisons": "params:comparisons",
                },
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
                ["report", "kept_report", "report_summary"],
                name="write_report",
            ),
        ],
        tags="evaluation",
        # One box in Kedro-Viz, which can be opened.
        namespace="evaluation",
        prefix_datasets_with_namespace=False,
    )
