"""The studio with VGG16: how soon its first page is there, how long answers take, and what many clients do to it.

Run on what a run has left (`python -m benchmarks studio` makes one of VGG16 with random weights first, which takes the
time of an extraction), or alone on a storage: `python -m benchmarks.studio --storage folder`. Recommendations are also
measured in collections of synthetic embeddings.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import requests

import grisaille
from benchmarks.tools import PROJECT, Given, Skipped
from grisaille.features.backbone import built_once
from grisaille.lookalikes.recommendation import DIVERSITY, Recommender
from grisaille.points import Points

_CLIENTS, _REQUESTS = 8, 1000
_SYNTHETIC = (8355, 100_000)
_TIMES = 40


def measure(given: Given) -> dict[str, Any]:
    """All figures, of a store that is made for it.

    Raises:
        Skipped: If there are no paintings.
    """
    if given.paintings is None:
        raise Skipped("no paintings were given (PAINTINGS=...)")
    with tempfile.TemporaryDirectory() as folder:
        parameters = f"paintings_folder={given.paintings},storage={folder},backbone.weights=random"
        command = ["kedro", "run", "--pipelines", "ingestion,feature_extraction,autoencoding", "--params", parameters]
        subprocess.run([sys.executable, "-m", *command], cwd=PROJECT, check=True, capture_output=True)
        return of_storage(Path(folder))


def of_storage(storage: Path) -> dict[str, Any]:
    """All figures of what a run has left: seconds, megabytes and counts."""
    collection = grisaille.open(storage)
    process, address, line = _start(storage)
    try:
        first = _first_page(process, address, line)
        _until_ready(address)
        pictures = [
            _content(collection, row) for row in np.linspace(0, len(collection.paintings) - 1, _TIMES, dtype=int)
        ]
        sent = _median([lambda data=data: _sent(address, data) for data in pictures])
        many = _many(process, address, collection, pictures)
    finally:
        process.kill()
        process.wait()
    return {
        "n": len(collection.paintings),
        "targets": {"first_page": 3.0, "sent": 1.0, "recommend_8355": 0.05, "recommend_100000": 0.2, "memory": 0.1},
        "first_page": first,
        "sent": sent,
        "network": _network(collection, pictures[0]),
        **{f"recommend_{n}": _recommended(n) for n in _SYNTHETIC},
        **many,
    }


def _start(storage: Path) -> tuple[psutil.Popen, str, float]:
    """The command, its address, and when it was given."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "grisaille", "serve", "--storage", str(storage), "--port", "0"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    process = psutil.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    line = process.stdout.readline()
    return process, line.split(" at ")[1].split()[0].rstrip("/"), begun


def _first_page(process: psutil.Popen, address: str, begun: float) -> float:
    """Seconds from the command to a page with its first paintings."""
    page = requests.get(address + "/", timeout=60).text
    for name in [part.split('"')[0] for part in page.split('src="/')[1:]]:
        requests.get(f"{address}/{name}", timeout=60)
    requests.get(f"{address}/collection", timeout=60)
    shown = requests.get(f"{address}/paintings", {"limit": 12}, timeout=60).json()["paintings"]
    for row in shown:
        requests.get(f"{address}/thumbnails/{row['painting_id']}", {"side": 256, "v": row["version"]}, timeout=60)
    return time.perf_counter() - begun


def _until_ready(address: str) -> None:
    while (state := requests.get(f"{address}/collection", timeout=60).json())["models"] == "loading":
        time.sleep(0.2)
    if state["models"] != "ready":
        raise RuntimeError(state["reason"])


def _content(collection: Any, row: int) -> bytes:
    """A picture that the studio has not seen: the file, and a byte behind its end."""
    return collection._query(collection.paintings["painting_id"].iloc[row]).data + bytes([row % 256, row // 256])


def _sent(address: str, data: bytes) -> None:
    answer = requests.post(f"{address}/similar", data, params={"n": 20}, timeout=60)
    answer.raise_for_status()


def _network(collection: Any, data: bytes) -> float:
    """Seconds of the network's own pass of one picture."""
    network = built_once(collection._stored.parameters.backbone)
    image = np.zeros((1, *network.input_shape[1:]), np.float32)
    network.predict_on_batch(image)
    return _median([lambda: network.predict_on_batch(image)] * _TIMES)


def _recommended(n: int) -> float:
    """Seconds of a recommendation from 20 liked works, among synthetic embeddings of 320 values."""
    random = np.random.default_rng(0)
    recommender = Recommender(Points.plain(random.standard_normal((n, 320), dtype=np.float32)))
    allowed = np.ones(n, bool)

    def ask() -> None:
        liked = recommender.points[random.integers(0, n, 20)]
        recommender.choose(recommender.relevance(liked), allowed, 20, DIVERSITY)

    ask()
    return _median([ask] * _TIMES)


def _many(process: psutil.Popen, address: str, collection: Any, pictures: list[bytes]) -> dict[str, Any]:
    """Clients at once: requests that were lost, or answered wrongly, and how much more memory the server takes."""
    names = collection.paintings["painting_id"].iloc[:: max(1, len(collection.paintings) // 50)].tolist()
    expected = {name: collection.similar(name, n=10)["painting_id"].tolist() for name in names}
    of_pictures = [collection.similar(data, n=10)["painting_id"].tolist() for data in pictures]

    def ask(number: int) -> str:
        try:
            if number % 20 == 0:
                which = number // 20 % len(pictures)
                answer = requests.post(f"{address}/similar", pictures[which], params={"n": 10}, timeout=120)
                right = of_pictures[which]
            elif number % 20 == 1:
                liked = [names[(number + step) % len(names)] for step in range(5)]
                answer = requests.post(f"{address}/recommend", json={"liked": liked, "n": 10}, timeout=120)
                right = collection.recommend(liked, n=10)["painting_id"].tolist()
            else:
                name = names[number % len(names)]
                answer = requests.get(f"{address}/similar", {"picture": name, "n": 10}, timeout=120)
                right = expected[name]
        except requests.RequestException:
            return "lost"
        found = [row["painting_id"] for row in answer.json().get("paintings", [])]
        return "right" if answer.status_code == 200 and found == right else "wrong"

    with ThreadPoolExecutor(_CLIENTS) as pool:
        # What is made when it is first asked for is no growth.
        list(pool.map(ask, range(200)))
        before = process.memory_info().rss
        begun = time.perf_counter()
        found = list(pool.map(ask, range(_REQUESTS)))
    taken = time.perf_counter() - begun
    growth = process.memory_info().rss / before - 1
    return {"lost": found.count("lost"), "wrong": found.count("wrong"), "seconds": taken, "memory": growth}


def _median(calls: list[Callable[[], object]]) -> float:
    times = []
    for call in calls:
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--storage", type=Path, required=True)
    print(json.dumps(of_storage(parser.parse_args().storage), indent=1))
