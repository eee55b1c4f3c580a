"""Recommendations, measured where nobody's taste is known: can works be found again that share a label with liked ones.

A label, an artist or a movement, stands in for a taste and is none: whoever likes one Monet need not like all of them.
So every figure stands beside those of chance and of the labels alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray, StringArray
from grisaille.measures.usefulness import bootstrap_interval
from grisaille.points import Points

LENGTH = 20
"""Paintings in a list: those of R@20 and nDCG@20."""
ARTIST, MOVEMENT, NEW_ARTISTS = "artist", "movement", "new_artists"
"""What the liked works of a profile share, and whether their artists may be recommended."""
SCORES = ("recall", "ndcg", "precision", "different_artists", "similarity")
LIKED = 20
"""Works that a profile likes, where its label has more."""
_PROFILES = 200
# What the distances of all profiles to all paintings may take in one space, of which three are walked together.
_BYTES = 100_000_000


@dataclass(frozen=True)
class Profile:
    """Somebody of whom nothing is known but some works that they like.

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
    """What p profiles like, may be recommended, and are hoped to find.

    Attributes:
        liked: Rows, one array a profile.
        allowed: What may be recommended, shape (p, n): no near-duplicate, nothing by nobody knows whom, nothing that is
            liked, and for `NEW_ARTISTS` nothing by an artist of a liked work.
        relevant: What of it has the label, shape (p, n).
        nearest: How many liked works a painting is held against, those that it is most like.
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
        """Say what may be recommended to whom.

        Args:
            drawn: The profiles.
            members: Kind -> label -> the rows that have it (`label_members`).
            artists: Of each painting, shape (n,).
            kept: Paintings that take part, shape (n,).
            nearest: As the attribute.
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
        """How many."""
        return len(self.liked)

    def __getitem__(self, rows: IntArray) -> Profiles:
        """Some of them."""
        return Profiles([self.liked[row] for row in rows], self.allowed[rows], self.relevant[rows], self.nearest)


def label_members(labels: Sequence[Sequence[str]], kept: BoolArray) -> dict[str, IntArray]:
    """Label -> the rows of the paintings that have it and take part, ascending.

    Args:
        labels: Of each painting, any number of them.
        kept: Paintings that take part, shape (n,).
    """
    members: dict[str, list[int]] = {}
    for row in np.flatnonzero(kept).tolist():
        for label in dict.fromkeys(labels[row]):
            members.setdefault(label, []).append(row)
    return {label: np.array(rows, np.int64) for label, rows in sorted(members.items())}


def profiles_of_a_kind(n: int) -> int:
    """How many profiles are drawn of each kind, among n paintings: 200, or as many as the memory allows."""
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
    """Draw people who like works of one label.

    Labels take turns, so that each counts alike however many works it has. Of a label some works are liked, and at
    least one is not. Movements of one artist are left out: they would be that artist again. For `NEW_ARTISTS` all liked
    works are by a random half of the label's artists.

    Args:
        kind: `ARTIST`, `MOVEMENT` or `NEW_ARTISTS`.
        members: Label -> rows, as `label_members` gives them.
        artists: Of each painting, shape (n,).
        walked: Paintings whose distances to all are known, which alone can be liked, shape (n,).
        count: How many profiles.
        random: Draws.
        liked: How many works a profile likes; fewer where its label has no more.

    Returns:
        `count` profiles, or none where no label has enough works, or artists.
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
    """How far every painting is from the liked works that it is nearest to, filled block by block.

    The mean of the smallest squared distances puts paintings in the order of the mean of the largest similarities of
    `lookalikes.recommendation`. Memory: p * n * nearest * 4 bytes.

    Source: VisRank, Messina et al. 2019, "Content-based artwork recommendation: integrating painting metadata with
    neural and manually-engineered visual features", section 5.1.
    """

    def __init__(self, profiles: Profiles) -> None:
        """Start with nothing known."""
        self._profiles = profiles
        n, counts = profiles.allowed.shape[1], [min(profiles.nearest, len(liked)) for liked in profiles.liked]
        self._nearest = [np.full((count, n), np.inf, np.float32) for count in counts]
        self._liked_by: dict[int, list[int]] = {}
        for profile, liked in enumerate(profiles.liked):
            for row in liked:
                self._liked_by.setdefault(int(row), []).append(profile)

    def update(self, rows: IntArray, distances: FloatArray) -> None:
        """Take in the distances of some paintings, shape (b,), to all, shape (b, n)."""
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
        """What is recommended to every profile (`first_of`), once all liked works are taken in; shape (p, 20)."""
        lists = [
            first_of(nearest.mean(axis=0), allowed)
            for nearest, allowed in zip(self._nearest, self._profiles.allowed, strict=True)
        ]
        return np.array(lists, np.int64).reshape(-1, LENGTH)


def first_of(far: FloatArray, allowed: BoolArray) -> IntArray:
    """The first `LENGTH` paintings that may be recommended.

    Args:
        far: What orders them, the smallest first, shape (n,).
        allowed: Shape (n,).

    Returns:
        Rows, of equal ones the earlier first; -1 where no more are allowed. Shape (20,).
    """
    rows = np.flatnonzero(allowed)
    if len(rows) > LENGTH:
        rows = rows[far[rows] <= np.partition(far[rows], LENGTH - 1)[LENGTH - 1]]
    return filled(rows[np.argsort(far[rows], kind="stable")[:LENGTH]])


def filled(rows: IntArray) -> IntArray:
    """A list, with -1 behind its end, shape (20,)."""
    return np.concatenate([rows, np.full(LENGTH - len(rows), -1, np.int64)])


def by_chance(profiles: Profiles, random: np.random.Generator, knows_labels: bool = False) -> IntArray:
    """Lists in random order, shape (p, 20); with all that has the label first if one knows labels, and nothing else."""
    lists = []
    for allowed, relevant in zip(profiles.allowed, profiles.relevant, strict=True):
        order = random.random(len(allowed))
        lists.append(first_of(order + (~relevant if knows_labels else 0), allowed))
    return np.array(lists, np.int64).reshape(-1, LENGTH)


def measure_lists(
    lists: IntArray, profiles: Profiles, artists: StringArray, reference: Points, seed: int
) -> dict[str, float]:
    """Measure what was recommended to p profiles.

    Leave-one-out: of each profile, every painting with its label that it may be recommended is left out in turn, and
    the others stay among the candidates. What is liked is the same for all of them, so one list answers for all, and a
    profile's figures are the means over its targets. Drawing one target a profile has the same expectation, and an
    interval several times as wide.

    Args:
        lists: Rows, -1 behind the end of a list, shape (p, 20).
        profiles: To whom.
        artists: Of each painting, shape (n,).
        reference: One space for all lists, so that similarities of lists of different spaces can be compared.
        seed: Of the bootstrap.

    Returns:
        Means over profiles, each with `_low` and `_high`, the ends of a 95% interval: `recall` (R@20, the share of
        targets that are in the list), `ndcg` (1 / log2(1 + rank) of a target in the list, 0 of another), `precision`
        (the share of the list that has the label), `different_artists` (the share of pairs in a list that are by two
        artists), `similarity` (mean 1 - d^2 / D^2 of pairs in a list, where D^2 is the mean of all pairs of paintings:
        0 is a list of any paintings, 1 of one painting). And `coverage`, the share of what may be recommended to
        anybody that is recommended to somebody. NaN where there is no profile.

    Sources: nDCG, Järvelin & Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", with one relevant
    item; intra-list similarity, Ziegler et al. 2005, "Improving recommendation lists through topic diversification";
    leave-one-out and coverage, Ricci, Rokach & Shapira, Recommender Systems Handbook, chapter 8; percentile bootstrap
    over profiles, Efron & Tibshirani 1993, section 13.3.
    """
    there = lists >= 0
    hits = np.take_along_axis(profiles.relevant, np.maximum(lists, 0), axis=1) & there
    targets = profiles.relevant.sum(axis=1)
    gains = hits @ (1 / np.log2(np.arange(LENGTH) + 2))
    scores = {
        "recall": hits.sum(axis=1) / targets,
        "ndcg": gains / targets,
        "precision": hits.sum(axis=1) / there.sum(axis=1),
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
    found = len(np.unique(lists[there]))
    return result | {"coverage": found / candidates if candidates else float("nan")}


def _different(artists: StringArray) -> float:
    """The share of pairs that are by two artists."""
    count = len(artists)
    if count < 2:
        return float("nan")
    same = np.unique(artists, return_counts=True)[1]
    return float(1 - (same * (same - 1)).sum() / (count * (count - 1)))


def _similarity(lists: IntArray, reference: Points) -> FloatArray:
    """Mean similarity of the pairs of every list, NaN where there are fewer than two paintings; shape (p,)."""
    overall = reference.mean_square()
    found = np.full(len(lists), np.nan)
    for place, padded in enumerate(lists):
        rows = padded[padded >= 0]
        if len(rows) > 1 and overall:
            # Means of all pairs hold each painting with itself.
            found[place] = 1 - reference[rows].mean_square() * len(rows) / (len(rows) - 1) / overall
    return found
