"""How many liked works a painting is best held against, and how much a dislike should count.

    python -m benchmarks.tastes --storage FOLDER

Recommends by the mixture of a run's results to the profiles of its evaluation, drawn anew with three seeds, and prints
the share of a list that has the label which stands in for a taste. Somebody with two tastes likes half of the works of
one profile and half of those of another.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

import grisaille
from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.lookalikes.recommendation import DISLIKE, NEAREST_LIKED, Recommender
from grisaille.measures import recommendations as measure
from grisaille.parameters import Evaluation
from grisaille.pipelines.evaluation import recommending
from grisaille.points import Points

SEEDS = (1, 2, 3)
LIKED = (5, 20)
NEAREST = (1, 3, 5, 10, max(LIKED))
DISLIKES = (0, 0.1, 0.25, 0.5, 1)
# Wrong works of the first list that are disliked.
_WRONG = 5
_ONE_TASTE = {measure.ARTIST: "artist", measure.MOVEMENT: "movement", measure.NEW_ARTISTS: "new artists"}
# Two profiles of new artists would each allow the other's artists.
_TWO_TASTES = {measure.ARTIST: "two artists", measure.MOVEMENT: "two movements"}


@dataclass(frozen=True)
class Person:
    """Somebody with one taste or with two.

    Attributes:
        labels: What stands in for the tastes.
        liked: Rows.
        allowed: What may be recommended, shape (n,).
        suits: Which of it suits each taste, shape (tastes, n).
    """

    labels: tuple[str, ...]
    liked: IntArray
    allowed: BoolArray
    suits: BoolArray

    def without(self, rows: IntArray) -> "Person":
        """The same person, once some works are put aside."""
        allowed = self.allowed.copy()
        allowed[rows] = False
        return replace(self, allowed=allowed, suits=self.suits & allowed)

    def list_of(self, relevance: FloatArray) -> IntArray:
        """Rows of the 20 most relevant works that may be recommended, or of all where there are fewer."""
        rows = measure.first_of(-relevance, self.allowed)
        return rows[rows >= 0]

    def share(self, rows: IntArray) -> float:
        """The share of a list that suits any taste."""
        return float(self.suits[:, rows].any(axis=0).mean())

    def weaker(self, rows: IntArray) -> float:
        """The share of a list that suits the taste which gets less."""
        return float(self.suits[:, rows].mean(axis=1).min())


def draw(paintings: pd.DataFrame, liked: int, seed: int) -> dict[str, list[Person]]:
    """Draw people who like so many works, by the name of their row in the tables."""
    profiles = recommending.draw(paintings, Evaluation(seed=seed), liked)
    read, kinds, labels = recommending.read(profiles, paintings), profiles["kind"], profiles["label"].to_list()
    people: dict[str, list[Person]] = {}
    for kind, name in _ONE_TASTE.items():
        people[name] = [
            Person((labels[row],), read.liked[row], read.allowed[row], read.relevant[row][None])
            for row in np.flatnonzero(kinds == kind).tolist()
        ]
    random = np.random.default_rng(seed)
    for kind, name in _TWO_TASTES.items():
        people[name] = pairs(people[_ONE_TASTE[kind]], liked, random)
    return people


def pairs(people: Sequence[Person], liked: int, random: np.random.Generator) -> list[Person]:
    """Each with the taste of somebody else besides; nobody where all have the same.

    Args:
        people: With one taste each, to whom nothing but what they like is forbidden.
        liked: Works that a pair likes, half of them from each.
        random: Draws the second taste, and the halves.
    """
    found = []
    for first in people:
        others = [person for person in people if person.labels != first.labels]
        if others:
            found.append(_pair((first, others[random.choice(len(others))]), liked, random))
    return found


def _pair(both: tuple[Person, Person], liked: int, random: np.random.Generator) -> Person:
    halves = [random.permutation(person.liked)[:count] for person, count in zip(both, _halves(liked), strict=True)]
    suits = np.concatenate([person.suits for person in both])
    for own, person in zip(suits, both, strict=True):
        own[person.liked] = True
    rows, allowed = np.unique(np.concatenate(halves)), both[0].allowed | both[1].allowed
    return Person(both[0].labels + both[1].labels, rows, allowed, suits).without(rows)


def _halves(count: int) -> tuple[int, int]:
    return count - count // 2, count // 2


def by_nearest(recommender: Recommender, person: Person) -> FloatArray:
    """Shares of lists that suit any taste, and the weaker one, for every number in `NEAREST`; shape (2, 5)."""
    liked = recommender.points[person.liked]
    lists = [person.list_of(recommender.relevance(liked, nearest=nearest)) for nearest in NEAREST]
    return np.array([[person.share(rows) for rows in lists], [person.weaker(rows) for rows in lists]])


def by_dislike(recommender: Recommender, person: Person) -> FloatArray | None:
    """Shares of second lists that suit, for every weight in `DISLIKES`, shape (5,).

    None if nothing in the first list is wrong, or nothing that suits is left.
    """
    liked = recommender.points[person.liked]
    first = person.list_of(recommender.relevance(liked))
    wrong = first[~person.suits[:, first].any(axis=0)][:_WRONG]
    later = person.without(first)
    if not len(wrong) or not later.suits.any():
        return None
    disliked = recommender.points[wrong]
    lists = [later.list_of(recommender.relevance(liked, disliked, dislike=dislike)) for dislike in DISLIKES]
    return np.array([later.share(rows) for rows in lists])


def nearest_rows(recommender: Recommender, people: dict[int, dict[str, list[Person]]]) -> Iterator[str]:
    """The table of `by_nearest`, line by line."""
    heads = [f"**{nearest}**" if nearest == NEAREST_LIKED else str(nearest) for nearest in NEAREST]
    yield from _head([f"nearest {heads[0]}", *heads[1:-1], "all"])
    for name in people[LIKED[0]]:
        found = {liked: [by_nearest(recommender, person) for person in people[liked][name]] for liked in LIKED}
        # A small collection may have too few labels for a kind of profile.
        if not all(found.values()):
            continue
        means = {liked: np.mean(shares, axis=0) for liked, shares in found.items()}
        yield from _rows(name, {liked: any_taste for liked, (any_taste, _) in means.items()})
        if name in _TWO_TASTES.values():
            yield from _rows("the weaker", {liked: weaker for liked, (_, weaker) in means.items()})


def dislike_rows(recommender: Recommender, people: dict[int, dict[str, list[Person]]]) -> Iterator[str]:
    """The table of `by_dislike`, line by line, and how many people its figures are means of."""
    heads = [f"**{dislike}**" if dislike == DISLIKE else str(dislike) for dislike in DISLIKES]
    yield from _head(["no dislikes", *heads[1:]])
    counts = []
    for name in _ONE_TASTE.values():
        found = {liked: [by_dislike(recommender, person) for person in people[liked][name]] for liked in LIKED}
        known = {liked: [share for share in shares if share is not None] for liked, shares in found.items()}
        if all(known.values()):
            yield from _rows(name, {liked: np.mean(shares, axis=0) for liked, shares in known.items()})
            counts += [len(shares) for shares in known.values()]
    if counts:
        yield f"\n{min(counts)} to {max(counts)} profiles a figure"


def _head(names: Sequence[str]) -> Iterator[str]:
    yield f"| profiles | liked | {' | '.join(names)} |"
    yield "|---" * (2 + len(names)) + "|"


def _rows(name: str, shares: dict[int, FloatArray]) -> Iterator[str]:
    for place, (liked, values) in enumerate(shares.items()):
        yield f"| {'' if place else name + ' '}| {liked} | {' | '.join(f'{value:.3f}' for value in values)} |"


def main() -> None:
    """Print two Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--storage", required=True, help="the folder that a run's results are stored in")
    collection = grisaille.open(parser.parse_args().storage)
    recommender = Recommender(Points.of("mixture", collection.embeddings("mixture")))
    people: dict[int, dict[str, list[Person]]] = {}
    for liked in LIKED:
        drawn = [draw(collection.paintings, liked, seed) for seed in SEEDS]
        people[liked] = {name: [person for each in drawn for person in each[name]] for name in drawn[0]}
    for rows in (nearest_rows, dislike_rows):
        for line in rows(recommender, people):
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
