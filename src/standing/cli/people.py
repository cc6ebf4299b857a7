"""`enrol`, `consent`, `link`: a subject joins, agrees, is known, and stops."""

from pathlib import Path

import click

from standing.cli.options import (
    PATH,
    json_option,
    key_option,
    ledger_option,
    load_key,
    load_signing_key,
    open_for,
    reach,
    require_file,
    server_option,
    show,
    today_option,
    write_output,
)


@click.command()
@key_option("The subject's key; its public half is enough.")
@click.option(
    "--kind", default="person", show_default=True, help="person, sole_trader or organisation."
)
@click.option("--adult-since", metavar="DAY", help="Since when the subject is of age.")
@click.option("--attester", type=PATH, metavar="FILE", help="The attester's private key.")
@ledger_option
@server_option
@today_option
@json_option
def enrol(
    key: Path,
    kind: str,
    adult_since: str | None,
    attester: Path | None,
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Give a subject a place in the vault; nothing is recorded without consent."""
    from standing.wire.days import parse_day

    if (adult_since is None) != (attester is None):
        raise click.UsageError("--adult-since and --attester go together.")
    public = load_key(key).public
    if server is not None:
        if attester is not None:
            raise click.UsageError("An attester signs beside the ledger: leave out --server.")
        with reach(directory, server, today) as remote:
            remote.enrol(load_signing_key(key), kind)
        _show_enrolled(public.thumbprint.hex(), as_json=as_json)
        return
    with open_for(directory, today) as ledger, ledger.bulk():
        ledger.enrol(public, kind)
        if adult_since is not None and attester is not None:
            ledger.attest_adult(public, parse_day(adult_since), by=load_signing_key(attester))
    _show_enrolled(public.thumbprint.hex(), as_json=as_json)


def _show_enrolled(kid: str, *, as_json: bool) -> None:
    show({"enrolled": kid}, "Enrolled. Next: standing consent give.", as_json=as_json)


@click.group()
def consent() -> None:
    """Agree to be recorded in one context, or stop."""


@consent.command()
@key_option("The subject's private key.")
@click.option("--context", required=True)
@click.option("--purpose", "purposes", multiple=True, help="A purpose (default: all of the pack).")
@ledger_option
@server_option
@today_option
@json_option
def give(
    key: Path,
    context: str,
    purposes: tuple[str, ...],
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Agree, with the subject's own key, for one context and named purposes.

    Read first what you agree to: standing consent text. Agreeing again renews: the newer consent
    holds, and nothing starts anew.
    """
    with reach(directory, server, today) as ledger:
        pseudonym = ledger.consent(load_signing_key(key), context, purposes or None)
    value = {"subject": pseudonym, "context": context}
    show(value, f"Consent given in {context}. Your name there is {pseudonym}.", as_json=as_json)


@consent.command()
@click.option("--context", required=True)
@ledger_option
@server_option
@json_option
def text(context: str, directory: Path, server: str | None, as_json: bool) -> None:
    """Print what a consent of today agrees to, in English and Chinese."""
    from standing.ledger import open_ledger

    if server is not None:
        with reach(directory, server) as remote:
            words = remote.consent_text(context)
    else:
        with open_ledger(directory, read_only=True) as ledger:
            words = ledger.consent_text(context).decode()
    show({"context": context, "text": words}, words.rstrip(), as_json=as_json)


@consent.command()
@key_option("The subject's private key.")
@click.option("--context", required=True)
@click.option("--purpose", "purposes", multiple=True, help="A purpose that stays (default: all).")
@click.option("--issuer", "issuers", multiple=True, help="An issuer that stays (default: all).")
@ledger_option
@server_option
@today_option
@json_option
def narrow(
    key: Path,
    context: str,
    purposes: tuple[str, ...],
    issuers: tuple[str, ...],
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Agree to less from now on: name the purposes and the issuers that stay.

    It takes the place of your consent at once and ends when that would have ended. Nobody else
    is told; rows of an issuer that you do not name are dropped without a word.
    """
    if not purposes and not issuers:
        raise click.UsageError("Name what stays: --purpose or --issuer, or both.")
    with reach(directory, server, today) as ledger:
        pseudonym = ledger.narrow(
            load_signing_key(key), context, purposes=purposes or None, issuers=issuers or None
        )
    value = {"subject": pseudonym, "context": context, "narrowed": True}
    show(value, f"You agree to no more than that in {context} from now on.", as_json=as_json)


@consent.command()
@key_option("The subject's private key.")
@click.option("--context", required=True)
@click.option(
    "--finish-contests", is_flag=True, help="Let open contests be ruled on before they are erased."
)
@ledger_option
@server_option
@today_option
@json_option
def withdraw(
    key: Path,
    context: str,
    finish_contests: bool,
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Stop in one context, at once.

    What is open closes in your favour, restrictions end. All of it is erased after 30 days, or at
    once on request: standing erase.
    """
    with reach(directory, server, today) as ledger:
        pseudonym = ledger.withdraw(load_signing_key(key), context, finish=finish_contests)
    value = {"subject": pseudonym, "context": context, "withdrawn": True}
    show(value, f"Stopped in {context}. No record of yours counts there any more.", as_json=as_json)


@consent.command("step-back")
@key_option("The subject's private key.")
@click.option("--context", required=True)
@ledger_option
@today_option
@json_option
def step_back(key: Path, context: str, directory: Path, today: str | None, as_json: bool) -> None:
    """Be as if you had never agreed, within 14 days of your first consent in a context."""
    from standing.cli.leaving import show_erased

    with open_for(directory, today) as ledger:
        done = ledger.step_back(load_signing_key(key), context)
    show_erased(done, as_json=as_json)


@consent.command()
@key_option("The subject's private key.")
@click.option("--context", required=True)
@click.option("--region", default="", metavar="CODE", help="Where you live, as a code: de-by.")
@click.option(
    "--group", default="", metavar="CODE", help="A group you count yourself among: age-65."
)
@click.option("--clear", is_flag=True, help="Take both back.")
@ledger_option
@server_option
@today_option
@json_option
def attributes(
    key: Path,
    context: str,
    region: str,
    group: str,
    clear: bool,
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """State your region or group, if you want to, or take them back.

    This is voluntary, and saying nothing costs nothing. It serves one end: to see whether rules
    would hit one region or group harder than others. It never touches a score, an answer, or a
    report to somebody else. What you state replaces what you stated before, and ends with your
    consent.
    """
    if clear == bool(region or group):
        raise click.UsageError("Give --region or --group or both, or --clear alone.")
    with reach(directory, server, today) as ledger:
        ledger.give_attributes(load_signing_key(key), context, region=region, group=group)
    given = [f"{name} {code}" for name, code in (("region", region), ("group", group)) if code]
    text = f"You state {' and '.join(given) or 'no region and no group'} in {context}."
    value = {"context": context, "region": region, "group": group}
    show(value, text if clear else f"{text} No score depends on it.", as_json=as_json)


@click.group()
def link() -> None:
    """Let an issuer's reference (a card, an account) stand for a subject."""


_shared = click.option(
    "--shared", is_flag=True, help="Several people use it: nothing negative is stored by it."
)


@link.command("in-person")
@click.argument("subject")
@click.argument("reference")
@click.option("--context", required=True)
@click.option("--issuer", required=True, help="The issuer that knows the subject by REFERENCE.")
@key_option("The issuer's private key.")
@_shared
@ledger_option
@today_option
@json_option
def in_person(
    subject: str,
    reference: str,
    context: str,
    issuer: str,
    key: Path,
    shared: bool,
    directory: Path,
    today: str | None,
    as_json: bool,
) -> None:
    """Let a REFERENCE whose credential the issuer saw stand for SUBJECT from today on.

    SUBJECT is a pseudonym, another reference, or the file of the subject's key.
    """
    holder = load_key(Path(subject)) if Path(subject).is_file() else None
    with open_for(directory, today) as ledger:
        if holder is not None:
            subject = ledger.pseudonym_of(holder.public, context)
        ledger.link(
            subject, reference, context, issuer=issuer, by=load_signing_key(key), shared=shared
        )
    value = {"subject": subject, "reference": reference, "context": context}
    show(value, f"{reference} stands for {subject} in {context}.", as_json=as_json)


@link.command()
@click.argument("reference")
@click.option("--context", required=True)
@key_option("The issuer's private key.")
@_shared
@click.option("-o", "output", type=PATH, required=True, metavar="FILE")
@ledger_option
@today_option
@json_option
def challenge(
    reference: str,
    context: str,
    key: Path,
    shared: bool,
    output: Path,
    directory: Path,
    today: str | None,
    as_json: bool,
) -> None:
    """Make a challenge for whoever controls REFERENCE, and a code that proves it.

    Send the code by the reference's own channel (the card's app, the account's address) and FILE
    by any. Nothing is kept and nobody is looked up.
    """
    with open_for(directory, today) as ledger:
        made = ledger.challenge(reference, context, by=load_signing_key(key), shared=shared)
    write_output(output, made.signed)
    value = {"file": str(output), "code": made.code, "reference": reference, "context": context}
    show(value, f"Wrote {output}. The code for {reference} is {made.code}.", as_json=as_json)


@link.command()
@click.argument("challenge_file", type=PATH, metavar="FILE")
@click.option("--code", required=True, help="The code that came by the reference's own channel.")
@key_option("The subject's private key.")
@ledger_option
@server_option
@today_option
@json_option
def answer(
    challenge_file: Path,
    code: str,
    key: Path,
    directory: Path,
    server: str | None,
    today: str | None,
    as_json: bool,
) -> None:
    """Answer the challenge in FILE: its reference stands for you from today on."""
    signed = require_file(challenge_file, "challenge")
    with reach(directory, server, today) as ledger:
        ledger.answer_challenge(signed, code, key=load_signing_key(key))
    show({"linked": True}, "The reference stands for you from today on.", as_json=as_json)
