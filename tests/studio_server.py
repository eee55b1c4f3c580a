"""The studio, served in a thread of this process, as tests ask it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

import grisaille
from grisaille.studio.app import LOCAL, create_app
from grisaille.studio.source import Source
from helpers import PATIENCE


@contextmanager
def serving(storage, token=None, hosts=LOCAL, **opened) -> Iterator[tuple[str, Source]]:
    """The address of a studio on a storage, without a slash at its end, and its source."""
    source = Source(lambda: grisaille.open(storage, **opened), follow="run" not in opened)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    server = uvicorn.Server(uvicorn.Config(create_app(source, token, hosts), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", source
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listening.close()
