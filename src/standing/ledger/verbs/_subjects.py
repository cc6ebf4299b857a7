"""Verbs about subjects: enrolment, consent, references, leaving."""

from collections.abc import Sequence
from typing import Any, TypeVar

from standing.ledger import _cases, _erasure, _leaving, _links, _people, _rules, _scores
from standing.ledger.verbs._base import Verbs
from standing.vault import Attributes, Consent, Link, Withdrawal, preimage, signed_digest
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import normalise_proof

_Drafted = TypeVar("_Drafted", Consent, Withdrawal, Link, Attributes)


class SubjectVerbs(Verbs):
    """Verbs about subjects."""

    def enrol(self, key: PublicKey, kind: str = "person") -> None:
        """Give the holder of a key a place; nothing is recorded without consent."""
        _people.enrol(self._core, key, kind)

    def attest_adult(self, key: PublicKey, adult_since: int, *, by: SigningKey) -> None:
        """State since when the holder of a key is of age, with an attester's key."""
        _people.attest_adult(self._core, key, adult_since, by)

    @staticmethod
    def digest_of(document: _Drafted | _cases.Draft) -> bytes:
        """Give what the proof in a drafted document is made over."""
        return document.digest if isinstance(document, _cases.Draft) else signed_digest(document)

    @staticmethod
    def bytes_of(document: _Drafted | _cases.Draft) -> bytes:
        """Give a drafted document whole, still without its proof, for its signer to look at."""
        return preimage(document.step if isinstance(document, _cases.Draft) else document)

    @staticmethod
    def proved(document: _Drafted, proof: list[Any]) -> _Drafted:
        """Put a proof into a drafted document."""
        drafted: _Drafted = _people.with_proof(document, normalise_proof(proof))
        return drafted

    def draft_consent(
        self,
        key: PublicKey,
        context: str,
        purposes: Sequence[str],
        days: int = 730,
        issuers: Sequence[str] | None = None,
    ) -> Consent:
        """Write the consent that the holder of `key` is asked to sign; a second one renews."""
        chosen = None if issuers is None else tuple(issuers)
        return _people.draft_consent(self._core, key, context, tuple(purposes), days, chosen)

    def draft_narrower(
        self,
        key: PublicKey,
        context: str,
        *,
        purposes: Sequence[str] | None = None,
        issuers: Sequence[str] | None = None,
    ) -> Consent:
        """Write a consent that names less than the live one and takes its place at once."""
        return _people.draft_narrower(
            self._core,
            key,
            context,
            None if purposes is None else tuple(purposes),
            None if issuers is None else tuple(issuers),
        )

    def consent_text(self, context: str) -> bytes:
        """Give the text that a consent of today agrees to: English and Simplified Chinese."""
        return _rules.consent_text_of(self._core, _rules.next_pack(self._core, context))

    def give_consent(self, consent: Consent) -> str:
        """Take a signed consent; gives the pseudonym of its context."""
        return _people.give_consent(self._core, consent)

    def purposes_of(self, context: str) -> list[str]:
        """List the purposes of the rules that a consent of today is about."""
        return sorted(_rules.pack(self._core, _rules.next_pack(self._core, context)).purposes)

    def consent(self, key: SigningKey, context: str, purposes: Sequence[str] | None = None) -> str:
        """Draft, sign and give a consent with a key at hand; gives the pseudonym."""
        chosen = self.purposes_of(context) if purposes is None else purposes
        draft = self.draft_consent(key.public, context, chosen)
        return self.give_consent(_people.sign_document(draft, key))

    def narrow(
        self,
        key: SigningKey,
        context: str,
        *,
        purposes: Sequence[str] | None = None,
        issuers: Sequence[str] | None = None,
    ) -> str:
        """Draft, sign and give a narrower consent with a key at hand; gives the pseudonym."""
        draft = self.draft_narrower(key.public, context, purposes=purposes, issuers=issuers)
        return self.give_consent(_people.sign_document(draft, key))

    def withdraw(self, key: SigningKey, context: str, *, finish: bool = False) -> str:
        """Stop in one context, at once; gives the pseudonym.

        What is open closes in the subject's favour; with `finish`, contests are ruled on first.
        """
        return _people.withdraw(self._core, key, context, finish=finish)

    def draft_withdrawals(self, key: PublicKey, context: str) -> list[Withdrawal]:
        """Write what the holder of `key` is asked to sign to stop in a context."""
        return _people.draft_withdrawals(self._core, key, context)

    def take_withdrawals(
        self, key: PublicKey, documents: Sequence[Withdrawal], *, finish: bool = False
    ) -> str:
        """Take signed withdrawals, all of a context at once; gives the pseudonym."""
        return _people.take_withdrawals(self._core, key, documents, finish=finish)

    def step_back(self, key: SigningKey, context: str) -> _erasure.Erased:
        """Be as if one had never agreed in a context, within 14 days of the first consent."""
        return _erasure.step_back(self._core, key, context)

    def freeze(self, name: str, context: str, *, key: SigningKey) -> _leaving.Stop:
        """Stop whoever a pseudonym or reference names, without their key: a desk's or issuer's."""
        return _leaving.freeze(self._core, name, context, key)

    def draft_freeze(self, name: str, context: str, *, by: PublicKey) -> _cases.Draft:
        """Write a request to stop somebody, for a desk or an issuer to prove."""
        return _leaving.draft_freeze(self._core, name, context, by)

    def take_freeze(self, draft: _cases.Draft, context: str) -> _leaving.Stop:
        """Take a proved request to stop somebody."""
        return _leaving.take_freeze(self._core, draft, context)

    def confirm_stop(self, case: str, *, key: SigningKey) -> _leaving.Stop:
        """Make a stop final before its 14 days are over."""
        return _leaving.confirm(self._core, case, key)

    def resume(self, key: SigningKey, context: str) -> str:
        """Undo a stop with the subject's own key, from today on; gives the pseudonym."""
        return _leaving.resume(self._core, key, context)

    def erase(
        self, context: str | None = None, *, key: SigningKey, subject: str = ""
    ) -> _erasure.Erased:
        """Erase a subject in one context, or everywhere, at once; a desk names whom."""
        return _erasure.erase(self._core, key, context, subject=subject)

    def erase_own(self, key: PublicKey, context: str | None = None) -> _erasure.Erased:
        """Erase whoever has just shown that they hold a key, in one context or everywhere."""
        return _erasure.erase_own(self._core, key, context)

    def draft_attributes(
        self, key: PublicKey, context: str, *, region: str = "", group: str = ""
    ) -> Attributes:
        """Write the statement of region and group that the holder of `key` is asked to sign."""
        return _people.draft_attributes(self._core, key, context, region, group)

    def take_attributes(self, document: Attributes) -> None:
        """Take a signed statement of region and group."""
        _people.take_attributes(self._core, document)

    def give_attributes(
        self, key: SigningKey, context: str, *, region: str = "", group: str = ""
    ) -> None:
        """State a region or a group with a key at hand; neither takes both back.

        Voluntary, replaced by the next, ended with the consent of today, and in no score.
        """
        draft = self.draft_attributes(key.public, context, region=region, group=group)
        self.take_attributes(_people.sign_document(draft, key))

    def link(
        self,
        subject: str,
        reference: str,
        context: str,
        *,
        issuer: str,
        by: SigningKey,
        shared: bool = False,
    ) -> None:
        """Let an issuer's reference stand for a subject whose credential the issuer saw.

        `shared`: several people use it, and nothing negative is stored by it.
        """
        number = _scores.resolve(self._core, subject, context)
        _links.link(self._core, number, context, reference, issuer, by, shared=shared)

    def challenge(
        self, reference: str, context: str, *, by: SigningKey, shared: bool = False
    ) -> _links.Challenged:
        """Make an issuer's challenge; its code goes to the person by the reference's channel."""
        return _links.challenge(self._core, reference, context, by, shared=shared)

    def draft_answer(self, challenge: bytes, code: str, key: PublicKey) -> Link:
        """Write the link that the holder of `key` is to prove, having the code."""
        return _links.draft_answer(self._core, challenge, code, key)

    def take_answer(self, document: Link) -> None:
        """Take a proved link; the reference stands for its signer from today on."""
        _links.take_answer(self._core, document)

    def answer_challenge(self, challenge: bytes, code: str, *, key: SigningKey) -> None:
        """Answer a challenge with a key at hand."""
        draft = self.draft_answer(challenge, code, key.public)
        self.take_answer(_people.sign_document(draft, key))
