import numpy as np
import pytest

from grisaille.features import pruning
from grisaille.features.pruning import excess, let_go, prune
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


class TestLettingGo:
    @pytest.fixture
    def kept(self, stores):
        """Paintings 2 to 5, of the first collection of `stores`, are in the second one, too."""
        return set(FeatureStore(stores[0]).paintings[7:9])

    def test_the_sample_stays_and_what_another_collection_needs(self, stores, kept):
        assert let_go(FeatureStore(stores[0]), kept) == (4, 4 * ROW)
        store, values = FeatureStore(stores[0]), CountedSource(range(10)).values("wide")
        assert store.kept.tolist() == [7, 8]
        np.testing.assert_array_equal(store["wide"][store.kept], values[7:9])
        assert store.damaged() == []
        assert np.array_equal(
            np.asarray(FeatureStore(stores[1])["wide"]), CountedSource([2, 3, 4, 5, 20, 21]).values("wide")
        )

    def test_others_cannot_be_read_and_the_reason_is_told(self, stores, kept):
        let_go(FeatureStore(stores[0]), kept)
        with pytest.raises(FeatureStoreError, match=r"the features of 2 paintings were let go"):
            FeatureStore(stores[0])["narrow"][5:8]

    def test_an_earlier_state_of_the_collection_holds_nothing_back(self, tmp_path):
        earlier, now = (write(tmp_path, CountedSource(range(count))) for count in (3, 5))
        assert let_go(now, set()) == (5, 5 * ROW)
        assert not list(tmp_path.rglob("*.npy"))
        with pytest.raises(FeatureStoreError):
            FeatureStore(earlier.path)

    def test_extracting_again_computes_what_is_gone_and_ends_as_it_was(self, tmp_path, stores, kept):
        before = stores[0].read_bytes()
        let_go(FeatureStore(stores[0]), kept)
        again = CountedSource(range(10))
        assert write(tmp_path, again).kept is None
        assert sorted(painting for batch in again.computed for painting in batch) == [0, 1, 6, 9]
        assert stores[0].read_bytes() == before

    def test_a_killed_call_can_be_made_again(self, stores, kept, monkeypatch):
        pruned = []

        def die(shard, needed, whole=pruning._prune_shard):
            if len(pruned) == 2:
                raise KeyboardInterrupt
            pruned.append(shard)
            whole(shard, needed)

        monkeypatch.setattr(pruning, "_prune_shard", die)
        with pytest.raises(KeyboardInterrupt):
            let_go(FeatureStore(stores[0]), kept)
        monkeypatch.undo()
        assert FeatureStore(stores[0]).kept.tolist() == [7, 8]
        let_go(FeatureStore(stores[0]), kept)
        (found,) = excess(stores[0].parent.parent, set())
        assert found.paintings == 8

    def test_nothing_is_removed_beside_damage(self, stores, kept):
        flip(next(stores[0].parent.glob("wide/*.npy")))
        files = sorted(stores[0].parent.rglob("*"))
        with pytest.raises(FeatureStoreError, match="no features are removed"):
            let_go(FeatureStore(stores[0]), kept)
        assert sorted(stores[0].parent.rglob("*")) == files
