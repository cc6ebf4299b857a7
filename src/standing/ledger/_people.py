"""Joining, agreeing, being known, stopping: the verbs of subjects.

A subject's own key proves consent and withdrawal; an attester's key proves age; an issuer's key
proves that it knows the subject by a reference. Each becomes a leaf of the next marks.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from standing import charter
from standing.errors import Refused
from standing.ledger import _cases, _rules, _world
from standing.ledger._core import Core
from standing.policy import CONSENT_DAYS
from standing.vault import (
    Adult,
    Attributes,
    Consent,
    Link,
    Subject,
    Withdrawal,
    attributes_padding,
    held_attributes,
    is_attributes_code,
    last_attributes,
    new_salt,
    signed_digest,
)
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import make_proof, verify_proof

_KINDS: Final = ("person", "sole_trader", "organisation")


def enrol(core: Core, key: PublicKey, kind: str = "person") -> int:
    """Give the holder of a key a place in the vault; nothing is recorded yet."""
    if kind not in _KINDS:
        raise Refused(
            "E-PEOPLE-01",
            f"{kind!r} is no kind of subject.",
            why=f"The kinds are {', '.join(_KINDS)}.",
            fix="Name one of them.",
        )
    cose_key = key.cose_key()
    if core.vault.people.is_known_key(cose_key):
        raise Refused(
            "E-PEOPLE-02",
            "This key is enrolled already.",
            why="One key stands for one subject.",
            fix="Go on with consent: standing consent give.",
        )
    if key.thumbprint in core.state.roll.keys:
        raise Refused(
            "E-PEOPLE-18",
            "This key belongs to an organisation.",
            why="It is on the roll. Consent is signed with the subject's own key, never with one"
            " of whoever records them or asks about them (L46).",
            fix="Make a key of your own: standing key new subject -o FILE.",
        )
    number = core.vault.people.new_number()
    document = Subject(new_salt(), core.today, number, kind, cose_key)
    with core.vault.transaction():
        core.vault.add(document, number)
    return number


def attest_adult(core: Core, key: PublicKey, adult_since: int, attester: SigningKey) -> None:
    """State since when the holder of `key` is of age, by an accredited attester."""
    number = subject_of(core, key)
    right = core.state.roll.keys.get(attester.public.thumbprint)
    if right is None or right.role != "attester" or right.revoked_entry is not None:
        raise wrong_role("attester", right)
    if core.vault.people.adult_since(number) is not None:
        raise Refused(
            "E-ADULT-01",
            "The age of this key's holder is attested already.",
            why="One attestation is enough, and a second one would move what was recorded (L02).",
            fix="Nothing needs doing.",
        )
    unsigned = Adult(
        new_salt(), core.today, key.thumbprint, adult_since, attester.public.thumbprint, []
    )
    document = sign_document(unsigned, attester)
    with core.vault.transaction():
        core.vault.add(document, number)


def draft_consent(
    core: Core,
    key: PublicKey,
    context: str,
    purposes: tuple[str, ...],
    days: int = CONSENT_DAYS,
    issuers: tuple[str, ...] | None = None,
) -> Consent:
    """Write the consent that a subject is asked to sign: what, for whom, by which rules.

    `issuers`: all that the pack lists, unless some of them are named. Whoever agreed before
    renews: the newer consent holds, and what was recorded under the older one goes on counting.
    """
    number = subject_of(core, key)
    pack = _rules.next_pack(core, context)
    chosen = _rules.issuers_of(core, pack) if issuers is None else issuers
    consent = Consent(
        salt=new_salt(),
        day=core.today,
        pseudonym=core.vault.secret.pseudonym(number, context),
        context=context,
        purposes=tuple(sorted(set(purposes))),
        issuers=tuple(sorted(set(chosen))),
        pack=pack,
        text=_rules.text_digest(core, pack),
        until=core.today + days,
        key=key.cose_key(),
        proof=[],
    )
    _check_terms(core, consent)
    return consent


def draft_narrower(
    core: Core,
    key: PublicKey,
    context: str,
    purposes: tuple[str, ...] | None,
    issuers: tuple[str, ...] | None,
) -> Consent:
    """Write a consent that takes the place of the live one and names less; None keeps all.

    It ends when the one before it would have ended, so that nothing grows wide again.
    """
    number = subject_of(core, key)
    held = core.vault.agreed.terms(number, context, core.today)
    if held is None:
        raise _no_live_consent(context, "Agree first: standing consent give.")
    pack = _rules.next_pack(core, context)
    left = held.purposes & _rules.pack(core, pack).purposes.keys()  # a later pack may have dropped
    left_issuers = held.issuers & {*_rules.issuers_of(core, pack)}
    kept = frozenset(left if purposes is None else purposes)
    kept_issuers = frozenset(left_issuers if issuers is None else issuers)
    is_less = (kept, kept_issuers) != (held.purposes, held.issuers)
    if not (kept and kept <= held.purposes and kept_issuers <= held.issuers and is_less):
        raise Refused(
            "E-CONSENT-02",
            "This would not be a narrower consent.",
            why=f"The live one names the purposes {', '.join(sorted(held.purposes)) or 'none'}"
            f" and the issuers {', '.join(sorted(held.issuers)) or 'none'}; name some of them.",
            fix="Name what is to stay: standing consent narrow --purpose P --issuer I; to end all:"
            " standing consent withdraw.",
        )
    ends = [
        until
        for since, until, _ in core.vault.agreed.consents(number, context)
        if since <= core.today < until
    ]
    days = max(ends) - core.today
    return draft_consent(core, key, context, tuple(kept), days, tuple(kept_issuers))


def _check_terms(core: Core, consent: Consent) -> None:
    """Refuse a consent to something that its pack does not name; raises `E-CONSENT-01`."""
    pack = _rules.pack(core, _rules.next_pack(core, consent.context))
    listed = _rules.issuers_of(core, _rules.next_pack(core, consent.context))
    strange = sorted({*consent.purposes} - pack.purposes.keys() | {*consent.issuers} - {*listed})
    days = consent.until - consent.day
    if strange or not consent.purposes or not 0 < days <= CONSENT_DAYS:
        got = f"{', '.join(strange)}" if strange else f"{len(consent.purposes)} purposes"
        raise Refused(
            "E-CONSENT-01",
            f"A consent names purposes and issuers of its pack, for up to {CONSENT_DAYS} days.",
            why=f"Got {got}, for {days} days; the purposes are"
            f" {', '.join(sorted(pack.purposes)) or 'none'}, the issuers"
            f" {', '.join(listed) or 'none'}.",
            fix="Agree to purposes and issuers that the consent text names.",
        )


def give_consent(core: Core, consent: Consent) -> str:
    """Take a signed consent; gives the subject's pseudonym in its context."""
    core.check_clock()
    key = PublicKey.from_cose_key(consent.key)
    number = subject_of(core, key)
    pseudonym = core.vault.secret.pseudonym(number, consent.context)
    if consent.pseudonym != pseudonym or consent.day != core.today:
        raise Refused(
            "E-PEOPLE-04",
            "This consent is for another subject or another day.",
            why="It must name the signer's own pseudonym and be given today.",
            fix="Draft it again and sign it today.",
        )
    pack = _rules.next_pack(core, consent.context)  # else it is the name of no context
    _check_terms(core, consent)
    if (consent.pack, consent.text) != (pack, _rules.text_digest(core, pack)):
        raise Refused(
            "E-CONSENT-03",
            "This consent is to another text or to other rules.",
            why="It names a pack or a text that is not the one to be read today.",
            fix="Draft it again, read the text, and sign it today.",
        )
    stops = core.vault.agreed.freezes(number, consent.context)
    if core.vault.agreed.withdrew_on(number, consent.context, core.today) or any(
        since == core.today for since, _ in stops
    ):
        raise Refused(
            "E-PEOPLE-17",
            f"Consent for {consent.context!r} was withdrawn or stopped today.",
            why="Days are the smallest unit: under a new consent of today, records of today that"
            " were left behind would count again.",
            fix="Agree again tomorrow: a new consent starts at the base.",
        )
    if _world.running_stop(core, number, consent.context) is not None:
        raise Refused(
            "E-LEAVE-03",
            f"A stop is running in {consent.context!r}.",
            why="Somebody asked for it without your key; until it is undone or final, no consent"
            " holds there.",
            fix="Undo it (standing stop resume), or make it final and agree again tomorrow.",
        )
    verify_proof(consent.proof, key, signed_digest(consent), rp_id=core.state.genesis.rp_id)
    with core.vault.transaction():
        core.vault.people.name(number, consent.context)
        core.vault.add(consent, number, consent.context)
    return pseudonym


def withdraw(core: Core, key: SigningKey, context: str, *, finish: bool = False) -> str:
    """Stop with a key at hand; see `take_withdrawals`."""
    drafts = draft_withdrawals(core, key.public, context)
    signed = [sign_document(draft, key) for draft in drafts]
    return take_withdrawals(core, key.public, signed, finish=finish)


def draft_withdrawals(core: Core, key: PublicKey, context: str) -> list[Withdrawal]:
    """Write what a subject signs to stop: one for each consent, so that whoever agreed twice stops.

    Raises `E-PEOPLE-05` where nothing is left to stop.
    """
    number = subject_of(core, key)
    live = core.vault.agreed.live_consents(number, context, core.today)
    if not live and _world.running_stop(core, number, context) is not None:
        live = core.vault.agreed.open_consents(number, context, core.today)
    if not live:
        raise _no_live_consent(context)
    pseudonym = core.vault.secret.pseudonym(number, context)
    return [
        Withdrawal(new_salt(), core.today, pseudonym, context, leaf, []) for leaf in sorted(live)
    ]


def take_withdrawals(
    core: Core, key: PublicKey, documents: Sequence[Withdrawal], *, finish: bool = False
) -> str:
    """Stop: no record, no score and no answer from this moment; gives the pseudonym.

    What is open closes in the subject's favour in the same moment; with `finish`, contests go on
    until they are ruled on. A stop that was asked for without the key is final with it.
    """
    core.check_clock()
    context = documents[0].context if documents else ""
    number = subject_of(core, key)
    wanted = {signed_digest(draft) for draft in draft_withdrawals(core, key, context)}
    if {signed_digest(document) for document in documents} != wanted:
        raise Refused(
            "E-PEOPLE-18",
            "This withdrawal does not fit.",
            why="It must name the signer's own pseudonym and every live consent, and be of today.",
            fix="Draft it again and sign it today.",
        )
    for document in documents:
        rp_id = core.state.genesis.rp_id
        verify_proof(document.proof, key, signed_digest(document), rp_id=rp_id)
    with core.forgetting(number, context, len(documents)):
        for document in documents:
            core.vault.add(document, number, context)
        _cases.leave_all(core, number, context, keep=("contest",) if finish else ())
    return core.vault.secret.pseudonym(number, context)


def _no_live_consent(context: str, fix: str = "Nothing is left to stop.") -> Refused:
    return Refused(
        "E-PEOPLE-05",
        f"There is no live consent for {context!r}.",
        why="It was withdrawn before, has ended, or was never given.",
        fix=fix,
    )


def draft_attributes(
    core: Core, key: PublicKey, context: str, region: str, group: str
) -> Attributes:
    """Write the statement of region and group that a subject is asked to sign."""
    return _draft_attributes(core, subject_of(core, key), context, region, group)


def _draft_attributes(core: Core, number: int, context: str, region: str, group: str) -> Attributes:
    live = core.vault.agreed.live_consent(number, context, core.today)
    if live is None:
        raise Refused(
            "E-PEOPLE-12",
            f"Region and group need a live consent in {context!r}.",
            why="They are bound to it and end with it.",
            fix="Agree first: standing consent give. Nothing requires a region or a group.",
        )
    _check_codes(region, group)
    stated = core.vault.filed.documents(number, "attributes")
    last = last_attributes((opened.document for opened in stated), context)
    lasting = core.vault.agreed.live_consents(number, context, core.today)
    if not (region or group) and held_attributes(last, lasting) is None:
        raise Refused(
            "E-PEOPLE-15",
            f"No region and no group is held in {context!r}.",
            why="None was given under this consent, or they were taken back before.",
            fix="Nothing is left to take back.",
        )
    return Attributes(
        salt=new_salt(),
        day=core.today,
        pseudonym=core.vault.secret.pseudonym(number, context),
        context=context,
        consent=live[2],
        revision=1 if last is None else last.revision + 1,
        region=region,
        group=group,
        padding=attributes_padding(region, group),
        proof=[],
    )


def _check_codes(region: str, group: str) -> None:
    for name, code in (("region", region), ("group", group)):
        if code and not is_attributes_code(code):
            raise Refused(
                "E-PEOPLE-13",
                f"{code!r} is no code of a {name}.",
                why="A code is of lower-case letters and digits, parted by single dots or hyphens,"
                " and has at most 64 characters.",
                fix="Write it as in de-by or age-65.",
            )


def take_attributes(core: Core, document: Attributes) -> None:
    """Take a signed statement of region and group; it replaces the one before."""
    context = document.context
    number = core.vault.people.find(document.pseudonym)
    if number is None or signed_digest(document) != signed_digest(
        _draft_attributes(core, number, context, document.region, document.group)
    ):
        raise Refused(
            "E-PEOPLE-14",
            "This statement of region and group does not fit.",
            why="It must name the signer's own pseudonym and live consent, be given today, and"
            " follow the last one.",
            fix="Draft it again and sign it today.",
        )
    verify_proof(
        document.proof,
        PublicKey.from_cose_key(core.vault.people.key_of(number, core.today)),
        signed_digest(document),
        rp_id=core.state.genesis.rp_id,
    )
    with core.vault.transaction():
        core.vault.add(document, number, context)


def pseudonym_of(core: Core, key: PublicKey, context: str) -> str:
    """Give the name in a context of the holder of a key; raises `E-PEOPLE-08`, `E-PEOPLE-16`."""
    pseudonym = core.vault.secret.pseudonym(subject_of(core, key), context)
    if core.vault.people.find(pseudonym, context) is None:
        raise Refused(
            "E-PEOPLE-16",
            f"The holder of this key has no name in {context!r}.",
            why="A name in a context comes with the first consent there.",
            fix=f"Agree first: standing consent give --key FILE --context {context}.",
        )
    return pseudonym


def register_subjects(core: Core, context: str, references: frozenset[str]) -> None:
    """Give organisations that a public register names their place; known ones stay."""
    vault = core.vault
    with vault.transaction():
        for reference in sorted(references):
            if vault.people.link(context, reference) is not None:
                continue
            number = vault.people.new_number()
            vault.add(Subject(new_salt(), core.today, number, "organisation", b""), number)
            pseudonym = vault.people.name(number, context)
            entry = Link(
                new_salt(), core.today, context, reference, pseudonym, "", b"", False, b"", "", []
            )  # fmt: skip
            vault.add(entry, number, context)


def subject_of(core: Core, key: PublicKey) -> int:
    """Find for whom a key stands today; raises `E-PEOPLE-08`."""
    number = core.vault.people.subject_of_key(key.cose_key(), core.today)
    if number is None:
        raise Refused(
            "E-PEOPLE-08",
            "This key is not enrolled.",
            why="No subject of this ledger holds it.",
            fix="Enrol first: standing enrol --key FILE.",
        )
    return number


def wrong_role(wanted: str, right: charter.Accreditation | None) -> Refused:
    """Make the error of a key that is none of the accredited ones wanted."""
    got = "no accredited key" if right is None else f"the key of {right.role} {right.name}"
    return Refused(
        "E-KEY-11",
        f"This needs the key of an accredited {wanted}.",
        why=f"Got {got}.",
        fix="Give --key the right file, or have the key accredited.",
    )


def sign_document(document: Any, key: SigningKey) -> Any:
    """Put the proof of `key` into a private document."""
    return with_proof(document, make_proof(key, signed_digest(document)))


def with_proof(document: Any, proof: list[Any]) -> Any:
    """Put a proof into a private document."""
    return msgspec.structs.replace(document, proof=proof)
