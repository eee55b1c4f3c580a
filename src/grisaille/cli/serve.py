"""`grisaille serve`: the studio on what a run has left."""

from __future__ import annotations

import ipaddress
import secrets
import socket

import click

from grisaille.cli import options


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address that is listened on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes any that is free."
)
@click.option(
    "--token", help="What a browser has to know; made up unless given, where other machines can reach the page."
)
@options.answered_from
def serve(
    host: str, port: int, token: str | None, run: str | None, pictures: str | None, storage: str | None, env: str | None
) -> None:
    """Open the studio: drop a picture, like, compare, understand, in a browser."""
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
        # Whoever reads the address may call at once, and waits until there is an answer.
        listening.listen(128)
    except OSError as error:
        raise click.ClickException(
            f"{host}:{port} cannot be listened on ({error.strerror}): try another --port"
        ) from error
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}/" + (f"?token={token}" if token else "")
    collection = source.collection
    click.echo(f"{len(collection.paintings):,} paintings of the run {collection.run} at {address}  (Ctrl+C ends it)")
    uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)).run([listening])
