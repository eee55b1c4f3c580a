"""`grisaille serve`: the studio on the results of a run."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
from pathlib import Path

import click

from grisaille.cli import options
from grisaille.errors import counted
from grisaille.terminal import diverted


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes any free one."
)
@click.option(
    "--token", help="Secret in the page's URL. Default: a random one if other machines can reach the page, else none."
)
@options.answered_from
def serve(
    host: str, port: int, token: str | None, run: str | None, pictures: str | None, storage: str | None, env: str | None
) -> None:
    """Open the studio, a web page to find, like, compare and explain look-alikes."""
    import uvicorn

    from grisaille.studio.app import LOCAL, create_app
    from grisaille.studio.source import Source

    local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    if not local:
        token = token or secrets.token_urlsafe(16)
    source = Source(lambda: options.opened(env, storage, run, pictures), follow=run is None)
    app = create_app(source, token, LOCAL if local else ("*",))
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        # A client that connects as soon as the address is printed waits for its answer instead of being refused.
        listening.listen(128)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port} ({error.strerror}): try another --port") from error
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}/" + (f"?token={token}" if token else "")
    collection = source.collection
    paintings = counted(len(collection.paintings), "painting")
    click.echo(f"{paintings} of the run {collection.run} at {address}  (Ctrl+C ends it)")
    # TensorFlow starts behind the page.
    with Path(os.devnull).open("wb") as nowhere, diverted(nowhere.fileno()):
        uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)).run([listening])
