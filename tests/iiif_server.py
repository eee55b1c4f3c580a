"""An institution on 127.0.0.1: what it answers is written by the test, and what it was asked is counted."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from helpers import encode, picture

JPEG = encode(picture(), "JPEG")


@dataclass
class Answer:
    """A status, headers and a body.

    Where `slow` is given, all comes once that is set; where `drip` is given, each further byte comes once that is set.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    slow: threading.Event | None = None
    drip: threading.Event | None = None

    def pieces(self) -> Iterator[bytes]:
        if self.drip is None:
            yield self.body
            return
        for number in range(len(self.body)):
            yield self.body[number : number + 1]
            self.drip.wait(10)
            self.drip.clear()


@dataclass
class Institution:
    """Path -> answer, bytes, JSON, or a list of such that are given one after another, the last from then on."""

    root: str = ""
    answers: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    before: Callable[[str], None] = lambda path: None

    def counts(self) -> Counter[str]:
        return Counter(self.asked)

    def answer(self, path: str) -> Answer:
        with self.lock:
            self.asked.append(path)
            found = self.answers.get(path)
            if isinstance(found, list) and found and isinstance(found[0], Answer | bytes):
                found = found.pop(0) if len(found) > 1 else found[0]
        if found is None and (served := re.fullmatch(r"(/image/.+)/full/(.+)/0/(default|native)\.jpg", path)):
            number = int(re.sub(r"\D", "", served[1]) or 0)
            return Answer(encode(picture(number, (64, 48)), "JPEG"))
        if found is None:
            return Answer(status=404)
        if isinstance(found, Answer):
            return found
        return Answer(found if isinstance(found, bytes) else json.dumps(found).replace("ROOT", self.root).encode())


@contextmanager
def serve(institution: Institution) -> Iterator[Institution]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            with institution.lock:
                institution.agents.add(self.headers["User-Agent"])
                institution.at_once += 1
                institution.most_at_once = max(institution.most_at_once, institution.at_once)
            try:
                institution.before(self.path)
                answer = institution.answer(self.path)
                if answer.slow is not None:
                    answer.slow.wait(10)
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value.replace("ROOT", institution.root))
                self.end_headers()
                for piece in answer.pieces():
                    self.wfile.write(piece)
            except OSError:
                self.close_connection = True  # who asked did not wait
            finally:
                with institution.lock:
                    institution.at_once -= 1

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # whoever hung up between two requests
    server.daemon_threads = True
    institution.root = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield institution
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def image_2(name: str, level: object = "http://iiif.io/api/image/2/level2.json", **more) -> dict:
    """An image service as manifests of Presentation 2 describe it."""
    return {
        "@context": "http://iiif.io/api/image/2/context.json",
        "@id": f"ROOT/image/{name}",
        "profile": level,
        **more,
    }


def canvas_2(name: str, service: object, size=(3000, 4000), **more) -> dict:
    resource = {"@id": f"ROOT/given/{name}.jpg", "@type": "dctypes:Image", "width": size[0], "height": size[1]}
    resource |= {} if service is None else {"service": service}
    painted = {"@type": "oa:Annotation", "motivation": "sc:painting", "resource": resource}
    return {
        "@id": f"ROOT/canvas/{name}",
        "@type": "sc:Canvas",
        "width": size[0],
        "height": size[1],
        "images": [painted],
        **more,
    }


def manifest_2(name: str, canvases: list, pairs=(), **more) -> dict:
    return {
        "@context": "http://iiif.io/api/presentation/2/context.json",
        "@id": f"ROOT/{name}",
        "@type": "sc:Manifest",
        "label": name,
        "metadata": [{"label": label, "value": value} for label, value in pairs],
        "sequences": [{"@type": "sc:Sequence", "canvases": canvases}],
        **more,
    }


def canvas_3(name: str, service: object, size=(4000, 3000), **more) -> dict:
    body = {
        "id": f"ROOT/given/{name}.jpg",
        "type": "Image",
        "format": "image/jpeg",
        "width": size[0],
        "height": size[1],
    }
    body |= {} if service is None else {"service": service}
    painted = {"type": "Annotation", "motivation": "painting", "body": body, "target": f"ROOT/canvas/{name}"}
    pages = [{"type": "AnnotationPage", "items": [painted]}]
    return {"id": f"ROOT/canvas/{name}", "type": "Canvas", "width": size[0], "height": size[1], "items": pages, **more}


def manifest_3(name: str, canvases: list, pairs=(), **more) -> dict:
    return {
        "@context": "http://iiif.io/api/presentation/3/context.json",
        "id": f"ROOT/{name}",
        "type": "Manifest",
        "label": {"none": [name]},
        "metadata": [{"label": label, "value": value} for label, value in pairs],
        "items": canvases,
        **more,
    }


def collection(name: str, *manifests: str, **more) -> dict:
    """Of Presentation 3."""
    listed = [{"id": f"ROOT/{manifest}", "type": "Manifest", "label": {"en": [manifest]}} for manifest in manifests]
    return {"id": f"ROOT/{name}", "type": "Collection", "label": {"en": [name]}, "items": listed, **more}
