import numpy as np
import pytest

from grisaille.features.pruning import excess, prune
from grisaille.features.store import FeatureStore, FeatureStoreError, write
from helpers import CountedSource, flip


@pytest.fixture
def stores(tmp_path):
    """The features of ten paintings, and of four of them with two more; the manifest of each."""
    return [write(tmp_path, CountedSource(paintings)).path for paintings in (range(10), [2, 3, 4, 5, 20, 21])]


NEEDED = set(CountedSource([2, 3, 4, 5, 20, 21]).contents.paintings)
# A painting has nine values of two bytes.
ROW = 18


class TestPruning:
    def test_what_is_not_needed_is_counted_and_stays(self, tmp_path, stores):
        (found,) = excess(tmp_path, NEEDED)
        assert (found.folder, found.paintings, found.unneeded) == (stores[0].parent, 12, 6)
        assert found.bytes == 6 * ROW
        assert len(FeatureStore(stores[0])["wide"]) == 10

    def test_what_is_needed_stays_and_is_not_computed_again(self, tmp_path, stores):
        before = stores[1].read_bytes()
        prune(tmp_path, NEEDED)
        (found,) = excess(tmp_path, NEEDED)
        assert (found.paintings, found.unneeded) == (6, 0)
        assert not stores[0].exists()
        again = CountedSource([2, 3, 4, 5, 20, 21])
        assert np.array_equal(np.asarray(write(tmp_path, again)["wide"]), again.values("wide"))
        assert again.computed == []
        assert stores[1].read_bytes() == before

    def test_a_damaged_shard_is_removed_and_nothing_of_it_kept(self, tmp_path, stores):
        for shard in stores[0].parent.glob("wide/*.npy"):
            flip(shard)
        prune(tmp_path, NEEDED)
        again = CountedSource([2, 3, 4, 5, 20, 21])
        assert np.array_equal(np.asarray(write(tmp_path, again)["wide"]), again.values("wide"))

    def test_features_of_an_earlier_release_are_removed(self, tmp_path):
        folder = tmp_path / "0123456789abcdef"
        folder.mkdir()
        (folder / "manifest.json").write_text("{}")
        (folder / "wide-00000000.npy").write_bytes(bytes(98))
        (found,) = excess(tmp_path, set())
        assert (found.paintings, found.bytes) == (None, 100)
        prune(tmp_path, set())
        assert not folder.exists()

    def test_of_nothing_nothing_is_removed(self, tmp_path):
        assert excess(tmp_path / "none", set()) == []
        prune(tmp_path / "none", set())

    def test_nobody_needs_anything(self, tmp_path, stores):
        prune(tmp_path, set())
        assert not list(tmp_path.rglob("*.npy"))
        with pytest.raises(FeatureStoreError):
            FeatureStore(stores[1])
