"""Results of a run that never was, to make pages and figures of."""

import hashlib

import numpy as np
import pandas as pd
from PIL import Image

from grisaille.measures.code_rows import EVEN, SPENT
from grisaille.parameters import Evaluation
from grisaille.pipelines.evaluation import nodes, spaces
from grisaille.report.results import Results
from helpers import encode, picture

SPACES = [
    *[(space, metric) for metric in ("euclidean", "hellinger") for space in ("raw", "pca")],
    *[("embedding", "composition"), ("raw", "style"), ("embedding", "style")],
]


def results(artists=("Ada", "Bert", "<img src=x onerror=alert(1)>"), each=4, seed=0, margin=0.0, name="{}<b>"):
    """Every table with figures made up, of `each` paintings an artist called `name` and their number."""
    random = np.random.default_rng(seed)
    names = np.repeat(artists, each)
    n = len(names)
    paintings = pd.DataFrame(
        {
            "painting_id": [name.format(f"p{row}") for row in range(n)],
            "artist": names,
            "path": [f"p{row}.png" for row in range(n)],
            "sha256": [hashlib.sha256(encode(picture(row))).hexdigest() for row in range(n)],
            "duplicate_of": [None] * n,
            "split": "train",
        }
    )
    sums = {spaces.column(name): random.random((n, len(artists))) for name in SPACES}
    pairs = nodes.score_pairs(sums, paintings, Evaluation())
    comparisons = {
        "pair": {"left": [artists[0]], "right": [artists[-1] if len(artists) > 1 else "Nobody"], "title": "A <pair>"}
    }
    neighbours = [
        {"space": space, "likeness": likeness, "painting_id": p, "rank": 1, "neighbour_id": q, "distance": 1.0}
        for space, likeness in SPACES
        for p, q in zip(paintings["painting_id"], np.roll(paintings["painting_id"], 1), strict=True)
    ]
    measures = ["recall", "trustworthiness", "continuity", "area_under_rnx", "spearman"]
    rows = [(space, metric) for space in ("pca", "embedding") for metric in ("euclidean", "hellinger")]
    rows.append(("embedding", "style"))
    figures = dict.fromkeys(measures, 0.5) | dict.fromkeys([f"{measure}_margin" for measure in measures], margin)
    preservation = pd.DataFrame(
        [
            {"space": s, "likeness": k, "paintings": "all", "queries": n, "recall_of_one_answer": 0.1} | figures
            for s, k in rows
        ]
    )
    figures = {"one_nn": 0.5, "precision": 0.25, "mean_average_precision": np.nan, "hubness": 1.0, "values": np.nan}
    figures |= {"precision_low": 0.2, "precision_high": 0.3, "hub": name.format("p0"), "hub_count": 3}
    usefulness = pd.DataFrame([{"space": s, "likeness": k, "paintings": "all"} | figures for s, k in SPACES])
    figures = {"diversity": 0.0, "recall": 0.5, "recall_low": 0.4, "recall_high": 0.6, "ndcg": 0.25, "precision": 0.125}
    figures |= {"precision_low": 0.1, "precision_high": 0.15, "different_artists": np.nan, "coverage": 1.0}
    recommendations = pd.DataFrame(
        [
            {"kind": kind, "space": s, "likeness": k} | figures
            for kind in ("artist", "movement")
            for s, k in [*SPACES, ("random", np.nan), ("labels", np.nan)]
        ]
    )
    kept = {"recall": 0.5, "reranked": 0.6, "spearman": 0.7, "values": 0}
    codes = pd.DataFrame(
        [
            {"likeness": "composition", "family": None, "code": "the same ten for everybody", "bytes": 0} | kept,
            {"likeness": "composition", "family": EVEN, "code": "few bits", "bytes": 160} | kept,
            {"likeness": "composition", "family": SPENT, "code": "bits where they matter", "bytes": 160}
            | kept
            | {"recall": 0.625},
        ]
    )
    blank = Image.new("RGB", (2, 2))
    return Results(
        paintings=paintings,
        rejected_paintings=pd.DataFrame({"path": ["<script>.jpg"], "reason": ["empty file"]}),
        pair_silhouettes=pairs,
        preservation=preservation,
        usefulness=usefulness,
        recommendations=recommendations,
        paper_experiments=nodes.repeat_paper_experiments(sums, pairs, paintings, comparisons, Evaluation()),
        pair_agreement=nodes.compare_pairs(pairs),
        neighbours=pd.DataFrame(neighbours),
        kept_by_codes=codes,
        study_codes_if_there=None,
        code_figure=blank,
        rnx_figure=blank,
        silhouette_heat_map=blank,
        scatters=dict.fromkeys(comparisons, blank),
        parameters={
            "autoencoder": {"code_size": 6},
            "chunks": {"a": {"layer": "x", "start": 0, "stop": 600}},
            "comparisons": comparisons,
            "evaluation": {"neighbours": 10},
            "report": {"note": None},
        },
    )


def files(given):
    return {path: lambda number=number: encode(picture(number)) for number, path in enumerate(given.paintings["path"])}
