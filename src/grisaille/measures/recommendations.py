"""Measures recommendations without known tastes: whether works that share a label with liked works are found again.

A label, an artist or a movement, is only a proxy for a taste: somebody who likes one Monet need not like all. So every
figure is reported with those of chance and of the labels alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray, StringArray
from grisaille.measures.usefulness import bootstrap_interval
from grisaille.points import Points

LENGTH = 20
"""Length of a list, for R@20 and nDCG@20."""
ARTIST, MOVEMENT, NEW_ARTISTS = "artist", "movement", "new_artists"
"""What the liked works of a profile share, and whether their artists may be recommended."""
SCORES = ("recall", "ndcg", "precision", "different_artists", "similarity")
LIKED = 20
"""Maximum number of liked works of a profile."""
_PROFILES = 200
# Memory for the distances of all profiles to all paintings in one space; three spaces are processed together.
_BYTES = 100_000_000


@dataclass(frozen=True)
class Profile:
    """A simulated user, of whom only some liked works are known.

    Attributes:
        kind: `ARTIST`, `MOVEMENT` or `NEW_ARTISTS`.
        label: The artist or movement that the liked works share.
        liked: Their rows, ascending, at least one.
    """

    kind: str
    label: str
    liked: IntArray


@dataclass(frozen=True)
class Profiles:
    """Liked, allowed and relevant works of p profiles.

    Attributes:
        liked: Rows, one array a profile.
        allowed: Works that may be recommended, shape (p, n): no near-duplicates, no works by unknown artists, no liked
            works, and for `NEW_ARTISTS` no works by an artist of a liked work.
        relevant: Allowed works with the label, shape (p, n).
        nearest: Number of liked works that a painting is compared with, the most similar ones.
    """

    liked: Sequence[IntArray]
    allowed: BoolArray
    relevant: BoolArray
    nearest: int

    @classmethod
    def of(
        cls,
        drawn: Sequence[Profile],
        members: Mapping[str, Mapping[str, IntArray]],
        artists: StringArray,
        kept: BoolArray,
        nearest: int,
    ) -> Profiles:
        """Determine the allowed and relevant works.

        Args:
            drawn: The profiles.
            members: Kind -> label -> its rows (`label_members`).
            artists: Artist of each painting, shape (n,).
            kept: Paintings that take part, shape (n,).
            nearest: See the attribute.
        """
        allowed = np.tile(kept, (len(drawn), 1))
        relevant = np.zeros_like(allowed)
        for row, profile in enumerate(drawn):
            allowed[row, profile.liked] = False
            if profile.kind == NEW_ARTISTS:
                allowed[row] &= ~np.isin(artists, artists[profile.liked])
            own = members[profile.kind][profile.label]
            relevant[row, own] = allowed[row, own]
        return cls([profile.liked for profile in drawn], allowed, relevant, nearest)

    def __len__(self) -> int:
        """Number of profiles."""
        return len(self.liked)

    def __getitem__(self, rows: IntArray) -> Profiles:
        """A subset of the profiles."""
        return Profiles([self.liked[row] for row in rows], self.allowed[rows], self.relevant[rows], self.nearest)


def label_members(labels: Sequence[Sequence[str]], kept: BoolArray) -> dict[str, IntArray]:
    """Label -> rows of the paintings with this label that take part, ascending.

    Args:
        labels: Labels of each painting, any number.
        kept: Paintings that take part, shape (n,).
    """
    members: dict[str, list[int]] = {}
    for row in np.flatnonzero(kept).tolist():
        for label in dict.fromkeys(labels[row]):
            members.setdefault(label, []).append(row)
    return {label: np.array(rows, np.int64) for label, rows in sorted(members.items())}


def profiles_of_a_kind(n: int) -> int:
    """Number of profiles of each kind among n paintings: 200, or as many as fit into memory."""
    return max(1, min(_PROFILES, _BYTES // (3 * 3 * np.dtype(np.float32).itemsize * max(n, 1))))


def draw_profiles(
    kind: str,
    members: Mapping[str, IntArray],
    artists: StringArray,
    walked: BoolArray,
    count: int,
    random: np.random.Generator,
    liked: int = LIKED,
) -> list[Profile]:
    """Draw profiles that like works of one label.

    Labels take turns, so each counts alike, whatever its number of works. Some works of a label are liked, and at least
    one is not. Movements with one artist are left out, since they equal that artist. For `NEW_ARTISTS` all liked works
    are by a random half of the label's artists.

    Args:
        kind: `ARTIST`, `MOVEMENT` or `NEW_ARTISTS`.
        members: Label -> its rows (`label_members`).
        artists: Artist of each painting, shape (n,).
        walked: Paintings with known distances to all others; only these can be liked, shape (n,).
        count: Number of profiles.
        random: Generator.
        liked: Number of liked works of a profile; fewer if its label has fewer.

    Returns:
        `count` profiles, or none if no label has enough works or artists.
    """
    labels = []
    for label, own in members.items():
        several = len(own) > 1 and (kind == ARTIST or len(np.unique(artists[own])) > 1)
        if several and walked[own].any():
            labels.append(label)
    if not labels:
        return []
    turns = np.resize(random.permutation(labels), count)
    return [Profile(kind, str(label), _liked(kind, members[label], artists, walked, random, liked)) for label in turns]


def _liked(
    kind: str, own: IntArray, artists: StringArray, walked: BoolArray, random: np.random.Generator, liked: int
) -> IntArray:
    likable = own[walked[own]]
    if kind == NEW_ARTISTS:
        half = max(1, len(np.unique(artists[own])) // 2)
        likable = likable[np.isin(artists[likable], random.permutation(np.unique(artists[likable]))[:half])]
    most = min(liked, len(own) - 1)
    return np.sort(random.permutation(likable)[:most])


class NearestLiked:
    """Distances of every painting to the nearest liked works, collected block by block.

    The mean of the smallest squared distances orders paintings like the mean of the largest similarities of
    `lookalikes.recommendation`. Memory: p * n * nearest * 4 bytes.

    Source: VisRank, Messina et al. 2019, "Content-based artwork recommendation: integrating painting metadata with
    neural and manually-engineered visual features", section 5.1.
    """

    def __init__(self, profiles: Profiles) -> None:
        """Start without distances."""
        self._profiles = profiles
        n, counts = profiles.allowed.shape[1], [min(profiles.nearest, len(liked)) for liked in profiles.liked]
        self._nearest = [np.full((count, n), np.inf, np.float32) for count in counts]
        self._liked_by: dict[int, list[int]] = {}
        for profile, liked in enumerate(profiles.liked):
            for row in liked:
                self._liked_by.setdefault(int(row), []).append(profile)

    def update(self, rows: IntArray, distances: FloatArray) -> None:
        """Add the distances of some paintings, shape (b,), to all, shape (b, n)."""
        for place, row in enumerate(rows):
            liked_by = self._liked_by.get(int(row), ())
            if not liked_by:
                continue
            squares = np.square(distances[place]).astype(np.float32)
            for profile in liked_by:
                left = squares
                for smallest in self._nearest[profile]:
                    left, smallest[:] = np.maximum(smallest, left), np.minimum(smallest, left)

    def lists(self) -> IntArray:
        """Recommendations for every profile (`first_of`), once all liked works are added; shape (p, 20)."""
        lists = [
            first_of(nearest.mean(axis=0), allowed)
            for nearest, allowed in zip(self._nearest, self._profiles.allowed, strict=True)
        ]
        return np.array(lists, np.int64).reshape(-1, LENGTH)


def first_of(far: FloatArray, allowed: BoolArray) -> IntArray:
    """The first `LENGTH` allowed paintings.

    Args:
        far: Sort key, smallest first, shape (n,).
        allowed: Which paintings may be recommended, shape (n,).

    Returns:
        Rows; equal ones keep their order, and -1 fills the end if fewer are allowed. Shape (20,).
    """
    rows = np.flatnonzero(allowed)
    if len(rows) > LENGTH:
        rows = rows[far[rows] <= np.partition(far[rows], LENGTH - 1)[LENGTH - 1]]
    return filled(rows[np.argsort(far[rows], kind="stable")[:LENGTH]])


def filled(rows: IntArray) -> IntArray:
    """A list padded with -1, shape (20,)."""
    return np.concatenate([rows, np.full(LENGTH - len(rows), -1, np.int64)])


def by_chance(profiles: Profiles, random: np.random.Generator, knows_labels: bool = False) -> IntArray:
    """Lists in random order, shape (p, 20); with known labels, works with the label come first."""
    lists = []
    for allowed, relevant in zip(profiles.allowed, profiles.relevant, strict=True):
        order = random.random(len(allowed))
        lists.append(first_of(order + (~relevant if knows_labels else 0), allowed))
    return np.array(lists, np.int64).reshape(-1, LENGTH)


def measure_lists(
    lists: IntArray, profiles: Profiles, artists: StringArray, reference: Points, seed: int
) -> dict[str, float]:
    """Measure the recommendations for p profiles.

    Leave-one-out: every allowed painting with a profile's label is left out in turn, while the others stay candidates.
    The liked works do not change, so one list serves for all, and a profile's figures are means over its targets.
    Drawing one target a profile would have the same expectation, but an interval several times as wide.

    Args:
        lists: Rows, padded with -1, shape (p, 20).
        profiles: The profiles of the lists.
        artists: Artist of each painting, shape (n,).
        reference: One space for all lists, which makes their similarities comparable.
        seed: Seed of the bootstrap.

    Returns:
        Means over profiles, each with `_low` and `_high`, the ends of a 95% interval: `recall` (R@20, the share of
        targets in the list), `ndcg` (1 / log2(1 + rank) for a target in the list, otherwise 0), `precision` (the share
        of the list with the label), `different_artists` (the share of pairs in a list that are by two artists),
        `similarity` (mean 1 - d^2 / D^2 of pairs in a list, where D^2 is the mean over all pairs of paintings: 0 for a
        list of random paintings, 1 for copies of one). And `coverage`, the share of all allowed paintings that are
        recommended to at least one profile. NaN without profiles.

    Sources: nDCG, Järvelin & Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", with one relevant
    item; intra-list similarity, Ziegler et al. 2005, "Improving recommendation lists through topic diversification";
    leave-one-out and coverage, Ricci, Rokach & Shapira, Recommender Systems Handbook, chapter 8; percentile bootstrap
    over profiles, Efron & Tibshirani 1993, section 13.3.
    """
    valid = lists >= 0
    hits = np.take_along_axis(profiles.relevant, np.maximum(lists, 0), axis=1) & valid
    targets = profiles.relevant.sum(axis=1)
    gains = hits @ (1 / np.log2(np.arange(LENGTH) + 2))
    scores = {
        "recall": hits.sum(axis=1) / targets,
        "ndcg": gains / targets,
        "precision": hits.sum(axis=1) / valid.sum(axis=1),
        "different_artists": np.array([_different(artists[rows[rows >= 0]]) for rows in lists]),
        "similarity": _similarity(lists, reference),
    }
    result: dict[str, float] = {}
    for name, values in scores.items():
        known = values[np.isfinite(values)]
        low, high = bootstrap_interval(known, seed)
        mean = float(known.mean()) if len(known) else float("nan")
        result |= {name: mean, f"{name}_low": low, f"{name}_high": high}
    candidates = int(profiles.allowed.any(axis=0).sum())
    recommended = len(np.unique(lists[valid]))
    return result | {"coverage": recommended / candidates if candidates else float("nan")}


def _different(artists: StringArray) -> float:
    """The share of pairs that are by two artists."""
    count = len(artists)
    if count < 2:
        return float("nan")
    same = np.unique(artists, return_counts=True)[1]
    return float(1 - (same * (same - 1)).sum() / (count * (count - 1)))


def _similarity(lists: IntArray, reference: Points) -> FloatArray:
    """Mean similarity of the pairs of every list, NaN for fewer than two paintings; shape (p,)."""
    overall = reference.mean_square()
    similarities = np.full(len(lists), np.nan)
    for place, padded in enumerate(lists):
        rows = padded[padded >= 0]
        if len(rows) > 1 and overall:
            # The mean over all pairs includes each painting with itself.
            similarities[place] = 1 - reference[rows].mean_square() * len(rows) / (len(rows) - 1) / overall
    return similarities
