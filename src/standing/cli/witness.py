"""`witness`: remember and cosign the checkpoints of other people's logs, over HTTP."""

from pathlib import Path

import click

from standing.cli.options import PATH, end_well_when_told, json_option, load_signing_key, show


@click.command()
@click.option("--dir", "directory", type=PATH, required=True, help="The witness's memory.")
@click.option("--new", is_flag=True, help="Found a witness in DIR; needs a key never used before.")
@click.option(
    "--key",
    "keys",
    type=PATH,
    required=True,
    multiple=True,
    metavar="FILE",
    help="The witness's private key; give an Ed25519 and an ML-DSA-44 key to cosign with both.",
)
@click.option("--name", required=True, help="The witness's name, like witness.example/w1.")
@click.option(
    "--log",
    "logs",
    required=True,
    multiple=True,
    metavar="VKEY",
    help="The verifier key of a log to watch; again for each key and each log.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8421, show_default=True, help="0: a free one."
)
@json_option
def witness(
    directory: Path,
    new: bool,
    keys: tuple[Path, ...],
    name: str,
    logs: tuple[str, ...],
    host: str,
    port: int,
    as_json: bool,
) -> None:
    """Cosign checkpoints that continue what was seen before. Ends with SIGTERM or Ctrl-C.

    Never restore DIR from an older copy: found a new witness with a new key instead.
    """
    from standing.serve import WitnessApp, run
    from standing.wire.notes import parse_vkey
    from standing.witness import Witness

    opened = Witness.open(
        directory,
        name=name,
        keys=[load_signing_key(path) for path in keys],
        logs=[parse_vkey(log) for log in logs],
        new=new,
    )

    def ready(listening: int) -> None:
        address = f"http://{host}:{listening}"
        value = {"url": address, "vkeys": [key.vkey() for key in opened.cosigners]}
        lines = [f"Witness {name} at {address}. Its verifier keys:", *value["vkeys"]]
        show(value, "\n".join(lines), as_json=as_json)

    end_well_when_told()
    with opened:
        run(WitnessApp(opened), host=host, port=port, ready=ready)
