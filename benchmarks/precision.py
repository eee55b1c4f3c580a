"""What half the precision of the forward pass changes in the tables of the raw features."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tools import Given, Skipped
from grisaille.collection.images import SUFFIXES
from grisaille.features import store as feature_store
from grisaille.features.backbone import Extraction
from grisaille.likenesses.metrics import LIKENESSES
from grisaille.measures.comparison import Collection, compare
from grisaille.measures.silhouettes import pair_agreement, pair_silhouettes
from grisaille.measures.spaces import feature_space
from grisaille.parameters import Backbone
from grisaille.storage import sha256

PRECISIONS = ("float32", "mixed_bfloat16")


def measure(given: Given) -> dict[str, Any]:
    """The tables of the same paintings in both precisions, as a CNN sees them that was trained on pictures."""
    if given.paintings is None or given.model is None:
        raise Skipped("no folder of paintings and a CNN for it were given (PAINTINGS=... MODEL=...)")
    files = [path for path in sorted(given.paintings.rglob("*")) if path.suffix.lower() in SUFFIXES]
    with tempfile.TemporaryDirectory() as folder:
        stores = {
            precision: _extract(files, Path(folder), _computing_in(precision, given.model, Path(folder)))
            for precision in PRECISIONS
        }
        tables = _compare(stores, [file.stem.rpartition("_")[0] for file in files])
    return {"n": len(files), "likenesses": tables}


def _computing_in(precision: str, model: Path, folder: Path) -> Path:
    """The same network with its layers computing in a precision, saved, since a saved model keeps the one it has."""
    import keras

    def layer_in(layer: Any) -> Any:
        return type(layer).from_config(layer.get_config() | {"dtype": precision})

    network = keras.saving.load_model(model, compile=False, safe_mode=True)
    other = keras.models.clone_model(network, clone_function=layer_in)
    other.set_weights(network.get_weights())
    other.save(folder / f"{precision}.keras")
    return folder / f"{precision}.keras"


def _extract(files: list[Path], root: Path, model: Path) -> feature_store.FeatureStore:
    settings = Backbone(model_file=model.resolve())
    return feature_store.write(
        root, Extraction([file.read_bytes for file in files], [sha256(file) for file in files], settings, 150)
    )


def _compare(stores: dict[str, feature_store.FeatureStore], artists: list[str]) -> dict[str, dict[str, Any]]:
    names, labels = np.unique(artists, return_inverse=True)
    n = len(labels)
    collection = Collection(labels, np.ones(n, dtype=bool), np.full(n, "train"))
    spaces = {
        (precision, likeness): feature_space(store, likeness)
        for precision, store in stores.items()
        for likeness in LIKENESSES
    }
    pairs = [((PRECISIONS[0], likeness), (PRECISIONS[1], likeness)) for likeness in LIKENESSES]
    compared = compare(spaces, pairs, collection, np.arange(n), 10)
    found = {}
    for likeness in LIKENESSES:
        kept = compared.preservation.query("likeness == @likeness and paintings == 'all'").iloc[0]
        retrieval = compared.retrieval.set_index(["space", "likeness"])
        above = np.triu_indices(len(names), 1)
        full, half = (pair_silhouettes(compared.sums[precision, likeness], labels)[above] for precision in PRECISIONS)
        found[likeness] = {
            "recall": float(kept["recall"]),
            "spearman": float(kept["spearman"]),
            "one_nn": [float(retrieval.loc[(precision, likeness), "one_nn"]) for precision in PRECISIONS],
            "precision": [float(retrieval.loc[(precision, likeness), "precision"]) for precision in PRECISIONS],
            "silhouettes_differ": float(np.nanmax(np.abs(full - half))),
            "same_sign": pair_agreement(full, half)[1],
        }
    return found
