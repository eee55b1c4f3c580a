"""The fuzzing starts from files that its targets stand: each of them, and each cut in half."""

import logging

import pytest
from fuzz.targets import SEEDS, SHARES, TARGETS


class TestTargets:
    @pytest.mark.parametrize("name", TARGETS)
    def test_every_file_it_starts_from(self, name, caplog):
        caplog.set_level(logging.ERROR)
        seeds = list(SEEDS[name]())
        assert len(seeds) > 5
        for seed in seeds:
            TARGETS[name](seed)
            TARGETS[name](seed[: len(seed) // 2])

    def test_every_target_has_its_share_of_the_time(self):
        assert set(SHARES) == set(SEEDS) == set(TARGETS)
        assert sum(SHARES.values()) == pytest.approx(1)

    @pytest.mark.parametrize("name", TARGETS)
    def test_other_errors_are_let_through(self, name, monkeypatch):
        """A target that swallowed them would never find anything."""

        class Unforeseen(Exception):
            pass

        def fail(*_, **__):
            raise Unforeseen

        for place in (
            "grisaille.collection.images.decode",
            "grisaille.collection.artists.read_table",
            "grisaille.collection.works.read_works",
            "grisaille.collection.vectors.read_parquet",
            "grisaille.collection.years.parse_years",
            "grisaille.collection.artists.ArtistIndex.match",
            "grisaille.collection.iiif.parse",
            "grisaille.storage.npy.read_array",
            "fuzz.targets.FeatureStore",
        ):
            monkeypatch.setattr(place, fail)
        with pytest.raises(Unforeseen):
            TARGETS[name](b"anything")
