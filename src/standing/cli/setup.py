"""`init`, `key`, `accredit`, `revoke`: a ledger and the keys that it knows."""

from pathlib import Path
from typing import Any

import click

from standing.cli.options import (
    PATH,
    json_option,
    key_option,
    ledger_option,
    load_key,
    open_for,
    show,
    today_option,
)

KEY_ROLES = (
    "operator", "issuer", "relying-party", "rule-maker", "reviewer", "oversight", "desk",
    "attester", "auditor", "subject", "witness", "mirror",
)  # fmt: skip


@click.command()
@ledger_option
@key_option("The operator's private key.")
@click.option("--origin", required=True, help="The log's name, like city.example/standing.")
@click.option("--employer", default="", help="Whose employees hold the operator's key.")
@click.option("--rp-id", default="localhost", show_default=True, help="Passkeys are bound to it.")
@click.option(
    "--clock", type=click.Choice(["real", "simulated"]), default="real", show_default=True
)
@click.option("--day", metavar="DAY", help="The first day of a simulated clock.")
@json_option
def init(
    directory: Path,
    key: Path,
    origin: str,
    employer: str,
    rp_id: str,
    clock: str,
    day: str | None,
    as_json: bool,
) -> None:
    """Make a new ledger in DIR. Nothing is overwritten."""
    from standing.engine import RealClock, SimulatedClock, today
    from standing.ledger import create
    from standing.wire.days import parse_day

    if day is not None and clock != "simulated":
        raise click.UsageError("--day goes with --clock simulated.")
    if clock == "simulated":
        chosen: RealClock | SimulatedClock = SimulatedClock(
            parse_day(day) if day else today(RealClock())
        )
    else:
        chosen = RealClock()
    with create(
        directory, load_key(key), origin=origin, clock=chosen, employer=employer, rp_id=rp_id
    ) as ledger:
        value = {"dir": str(directory), "origin": origin, "log_size": ledger.log_size}
    show(value, f"Made the ledger {origin} in {directory}.", as_json=as_json)


@click.group()
def key() -> None:
    """Make key files. They stay outside any ledger's directory."""


@key.command("new")
@click.argument("role", type=click.Choice(KEY_ROLES))
@click.option("-o", "output", type=PATH, required=True, metavar="FILE")
@click.option("--name", default="", help="The organisation's name (default: the file's).")
@click.option(
    "--algorithm",
    type=click.Choice(["Ed25519", "ML-DSA-44"]),
    default="Ed25519",
    show_default=True,
    help="ML-DSA-44 is for witnesses and mirrors.",
)
@json_option
def key_new(role: str, output: Path, name: str, algorithm: Any, as_json: bool) -> None:
    """Make a private key in FILE and its public half in FILE.pub."""
    from standing.wire.keys import KeyFile, SigningKey, write_key_file

    signing = SigningKey.generate(algorithm)
    made = KeyFile(role, name or output.stem, signing, signing.public)
    write_key_file(output, made)
    value = {"role": role, "name": made.name, "kid": signing.public.thumbprint.hex()}
    show(value, f"Made {output} (keep it private) and {output}.pub.", as_json=as_json)


@key.command("rotate")
@click.argument("purpose")
@key_option("The operator's private key.")
@ledger_option
@today_option
@json_option
def key_rotate(purpose: str, key: Path, directory: Path, today: str | None, as_json: bool) -> None:
    """Give the log a new key: receipt, clerk, answer, checkpoint or checkpoint-ml-dsa.

    What the old key signed stays checkable for ever.
    """
    operator = load_key(key)
    with open_for(directory, today) as ledger:
        entry, kid = ledger.rotate_key(purpose, by=operator)
    value = {"purpose": purpose, "entry": entry, "kid": kid.hex()}
    show(value, f"The log's new {purpose} key is named in entry {entry}.", as_json=as_json)


@click.command()
@click.argument("public", type=PATH, metavar="KEY.pub")
@click.option("--role", required=True)
@click.option("--name", default="", help="The organisation's name (default: the key file's).")
@click.option("--employer", default="", help="Whose employees hold the key.")
@click.option("--kinds", help="Kinds of statements, separated by commas (default: the role's).")
@click.option("--context", "contexts", multiple=True, help="A context it acts in; repeat.")
@click.option("--sector", default="", help="A relying party's sector code.")
@click.option("--until", required=True, metavar="DAY", help="The last day it may sign.")
@key_option("The operator's private key.")
@ledger_option
@today_option
@json_option
def accredit(
    public: Path,
    role: str,
    name: str,
    employer: str,
    kinds: str | None,
    contexts: tuple[str, ...],
    sector: str,
    until: str,
    key: Path,
    directory: Path,
    today: str | None,
    as_json: bool,
) -> None:
    """Put an organisation's public key on the roll."""
    from standing.wire.days import parse_day

    holder, operator = load_key(public), load_key(key)
    with open_for(directory, today) as ledger:
        entry = ledger.accredit(
            holder.public,
            role=role,
            name=name or holder.name,
            employer=employer,
            kinds=kinds.split(",") if kinds else None,
            contexts=contexts,
            sector=sector,
            until=parse_day(until),
            by=operator,
        )
    value = {"entry": entry, "name": name or holder.name, "role": role}
    show(value, f"Accredited {value['name']} as {role} in entry {entry}.", as_json=as_json)


@click.command()
@click.argument("public", type=PATH, metavar="KEY.pub")
@click.option("--reason", required=True)
@key_option("The operator's private key.")
@ledger_option
@json_option
def revoke(public: Path, reason: str, key: Path, directory: Path, as_json: bool) -> None:
    """End a key's right to sign; what it signed before stays valid."""
    holder, operator = load_key(public), load_key(key)
    with open_for(directory) as ledger:
        entry = ledger.revoke(holder.public.thumbprint, reason, by=operator)
    value = {"entry": entry, "kid": holder.public.thumbprint.hex()}
    show(value, f"Revoked {holder.name} in entry {entry}.", as_json=as_json)
