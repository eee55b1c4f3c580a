"""Converts profiles and recommended lists between tables with identifiers of paintings and the arrays of measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray, IntArray
from grisaille.collection.artists import split_movements
from grisaille.lazy import pd
from grisaille.likenesses.names import VECTORS, chosen
from grisaille.lookalikes.recommendation import DIVERSITY, NEAREST_LIKED, Recommender
from grisaille.measures import recommendations as measure
from grisaille.measures.comparison import Collection, Name, queries
from grisaille.parameters import Evaluation
from grisaille.points import Points

KINDS = (measure.ARTIST, measure.MOVEMENT, measure.NEW_ARTISTS)
RANDOM, LABELS = "random", "labels"


def draw(paintings: pd.DataFrame, settings: Evaluation, liked: int = measure.LIKED) -> pd.DataFrame:
    """Draw profiles with `liked` works each: kind, label, liked (identifiers), one row a profile."""
    n, identifiers = len(paintings), paintings["painting_id"].to_numpy(dtype=str)
    walked = np.zeros(n, bool)
    walked[queries(n, settings.exact_up_to, settings.sample, settings.seed)] = True
    artists, count = paintings["artist"].to_numpy(dtype=str), measure.profiles_of_a_kind(n)
    members = _members(paintings)
    drawn = [
        (profile.kind, profile.label, identifiers[profile.liked])
        for place, kind in enumerate(KINDS)
        for profile in measure.draw_profiles(
            kind, members[kind], artists, walked, count, np.random.default_rng([settings.seed, place]), liked
        )
    ]
    return pd.DataFrame(drawn, columns=["kind", "label", "liked"])


def _members(paintings: pd.DataFrame) -> dict[str, dict[str, IntArray]]:
    """Kind -> label -> the rows of the paintings that have it and take part."""
    kept = Collection.of(paintings).kept
    movements = [split_movements(written) for written in paintings["movements"]]
    by_movement = measure.label_members(movements, kept)
    by_artist = measure.label_members([[name] for name in paintings["artist"]], kept)
    return {measure.ARTIST: by_artist, measure.MOVEMENT: by_movement, measure.NEW_ARTISTS: by_movement}


class _Rows:
    """Row indices of paintings by identifier."""

    def __init__(self, paintings: pd.DataFrame) -> None:
        self._row_of = {identifier: row for row, identifier in enumerate(paintings["painting_id"])}

    def __call__(self, identifiers: Iterable[str]) -> IntArray:
        return np.array([self._row_of[identifier] for identifier in identifiers], np.int64)


def read(profiles: pd.DataFrame, paintings: pd.DataFrame) -> measure.Profiles:
    """Read the profiles of a table for the recommender."""
    rows = _Rows(paintings)
    columns = (profiles[name].to_list() for name in ("kind", "label", "liked"))
    drawn = [measure.Profile(kind, label, rows(liked)) for kind, label, liked in zip(*columns, strict=True)]
    artists, kept = paintings["artist"].to_numpy(dtype=str), Collection.of(paintings).kept
    return measure.Profiles.of(drawn, _members(paintings), artists, kept, NEAREST_LIKED)


def lists_table(recommended: Mapping[Name, IntArray], paintings: pd.DataFrame) -> pd.DataFrame:
    """Lists of every space for every profile: space, likeness, profile (its row), recommended (identifiers)."""
    identifiers = paintings["painting_id"].to_numpy(dtype=str)
    rows = [
        (*name, profile, identifiers[listed[listed >= 0]])
        for name, lists in recommended.items()
        for profile, listed in enumerate(lists)
    ]
    return pd.DataFrame(rows, columns=["space", "likeness", "profile", "recommended"])


def figures(
    profiles: pd.DataFrame,
    recommended: pd.DataFrame,
    paintings: pd.DataFrame,
    embeddings: Mapping[str, FloatArray],
    seed: int,
) -> pd.DataFrame:
    """The figures of `measure_lists` for every kind of profile and every space, for chance and for labels alone.

    The default embedding has a second row, with the default variety of recommendations. Similarities within lists are
    measured by this embedding for every space.

    Returns:
        Columns kind, space, likeness, diversity, profiles (their number), and the figures.
    """
    likeness = chosen(None, embeddings)
    reference, as_arrays = Points.of(likeness, embeddings[likeness]), read(profiles, paintings)
    default = ("raw" if likeness == VECTORS else "embedding", likeness)
    artists = paintings["artist"].to_numpy(dtype=str)
    rows: list[dict[str, Any]] = []
    for (space, of), diversity, lists in _all_lists(as_arrays, recommended, _Rows(paintings), default, reference, seed):
        for kind in KINDS:
            own = np.flatnonzero(profiles["kind"] == kind)
            row = {"kind": kind, "space": space, "likeness": of, "diversity": diversity, "profiles": len(own)}
            rows.append(row | measure.measure_lists(lists[own], as_arrays[own], artists, reference, seed))
    table = pd.DataFrame(rows)
    return table[table["profiles"] > 0].sort_values("kind", key=lambda kinds: kinds.map(KINDS.index), kind="stable")


def _all_lists(
    profiles: measure.Profiles,
    recommended: pd.DataFrame,
    rows: _Rows,
    default: Name,
    reference: Points,
    seed: int,
) -> Iterator[tuple[tuple[str, str | None], float, IntArray]]:
    """Yield space, diversity and lists, shape (p, 20)."""
    for (space, likeness), own in recommended.groupby(["space", "likeness"], sort=False):
        lists = [measure.filled(rows(listed)) for listed in own["recommended"]]
        yield (str(space), str(likeness)), 0.0, np.stack(lists)
    yield default, DIVERSITY, _varied(reference, profiles)
    random = np.random.default_rng(seed)
    yield (RANDOM, None), 0.0, measure.by_chance(profiles, random)
    yield (LABELS, None), 0.0, measure.by_chance(profiles, random, knows_labels=True)


def _varied(points: Points, profiles: measure.Profiles) -> IntArray:
    """Lists of the recommender itself, with its default variety."""
    recommender = Recommender(points)
    lists = [
        measure.filled(recommender.choose(recommender.relevance(points[liked]), allowed, measure.LENGTH, DIVERSITY))
        for liked, allowed in zip(profiles.liked, profiles.allowed, strict=True)
    ]
    return np.array(lists, np.int64).reshape(-1, measure.LENGTH)
