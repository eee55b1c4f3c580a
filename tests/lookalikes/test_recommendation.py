"""Recommendations against loops over single paintings."""

import numpy as np
import pytest
from benchmarks import tastes
from hypothesis import given, settings
from hypothesis import strategies as st

from grisaille.lookalikes import recommendation
from grisaille.lookalikes.recommendation import DISLIKE, NEAREST_LIKED, Recommender
from grisaille.measures.lookup import Lookup
from grisaille.points import Points

SEEDS = st.integers(0, 99)
FEWER = settings(max_examples=settings.default.max_examples // 4)
DIVERSITIES = st.sampled_from([0.0, 0.3, 0.5, 1.0])


def points(n=40, seed=0, values=5):
    """Points that leave something out."""
    random = np.random.default_rng(seed)
    coordinates = random.standard_normal((n, values)) + 3
    return Points(coordinates.astype(np.float32), random.random(n).astype(np.float32))


def plain(*rows):
    return Points.plain(np.array(rows, np.float32))


class TestSimilarity:
    @FEWER
    @given(seed=SEEDS)
    def test_it_is_1_less_the_share_of_the_mean_squared_distance(self, seed):
        given, others = points(seed=seed), points(6, seed + 1)
        found = Recommender(given).similarities(others)
        assert found.dtype == np.float32
        squares = given.squares_to(given) * ~np.eye(40, dtype=bool)
        expected = 1 - given.squares_to(others) / squares.mean()
        np.testing.assert_allclose(found, expected, atol=1e-4)

    def test_the_same_painting_is_at_1_and_any_two_at_0(self):
        given = Points.plain(points().coordinates)
        found = Recommender(given).similarities(given)
        np.testing.assert_allclose(np.diag(found), 1, atol=1e-5)
        assert found.mean() == pytest.approx(0, abs=1e-5)

    def test_a_collection_of_one_painting(self):
        given = plain([1, 2])
        assert Recommender(given).similarities(given).tolist() == [[1]]


class TestRelevance:
    @FEWER
    @given(
        seed=SEEDS,
        liked=st.integers(1, 6),
        disliked=st.integers(0, 6),
        nearest=st.sampled_from([1, NEAREST_LIKED, 9]),
        dislike=st.sampled_from([0, DISLIKE, 1]),
    )
    def test_against_a_loop(self, seed, liked, disliked, nearest, dislike):
        recommender = Recommender(points(seed=seed))
        ours, theirs = points(liked, seed + 1), points(disliked, seed + 2)
        found = recommender.relevance(ours, theirs, nearest, dislike)
        for row in range(40):
            near = sorted(recommender.similarities(ours)[row])[-nearest:]
            expected = sum(near) / len(near)
            if disliked:
                far = sorted(recommender.similarities(theirs)[row])[-nearest:]
                expected -= dislike * max(sum(far) / len(far), 0)
            assert found[row] == pytest.approx(expected, abs=1e-5)

    def test_three_are_held_against_it_unless_another_number_is_given(self):
        recommender, ours, theirs = Recommender(points()), points(6, 1), points(6, 2)
        asked = recommender.relevance(ours, theirs, NEAREST_LIKED, DISLIKE)
        assert np.array_equal(recommender.relevance(ours, theirs), asked)

    def test_a_dislike_pushes_down_what_is_like_it_and_nothing_else(self):
        given = plain([0, 0], [1, 0], [0, 1], [9, 9])
        recommender, liked = Recommender(given), plain([0, 0])
        before, after = recommender.relevance(liked), recommender.relevance(liked, plain([1, 0]))
        assert after[1] < before[1]
        assert np.argsort(-before, kind="stable").tolist() == [0, 1, 2, 3]
        # What is far from all that is disliked is not lifted for that.
        assert after[3] == before[3]


class TestChoice:
    @FEWER
    @given(seed=SEEDS, diversity=DIVERSITIES, count=st.integers(0, 12))
    def test_against_a_loop(self, seed, diversity, count):
        given, random = points(seed=seed), np.random.default_rng(seed)
        recommender, allowed = Recommender(given), random.random(40) < 0.8
        relevance = recommender.relevance(points(3, seed + 1))
        similar = recommender.similarities(given)
        expected = []
        while len(expected) < count:
            left = [row for row in np.flatnonzero(allowed) if row not in expected]
            expected.append(
                max(
                    left,
                    key=lambda row: (
                        (1 - diversity * bool(expected)) * relevance[row]
                        - diversity * max((similar[row, other] for other in expected), default=0)
                    ),
                )
            )
        assert recommender.choose(relevance, allowed, count, diversity).tolist() == expected

    @pytest.mark.parametrize("diversity", [0.0, 0.3])
    def test_fewer_may_be_chosen_than_are_asked_for(self, diversity):
        recommender, allowed = Recommender(points()), np.arange(40) < 5
        found = recommender.choose(np.arange(40.0), allowed, 10, diversity)
        assert sorted(found) == [0, 1, 2, 3, 4]
        assert len(recommender.choose(np.arange(40.0), allowed & False, 10, diversity)) == 0

    @pytest.mark.parametrize("diversity", [0.0, 0.3])
    def test_of_equal_ones_the_earlier_comes_first(self, diversity):
        same = Points.plain(np.ones((300, 2), np.float32))
        found = Recommender(same).choose(np.zeros(300), np.arange(300) >= 7, 5, diversity)
        assert found.tolist() == [7, 8, 9, 10, 11]

    @FEWER
    @given(seed=SEEDS)
    def test_variety_makes_a_list_less_alike(self, seed):
        given = points(400, seed)
        recommender = Recommender(given)
        relevance = recommender.relevance(points(3, seed + 1))

        def alike(diversity):
            found = recommender.choose(relevance, np.ones(400, bool), 10, diversity)
            return recommender.similarities(given[found])[found].mean()

        assert alike(0.5) < alike(0)

    def test_without_variety_the_order_is_that_of_relevance(self):
        relevance = np.random.default_rng(0).permutation(5000).astype(float)
        found = Recommender(points(5000)).choose(relevance, np.ones(5000, bool), 300, 0)
        assert found.tolist() == np.argsort(-relevance)[:300].tolist()


class TestTastes:
    """The benchmark that the defaults come from, on three artists whose works are each at one place."""

    ARTISTS = np.repeat([0, 1, 2], [12, 40, 40])
    RECOMMENDER = Recommender(Points.plain(np.eye(3, dtype=np.float32)[ARTISTS]))

    def person(self, artist, *others):
        """Likes two works of the first artist; the others suit, too."""
        liked, suits = np.flatnonzero(artist == self.ARTISTS)[:2], np.isin(self.ARTISTS, [artist, *others])
        return tastes.Person((str(artist),), liked, np.ones(92, bool), suits[None]).without(liked)

    def test_shares(self):
        both = tastes.pairs([self.person(0), self.person(1)], 3, np.random.default_rng(0))[0]
        assert both.labels == ("0", "1")
        assert self.ARTISTS[both.liked].tolist() == [0, 0, 1]
        assert not both.allowed[both.liked].any()
        assert both.suits.sum(axis=1).tolist() == [10, 39]
        rows = np.array([5, 6, 7, 20, 70])
        assert (both.share(rows), both.weaker(rows)) == (0.8, 0.2)

    def test_nobody_has_a_second_taste_where_all_have_the_same(self):
        assert tastes.pairs([self.person(0), self.person(0)], 4, np.random.default_rng(0)) == []

    def test_by_nearest(self):
        # Ten works that suit are left, in lists of 20.
        assert tastes.by_nearest(self.RECOMMENDER, self.person(0)).tolist() == [[0.5] * 5] * 2

    def test_by_dislike(self):
        # The first list ends in works of the second artist, and so goes on the next unless they are disliked.
        assert tastes.by_dislike(self.RECOMMENDER, self.person(0, 2)).tolist() == [0, 1, 1, 1, 1]

    def test_nobody_is_asked_again_for_whom_nothing_is_wrong_or_left(self):
        assert tastes.by_dislike(self.RECOMMENDER, self.person(1)) is None
        assert tastes.by_dislike(self.RECOMMENDER, self.person(0)) is None


class TestThroughAnIndex:
    @pytest.fixture(autouse=True)
    def few_are_many(self, monkeypatch):
        monkeypatch.setattr(recommendation, "_FEW", 0)

    def both(self, given):
        lookup = Lookup(given)
        lookup.prepare(1, 0)
        assert not lookup.exact
        return Recommender(given), Recommender(given, lookup)

    @pytest.mark.parametrize("share", [1, 0.3, 0.02])
    def test_it_recommends_what_comparing_all_paintings_does(self, share):
        given, allowed = points(20_000, values=6), np.random.default_rng(1).random(20_000) < share
        exact, through = self.both(given)
        for number in range(5):
            # Variety would make of one painting less another list.
            asked = points(12, number, values=6), points(3, number + 50, values=6), allowed, 20, 0.0
            (rows, relevance), (found, near) = exact.recommend(*asked), through.recommend(*asked)
            assert allowed[found].all()
            assert np.isin(rows, found).mean() >= 0.9
            np.testing.assert_allclose(near, exact.relevance(*asked[:2])[found], atol=1e-5)
            assert near[0] == pytest.approx(relevance[0], abs=1e-3)

    def test_what_is_most_like_three_works_together_is_found_far_from_each(self):
        random, corners = np.random.default_rng(0), 10 * np.eye(4, dtype=np.float32)[:3]
        crowds = np.repeat(corners, 1000, axis=0) + random.normal(0, 0.1, (3000, 4)).astype(np.float32)
        _, through = self.both(Points.plain(np.concatenate([crowds, corners.mean(axis=0)[None]])))
        rows, _ = through.recommend(Points.plain(corners), plain([0] * 4)[:0], np.ones(3001, bool), 5, 0.0)
        assert rows[0] == 3000

    @pytest.mark.parametrize("few", [0, 100])
    def test_what_is_allowed_is_recommended_however_little(self, monkeypatch, few):
        monkeypatch.setattr(recommendation, "_FEW", few)
        allowed = np.zeros(5000, bool)
        allowed[[7, 4000, 4999]] = True
        _, through = self.both(points(5000))
        rows, _ = through.recommend(points(6, 1), points(0, 2), allowed, 20, 0.3)
        assert sorted(rows) == [7, 4000, 4999]
