"""A real S3-compatible server on this machine (moto's), which may be slow and writes down what it was asked for."""

import argparse
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

BUCKET = "paintings"


@dataclass(frozen=True)
class ObjectStorage:
    """A server that runs.

    Attributes:
        port: Where, on 127.0.0.1.
        log: A line a request.
    """

    port: int
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach it as if it were Amazon's."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def options(self) -> dict[str, str]:
        """The same, of a filesystem of fsspec's."""
        names = {"key": "AWS_ACCESS_KEY_ID", "secret": "AWS_SECRET_ACCESS_KEY", "endpoint_url": "AWS_ENDPOINT_URL"}
        return {name: self.environment[variable] for name, variable in names.items()}

    def filesystem(self) -> Any:
        """It, as another machine sees it."""
        import s3fs

        return s3fs.S3FileSystem(**self.options, use_listings_cache=False, skip_instance_cache=True)

    def requests(self) -> list[tuple[str, str]]:
        """Method and key of every request so far; a copy within the storage is COPY."""
        return [(method, key) for method, _, key in (line.partition(" ") for line in self.log.read_text().splitlines())]

    def named(self, pattern: str) -> Counter[str]:
        """How often each file of a pattern got its name."""
        keys = (key for method, key in self.requests() if method in {"PUT", "COPY"})
        return Counter(key for key in keys if fnmatch(key, f"*{pattern}"))


@contextmanager
def serving(log: Path, delay: float = 0.0) -> Iterator[ObjectStorage]:
    """Start a server in a process of its own, with one bucket.

    Args:
        log: Where it writes down what it was asked for.
        delay: Seconds that every answer takes longer.
    """
    log.touch()
    command = [sys.executable, "-m", "benchmarks.object_storage", "--log", str(log), "--delay", str(delay)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=Path(__file__).parents[1]
    ) as process:
        try:
            assert process.stdout is not None
            storage = ObjectStorage(int(process.stdout.readline()), log)
            storage.filesystem().mkdir(BUCKET)
            yield storage
        finally:
            process.kill()


def _noting(application: Callable[..., Any], log: Path, delay: float) -> Callable[..., Any]:
    """A WSGI application that waits first and writes down what was asked for."""
    writing = threading.Lock()

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        time.sleep(delay)
        method = "COPY" if "HTTP_X_AMZ_COPY_SOURCE" in environ else environ["REQUEST_METHOD"]
        with writing, log.open("a") as file:
            file.write(f"{method} {environ['PATH_INFO'].lstrip('/')}\n")
        return application(environ, start_response)

    return answer


def main() -> None:
    """Serve until killed; the first line says at which port."""
    from moto.server import create_backend_app
    from werkzeug.serving import make_server

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=0.0)
    given = parser.parse_args()
    application = _noting(create_backend_app("s3"), given.log, given.delay)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
