"""Lists and their figures against a naive ranking of all paintings, one target at a time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grisaille.measures import comparison as walk
from grisaille.measures.comparison import Collection, compare
from grisaille.measures.recommendations import (
    ARTIST,
    LENGTH,
    MOVEMENT,
    NEW_ARTISTS,
    SCORES,
    NearestLiked,
    Profile,
    Profiles,
    by_chance,
    draw_profiles,
    first_of,
    label_members,
    measure_lists,
    profiles_of_a_kind,
)
from grisaille.measures.spaces import embedding_space
from grisaille.points import Points

SEEDS = st.integers(0, 99)
FEWER = settings(max_examples=settings.default.max_examples // 4)
KINDS = (ARTIST, MOVEMENT, NEW_ARTISTS)


class Gallery:
    """Paintings of eight artists and three movements, of which an artist has one or two; a few do not take part."""

    def __init__(self, n=120, seed=0, walked=1.0):
        random = np.random.default_rng(seed)
        number = random.permutation(np.arange(n) % 8)
        self.artists = np.array([f"Artist {each}" for each in number])
        self.kept = random.random(n) < 0.9
        self.points = random.standard_normal((n, 5)).astype(np.float32)
        movements = [{f"Movement {each % 3}", f"Movement {each % 2}"} for each in number]
        by_movement = label_members([sorted(each) for each in movements], self.kept)
        artists = label_members([[each] for each in self.artists], self.kept)
        self.members = {ARTIST: artists, MOVEMENT: by_movement, NEW_ARTISTS: by_movement}
        self.walked = random.random(n) < walked
        self.drawn = [
            profile
            for kind in KINDS
            for profile in draw_profiles(kind, self.members[kind], self.artists, self.walked, 7, random)
        ]

    def profiles(self, nearest=3):
        return Profiles.of(self.drawn, self.members, self.artists, self.kept, nearest)

    def distances(self, rows):
        return embedding_space(self.points).distances(rows)


def filled(profiles, distances, size=None):
    liking, n = NearestLiked(profiles), distances.shape[1]
    for start in range(0, n, size or n):
        rows = np.arange(n)[start : start + (size or n)]
        liking.update(rows, distances[rows])
    return liking.lists()


def naive_order(distances, profile, artists, kept, nearest):
    """Candidates of a profile, the nearest to what it likes first."""
    liked = set(profile.liked.tolist())
    taboo = {artists[row] for row in liked} if profile.kind == NEW_ARTISTS else set()
    far = {}
    for row in range(len(kept)):
        if kept[row] and row not in liked and artists[row] not in taboo:
            squares = sorted(distances[other, row] ** 2 for other in liked)[:nearest]
            far[row] = sum(squares) / len(squares)
    return sorted(far, key=lambda row: far[row])


class TestDrawing:
    @FEWER
    @given(seed=SEEDS, walked=st.sampled_from([1.0, 0.5]))
    def test_what_is_liked_has_the_label_and_something_else_does_too(self, seed, walked):
        gallery = Gallery(seed=seed, walked=walked)
        for row, profile in enumerate(gallery.drawn):
            own = gallery.members[profile.kind][profile.label]
            assert 1 <= len(profile.liked) <= 20
            assert len(set(profile.liked.tolist())) == len(profile.liked)
            assert np.isin(profile.liked, own).all()
            assert gallery.walked[profile.liked].all()
            assert gallery.profiles().relevant[row].any()

    def test_labels_take_turns(self):
        gallery = Gallery()
        labels = [profile.label for profile in gallery.drawn if profile.kind == MOVEMENT]
        assert sorted(np.unique(labels, return_counts=True)[1]) == [2, 2, 3]

    @FEWER
    @given(seed=SEEDS)
    def test_new_artists_are_new(self, seed):
        gallery = Gallery(seed=seed)
        profiles = gallery.profiles()
        for row, profile in enumerate(gallery.drawn):
            known = set(gallery.artists[profile.liked])
            met = set(gallery.artists[profiles.allowed[row]])
            assert (profile.kind != NEW_ARTISTS) or not known & met

    def test_the_last_work_of_a_label_is_never_liked(self):
        artists, everybody = np.array(["x", "x", "y"]), np.ones(3, bool)
        for seed in range(5):
            random = np.random.default_rng(seed)
            (profile,) = draw_profiles(ARTIST, {"x": np.array([0, 1])}, artists, everybody, 1, random)
            assert len(profile.liked) == 1

    def test_as_many_are_liked_as_one_says(self):
        gallery, everybody = Gallery(), np.ones(120, bool)
        for liked in (1, 5):
            random = np.random.default_rng(0)
            drawn = draw_profiles(MOVEMENT, gallery.members[MOVEMENT], gallery.artists, everybody, 7, random, liked)
            assert {len(profile.liked) for profile in drawn} == {liked}

    def test_labels_of_one_work_and_movements_of_one_artist_are_nobodys(self):
        random, everybody = np.random.default_rng(0), np.ones(3, bool)
        members, artists = {"x": np.array([0])}, np.array(["x", "y", "y"])
        assert draw_profiles(ARTIST, members, artists, everybody, 5, random) == []
        assert len(draw_profiles(ARTIST, {"m": np.array([1, 2])}, artists, everybody, 5, random)) == 5
        for kind in (MOVEMENT, NEW_ARTISTS):
            assert draw_profiles(kind, {"m": np.array([1, 2])}, artists, everybody, 5, random) == []
        assert draw_profiles(ARTIST, {}, artists, everybody, 5, random) == []

    def test_memory_bounds_how_many(self):
        assert profiles_of_a_kind(3902) == 200
        assert 3 * profiles_of_a_kind(20_000) * 20_000 * 12 <= 100_000_000
        assert profiles_of_a_kind(10**9) == 1


class TestLists:
    @FEWER
    @given(seed=SEEDS, nearest=st.sampled_from([1, 3, 20]))
    def test_against_a_naive_ranking(self, seed, nearest):
        gallery = Gallery(seed=seed)
        distances = gallery.distances(np.arange(120))
        lists = filled(gallery.profiles(nearest), distances)
        for profile, found in zip(gallery.drawn, lists, strict=True):
            expected = naive_order(distances, profile, gallery.artists, gallery.kept, nearest)[:LENGTH]
            assert found[found >= 0].tolist() == expected

    @pytest.mark.parametrize("size", [1, 7, 64])
    def test_blocks_of_any_size(self, size):
        gallery = Gallery()
        distances = gallery.distances(np.arange(120))
        expected = filled(gallery.profiles(), distances)
        np.testing.assert_array_equal(filled(gallery.profiles(), distances, size), expected)

    def test_short_collections_leave_room(self):
        far = np.array([3.0, 1.0, 1.0, 2.0])
        found = first_of(far, np.array([True, True, True, False]))
        assert found.tolist() == [1, 2, 0] + [-1] * 17

    def test_of_equal_ones_the_earlier_comes_first(self):
        assert first_of(np.zeros(50), np.arange(50) >= 5).tolist() == list(range(5, 25))

    def test_the_walk_fills_them(self, monkeypatch):
        gallery = Gallery(walked=0.5)
        asked = np.flatnonzero(gallery.walked)
        monkeypatch.setattr(walk, "rows_at_a_time", lambda n: 7)
        names = [("raw", "hellinger"), ("pca", "hellinger"), ("embedding", "style")]
        known = {name: embedding_space(gallery.points[:, : 3 + place]) for place, name in enumerate(names)}
        collection = Collection(np.unique(gallery.artists, return_inverse=True)[1], gallery.kept, np.full(120, "train"))
        found = compare(known, [tuple(names[:2])], collection, asked, 4, profiles=gallery.profiles())
        for name in names:
            distances = known[name].distances(np.arange(120))
            np.testing.assert_array_equal(found.recommended[name], filled(gallery.profiles(), distances))


class TestFigures:
    def naive(self, lists, gallery):
        """Recall and nDCG with one target at a time, and what the lists hold, one profile after another."""
        found = {name: [] for name in SCORES}
        mean = np.mean([[((a - b) ** 2).sum() for a in gallery.points] for b in gallery.points])
        for padded, profile in zip(lists, gallery.drawn, strict=True):
            rows = padded[padded >= 0].tolist()
            own, artists = set(gallery.members[profile.kind][profile.label].tolist()), gallery.artists
            allowed = naive_order(gallery.distances(np.arange(120)), profile, artists, gallery.kept, 3)
            ranks = [rows.index(target) + 1 if target in rows else 0 for target in allowed if target in own]
            found["recall"].append(np.mean([rank > 0 for rank in ranks]))
            found["ndcg"].append(np.mean([1 / math.log2(1 + rank) if rank else 0 for rank in ranks]))
            found["precision"].append(np.mean([row in own for row in rows]))
            pairs = [(a, b) for a in rows for b in rows if a != b]
            found["different_artists"].append(np.mean([artists[a] != artists[b] for a, b in pairs]))
            squares = [((gallery.points[a] - gallery.points[b]) ** 2).sum() for a, b in pairs]
            found["similarity"].append(1 - np.mean(squares) / mean)
        return {name: np.mean(values) for name, values in found.items()}

    @pytest.mark.parametrize("seed", range(4))
    def test_one_target_at_a_time(self, seed):
        gallery = Gallery(seed=seed)
        profiles = gallery.profiles()
        lists = filled(profiles, gallery.distances(np.arange(120)))
        found = measure_lists(lists, profiles, gallery.artists, Points.plain(gallery.points), 0)
        expected = self.naive(lists, gallery)
        for name in SCORES:
            assert found[name] == pytest.approx(expected[name], rel=1e-4), name
            assert found[f"{name}_low"] <= found[name] <= found[f"{name}_high"]
        assert found["coverage"] == len(set(lists[lists >= 0].tolist())) / profiles.allowed.any(axis=0).sum()

    def test_by_hand(self):
        artists = np.array(["a", "a", "a", "b", "b", "c"])
        members = {ARTIST: {"a": np.array([0, 1, 2])}}
        profiles = Profiles.of([Profile(ARTIST, "a", np.array([0]))], members, artists, np.ones(6, bool), 3)
        line = Points.plain(np.array([0, 1, 3, 2, 9, 9], np.float32)[:, None])
        lists = np.array([[1, 3, 2, *[-1] * 17]])
        found = measure_lists(lists, profiles, artists, line, 0)
        assert (found["recall"], found["precision"]) == (1, 2 / 3)
        assert found["different_artists"] == pytest.approx(2 / 3)
        assert found["ndcg"] == pytest.approx((1 + 0.5) / 2)
        # Pairs of the list: 1, 1 and 4; squared distances of all pairs from their variance.
        assert found["similarity"] == pytest.approx(1 - 2 / (2 * np.var([0, 1, 3, 2, 9, 9])))
        assert found["coverage"] == 3 / 5

    def test_a_perfect_space_finds_every_target(self):
        n, size = 200, 10
        artists = np.repeat([f"a{each:02}" for each in range(n // size)], size)
        members = {ARTIST: label_members([[each] for each in artists], np.ones(n, bool))}
        drawn = draw_profiles(ARTIST, members[ARTIST], artists, np.ones(n, bool), 40, np.random.default_rng(0))
        profiles = Profiles.of(drawn, members, artists, np.ones(n, bool), 3)
        points = np.repeat(np.eye(n // size), size, axis=0)
        lists = filled(profiles, embedding_space(points).distances(np.arange(n)))
        found = measure_lists(lists, profiles, artists, Points.plain(points), 0)
        assert found["recall"] == found["recall_low"] == 1
        # One work was left to be found, and it came first.
        assert found["ndcg"] == 1

    def test_chance_and_labels(self):
        n, random = 2000, np.random.default_rng(0)
        artists = np.array([f"a{each}" for each in np.arange(n) % 10])
        members = {ARTIST: label_members([[each] for each in artists], np.ones(n, bool))}
        drawn = draw_profiles(ARTIST, members[ARTIST], artists, np.ones(n, bool), 200, random)
        profiles = Profiles.of(drawn, members, artists, np.ones(n, bool), 3)
        reference = Points.plain(random.standard_normal((n, 3)))
        chance = measure_lists(by_chance(profiles, random), profiles, artists, reference, 0)
        assert chance["recall"] == pytest.approx(LENGTH / (n - 20), rel=0.1)
        assert chance["ndcg"] == pytest.approx(
            sum(1 / math.log2(1 + rank) for rank in range(1, 21)) / (n - 20), rel=0.1
        )
        assert chance["precision"] == pytest.approx(180 / 1980, rel=0.1)
        assert chance["different_artists"] == pytest.approx(0.9, abs=0.01)
        assert chance["similarity"] == pytest.approx(0, abs=0.03)
        assert chance["coverage"] == pytest.approx(1 - (1 - LENGTH / n) ** 200, abs=0.03)
        labels = measure_lists(by_chance(profiles, random, knows_labels=True), profiles, artists, reference, 0)
        assert labels["precision"] == 1
        assert labels["recall"] == pytest.approx(LENGTH / 180)

    def test_without_profiles_nothing_is_defined(self):
        nobody = Profiles.of([], {}, np.array(["a"]), np.ones(1, bool), 3)
        lists = filled(nobody, np.zeros((1, 1)))
        assert lists.shape == by_chance(nobody, np.random.default_rng(0)).shape == (0, LENGTH)
        found = measure_lists(lists, nobody, np.array(["a"]), Points.plain(np.zeros((1, 2))), 0)
        assert all(np.isnan(value) for value in found.values())
