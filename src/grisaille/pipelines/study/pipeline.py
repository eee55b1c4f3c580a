"""Test whether the code was too small or the layers were the wrong ones."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.pipelines.study import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Extract the layers, compute every point, and draw the results."""
    return Pipeline(
        [
            Node(
                nodes.extract_study_features,
                ["picture_files", "raw_paintings", "params:backbone", "params:ingestion", "params:study"],
                "study_features",
                name="extract_study_features",
            ),
            Node(
                nodes.plan_study,
                ["study_features", "paintings", "params:study", "params:autoencoder", "params:style"],
                "study_points",
                name="plan_study",
            ),
            Node(
                nodes.tabulate_study,
                "study_points",
                ["study_code_sizes", "study_layers", "study_codes"],
                name="tabulate_study",
            ),
            Node(nodes.draw_code_sizes, "study_code_sizes", "study_code_size_figure", name="draw_code_sizes"),
            Node(nodes.draw_codes, "study_codes", "study_code_figure", name="draw_study_codes"),
            Node(nodes.draw_layers, "study_layers", "study_layer_figure", name="draw_layers"),
        ],
        tags="study",
    )
