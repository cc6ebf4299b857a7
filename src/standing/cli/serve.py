"""`serve`: a ledger over HTTP: its log, its pages, its interface."""

from pathlib import Path

import click

from standing.cli.options import (
    end_well_when_told,
    json_option,
    ledger_option,
    open_for,
    show,
    today_option,
)


@click.command()
@ledger_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8420, show_default=True, help="0: a free one."
)
@click.option(
    "--helpers",
    type=click.IntRange(0, 64),
    default=None,
    help="Processes that check signatures (default: the cores but one; 0: none).",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=1),
    default=500.0,
    show_default=True,
    help="Statements and questions a second that one address may send.",
)
@click.option(
    "--publish-every",
    type=click.FloatRange(0.01, 3600),
    default=1.0,
    show_default=True,
    help="Seconds between two published checkpoints, while statements come.",
)
@click.option("--quiet", is_flag=True, help="Write no line a request to standard error.")
@today_option
@json_option
def serve(
    directory: Path,
    host: str,
    port: int,
    helpers: int | None,
    rate: float,
    publish_every: float,
    quiet: bool,
    today: str | None,
    as_json: bool,
) -> None:
    """Serve a ledger: registration, receipts and tiles, and its pages. Ends with SIGTERM or Ctrl-C.

    While it runs it is the ledger's one writer. Pages answer under the host name that the ledger
    was founded with; the log's own paths under any.
    """
    import os

    from standing.serve import Settings
    from standing.serve import serve as serve_log
    from standing.web import Settings as SiteSettings
    from standing.web import make_site

    def ready(listening: int) -> None:
        address = f"http://{host}:{listening}"
        show({"url": address}, f"Serving {directory} at {address}", as_json=as_json)

    site = make_site(SiteSettings(asks=rate, is_logged=not quiet))
    with open_for(directory, today) as ledger:
        settings = Settings(
            helpers=max(1, (os.cpu_count() or 2) - 1) if helpers is None else helpers,
            rate=rate,
            publish_seconds=publish_every,
            proxy=ledger.proxy,
        )
        end_well_when_told()
        serve_log(ledger, host=host, port=port, settings=settings, beside=site, ready=ready)
