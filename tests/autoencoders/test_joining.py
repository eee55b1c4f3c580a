import keras
import numpy as np
import pytest

from grisaille.autoencoders import joining
from grisaille.parameters import Autoencoder, Similarity

N, CHUNKS, WIDTH, SEEN = 60, 3, 4, 7
EVERYONE = np.arange(N)


@pytest.fixture(scope="module")
def given():
    """Codes, compressed rows and norms."""
    random = np.random.default_rng(0)
    compressed = [np.abs(random.standard_normal((N, SEEN))).astype(np.float32) for _ in range(CHUNKS)]
    codes = [rows[:, :WIDTH] + 1 for rows in compressed]
    return codes, compressed, [random.uniform(1, 2, N).astype(np.float32) for _ in range(CHUNKS)]


@pytest.fixture(scope="module")
def joiner(given):
    settings = Autoencoder(similarity=Similarity(joiner_hidden=16, joiner_epochs=20, minimum_steps=0, batch_size=30))
    return joining.train_joiner(*given, EVERYONE, settings)[0]


class TestSideBySide:
    @pytest.mark.parametrize(
        "settings",
        [{"architecture": "positional"}, {"architecture": "pca"}, {"similarity": Similarity(joiner_hidden=0)}],
        ids=str,
    )
    def test_codes_are_divided_by_the_norms_of_the_whole_layer(self, given, settings):
        codes, compressed, norms = given
        if "architecture" in settings:
            compressed = [np.empty((N, 0), np.float32)] * CHUNKS
        joiner, history = joining.train_joiner(codes, compressed, norms, EVERYONE, Autoencoder(**settings))
        embedding = joining.join(joiner, codes, compressed, norms)
        expected = np.concatenate([code / norm[:, None] for code, norm in zip(codes, norms, strict=True)], axis=1)
        assert np.array_equal(embedding, expected)
        assert history.columns.tolist() == ["epoch", "loss"]

    def test_one_chunk(self, given):
        one = [part[:1] for part in given]
        joiner, _ = joining.train_joiner(one[0], [np.empty((N, 0))], one[2], EVERYONE, Autoencoder(architecture="pca"))
        assert joining.join(joiner, one[0], [np.empty((N, 0))], one[2]).shape == (N, WIDTH)


class TestJoiner:
    def test_it_corrects_the_codes(self, given, joiner):
        embedding = joining.join(joiner, *given)
        codes = np.concatenate([code / norm[:, None] for code, norm in zip(given[0], given[2], strict=True)], axis=1)
        assert embedding.dtype == np.float32
        assert embedding.shape == codes.shape
        assert 0 < np.linalg.norm(embedding - codes) < np.linalg.norm(codes)

    def test_it_is_saved_and_loaded(self, given, joiner, tmp_path):
        joiner.save(tmp_path / "joiner.keras")
        loaded = keras.saving.load_model(tmp_path / "joiner.keras", safe_mode=True)
        assert not loaded.compiled
        assert np.array_equal(joining.join(loaded, *given), joining.join(joiner, *given))

    def test_a_painting_is_joined_alone_as_among_others(self, given, joiner):
        few = [[part[:1] for part in parts] for parts in given]
        np.testing.assert_allclose(joining.join(joiner, *few), joining.join(joiner, *given)[:1], rtol=1e-5, atol=1e-5)

    def test_codes_of_another_collection_are_refused(self, given, joiner):
        codes, compressed, norms = given
        with pytest.raises(ValueError, match="of different collections"):
            joining.join(joiner, [codes[0][:5], *codes[1:]], compressed, norms)
