"""Questions through Kedro's own services: `KedroServiceSession` and `kedro server start` on 127.0.0.1."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pandas as pd
import pytest

from grisaille.demo import painter as gallery
from helpers import PATIENCE

ARTIST = gallery.ARTISTS[0]
ASKED = 20


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    paths = [folder / f"{number}.png" for number in range(ASKED)]
    for number, path in enumerate(paths):
        path.write_bytes(gallery.png(gallery.work(gallery.ARTISTS[number % 5], number, seed=77)))
    return paths


@pytest.fixture(scope="module")
def server(demo_run, tmp_path_factory):
    """The address of a server of the demo."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("server") / "log.txt").open("w")
    command = [sys.executable, "-m", "kedro", "server", "start", "--env", "demo", "--port", str(port)]
    with subprocess.Popen(command, cwd=demo_run.project, stdout=log, stderr=log, env=os.environ) as process:
        address = f"http://127.0.0.1:{port}"
        for _ in range(PATIENCE):
            try:
                urllib.request.urlopen(f"{address}/health", timeout=PATIENCE)
                break
            except OSError:
                assert process.poll() is None, "the server has ended"
                time.sleep(1)
        yield address
        process.terminate()


def ask(address, pipeline, **params):
    request = urllib.request.Request(
        f"{address}/run",
        data=json.dumps({"pipeline_names": [pipeline], "params": params}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def answered(demo_run, answer, name):
    assert answer["status"] == "success", answer
    path = demo_run.data / "08_reporting" / name / answer["run_id"] / name
    return pd.read_csv(path)


class TestServer:
    def test_twenty_pictures_one_after_another_and_none_is_lost(self, demo_run, server, pictures):
        for path in pictures:
            table = answered(demo_run, ask(server, "look_alikes", query=str(path)), "look_alikes.csv")
            assert set(table["query"]) == {path.name}
            assert len(table) == 10

    def test_a_chain(self, demo_run, server):
        names = [f"{ARTIST.name.replace(' ', '_')}_{number}" for number in (1, 3)]
        table = answered(demo_run, ask(server, "chain", chain=";".join(names)), "chain.csv")
        assert [table["painting_id"].iloc[0], table["painting_id"].iloc[-1]] == names

    def test_what_would_give_a_wrong_answer_is_refused_in_one_sentence(self, server, pictures):
        params = {"query": str(pictures[0]), "backbone": {"preprocessing": "none"}}
        answer = ask(server, "look_alikes", **params)
        assert answer["status"] == "failure"
        assert "was made with backbone.preprocessing=caffe, not none" in answer["error"]["message"]
