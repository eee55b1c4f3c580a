"""What each part of training on likeness is worth: the default, then one part left out or changed at a time.

    python -m benchmarks.ablation [--likeness hellinger|euclidean] [--params a.b=1,...]

Works on what `kedro run --pipelines ingestion,feature_extraction` has stored, trains every variant anew and prints a
Markdown table; a training takes some minutes. Give the parameters of the run, as to Kedro.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from omegaconf import OmegaConf

from grisaille.arrays import ColumnRange, FloatArray
from grisaille.autoencoders import joining, similarity_training, training
from grisaille.autoencoders.compression import compress_chunk
from grisaille.likenesses.metrics import MetricRows, layer_norms
from grisaille.measures.comparison import Collection, compare
from grisaille.measures.spaces import embedding_space, feature_space
from grisaille.parameters import Autoencoder, Chunk, named
from grisaille.study import CachedSpace

PROJECT = Path(__file__).resolve().parents[1]
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "without matching neighbourhoods": {"neighbour_weight": 0.0},
    "without matching distances": {"distance_weight": 0.0},
    "without the offset": {"offset": 0.0},
    "without the decoder's error": {"reconstruction_weight": 0.0},
    "without the PCA start": {"pca_start": False},
    "without mixing": {"mixup_angle": 0.0},
    "linear only": {"hidden": 0},
    "without the joiner": {"joiner_hidden": 0},
    "reconstruction only": {"neighbour_weight": 0.0, "distance_weight": 0.0, "reconstruction_weight": 1.0},
}


def main() -> None:
    """Train and measure all variants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--likeness", default="hellinger", choices=["hellinger", "euclidean"])
    parser.add_argument("--params", default="")
    parser.add_argument("--only", nargs="*", default=None, help="names of variants")
    given = parser.parse_args()
    ablation = Ablation(catalog_of(PROJECT, f"{given.params},autoencoder.likeness={given.likeness}"))
    print("| variant | recall@10 | seen | never seen | Spearman | P@10 | training, s |\n|---|---|---|---|---|---|---|")
    for name, changes in VARIANTS.items():
        if given.only is None or name in given.only:
            print(f"| {name} | {ablation.row(changes)} |", flush=True)


def catalog_of(project: Path, parameters: str) -> Any:
    """The catalog of a run.

    Args:
        project: Its folder.
        parameters: As to Kedro: a.b=1,...
    """
    bootstrap_project(project)
    given = OmegaConf.to_container(OmegaConf.from_dotlist([part for part in parameters.split(",") if part]))
    with KedroSession.create(project, runtime_params=given) as session:
        return session.load_context().catalog


class Ablation:
    """What all variants share."""

    def __init__(self, catalog: Any) -> None:
        """Load what a run has stored."""
        self.features, self.paintings = catalog.load("features"), catalog.load("paintings")
        self.chunks = named(catalog.load("params:chunks"), Chunk)
        self.settings: Autoencoder = catalog.load("params:autoencoder")
        split = self.paintings["split"].to_numpy(dtype=str)
        self.training = np.flatnonzero(split != "held_out")
        norms = {layer: layer_norms(self.features[layer], self.settings.likeness) for layer in self.features}
        self.norms = [norms[chunk.layer] for chunk in self.chunks.values()]
        self.compressed = [self._compress(*piece) for piece in zip(self.chunks.values(), self.norms, strict=True)]
        labels = np.unique(self.paintings["artist"].to_numpy(dtype=str), return_inverse=True)[1]
        self.collection = Collection(labels, self.paintings["duplicate_of"].isna().to_numpy(), split)
        self.raw = CachedSpace(feature_space(self.features, self.settings.likeness))

    def _compress(self, chunk: Chunk, norms: FloatArray) -> tuple[FloatArray, FloatArray]:
        rows = MetricRows(self._columns(chunk), self.settings.likeness, norms)
        components = self.settings.similarity.resolve_for(self.settings.likeness).components
        return compress_chunk(rows, self.training, components, self.settings.seed, self.settings.channels)

    def _columns(self, chunk: Chunk) -> ColumnRange:
        return ColumnRange(self.features[chunk.layer], chunk.start, chunk.stop)

    def row(self, changes: dict[str, Any]) -> str:
        """Train a variant, encode all paintings, and measure."""
        settings = self.settings.model_copy(update={"similarity": self.settings.similarity.model_copy(update=changes)})
        start = time.perf_counter()
        codes = []
        for chunk, (basis, compressed) in zip(self.chunks.values(), self.compressed, strict=True):
            _, encoder, _ = similarity_training.train_similarity(basis, compressed[self.training], settings, "variant")
            codes.append(training.encode(encoder, self._columns(chunk)))
        given = [code for code, _ in codes], [seen for _, seen in codes], self.norms
        joiner, _ = joining.train_joiner(*given, self.training, settings)
        seconds = time.perf_counter() - start
        embedding = embedding_space(joining.join(joiner, *given))
        raw, reduced = ("raw", settings.likeness), ("embedding", "euclidean")
        found = compare(
            {raw: self.raw, reduced: embedding},  # type: ignore[dict-item]
            [(raw, reduced)],
            self.collection,
            np.arange(len(self.paintings)),
            10,
        )
        kept = found.preservation.set_index("paintings")
        useful = found.retrieval.set_index("space")
        figures = [kept.loc[part, "recall"] for part in ("all", "train", "held_out")]
        figures += [kept.loc["all", "spearman"], useful.loc["embedding", "precision"]]
        return " | ".join(f"{figure:.3f}" for figure in figures) + f" | {seconds:.0f}"


if __name__ == "__main__":
    main()
