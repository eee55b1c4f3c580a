"""Real paintings before a real CNN, where they lie beside the checkout."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_score

from grisaille.autoencoders.baseline import pca_embeddings
from grisaille.datasets import ArtistsDataset, PaintingsDataset
from grisaille.features import store as feature_store
from grisaille.features.backbone import Extraction
from grisaille.measures.neighbourhoods import nearest
from grisaille.measures.retrieval import Retrieval
from grisaille.measures.silhouettes import DistanceSums, pair_silhouettes
from grisaille.measures.spaces import blocks, embedding_space, feature_space
from grisaille.parameters import Backbone, Chunk, Ingestion
from helpers import catalogued

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def collection(shared, tmp_path_factory):
    """Twelve paintings each by five artists, one of them alone with a single painting, and their features."""
    files = PaintingsDataset(path=str(shared / "data" / "paintings")).load()
    artists = ArtistsDataset(filepath=str(shared / "data" / "artists.csv"), fallback="none").load()
    counts = {"Albrecht_Durer": 12, "Claude_Monet": 12, "Titian": 12, "Vincent_van_Gogh": 12, "Jackson_Pollock": 1}
    chosen = {
        name: files[name]
        for artist, count in counts.items()
        for name in [f for f in files if f.startswith(artist)][:count]
    }
    paintings, rejected = catalogued(chosen, artists, Ingestion(), seed=0)
    assert rejected.empty
    settings = Backbone(model_file=shared / "models" / "stand_in_cnn.keras")
    readers = [chosen[path] for path in paintings["path"]]
    work = Extraction(readers, paintings["sha256"].tolist(), settings, 150)
    return paintings, feature_store.write(tmp_path_factory.mktemp("features"), work)


def test_names_become_artists(collection):
    paintings, _ = collection
    assert set(paintings["artist"]) >= {"Albrecht Dürer", "Vincent van Gogh"}
    assert paintings.loc[paintings["artist"] == "Titian", "movements"].iloc[0] == "High Renaissance, Mannerism"


def test_features_have_the_shapes_of_vgg16(collection):
    paintings, features = collection
    assert {name: features[name].shape for name in features} == {
        "block4_pool": (len(paintings), 100_352),
        "block5_pool": (len(paintings), 25_088),
    }
    assert np.asarray(features["block5_pool"]).min() >= 0


@pytest.mark.parametrize("likeness", ["euclidean", "hellinger"])
def test_silhouettes_of_real_embeddings_are_those_of_scikit_learn(collection, likeness):
    paintings, features = collection
    chunks = [Chunk(layer="block4_pool", start=start, stop=start + 25088) for start in range(0, 100_352, 25088)]
    embeddings = pca_embeddings(features, chunks, np.arange(len(paintings)), 16, [likeness], 0)[likeness]
    artists, labels = np.unique(paintings["artist"].to_numpy(dtype=str), return_inverse=True)
    sums = DistanceSums(labels, len(artists))
    space = embedding_space(embeddings)
    for rows in blocks(np.arange(len(labels)), 10):
        sums.update(space.distances(rows))
    found = pair_silhouettes(sums.sums, labels)
    for one, other in itertools.combinations(range(len(artists)), 2):
        rows = np.isin(labels, [one, other])
        expected = silhouette_score(embeddings[rows], labels[rows])
        assert found[one, other] == pytest.approx(expected, abs=1e-5)


def test_nearest_neighbours_are_mostly_by_the_same_artist(collection):
    """Likeness in an ImageNet CNN means something: chance would be a quarter."""
    paintings, features = collection
    space = feature_space(features, "hellinger")
    labels = pd.factorize(paintings["artist"])[0]
    found = Retrieval(labels, paintings["duplicate_of"].isna().to_numpy(), 1)
    rows = np.arange(len(labels))
    found.update(rows, nearest(space.distances(rows), rows))
    assert found.result()["one_nn"] > 0.5
