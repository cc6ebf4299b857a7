"""The linter's codes: which rule each one is, where it binds, why it exists and what it leans on.

`source` names a text that the rule leans on. It is not the origin of the number beside it unless
it says so, and nothing here is legal advice. "design" marks our own decision.
"""

from typing import Final, NamedTuple

LINTER_VERSION: Final = 2


class CodeFacts(NamedTuple):
    """One code: `at` is load, run or both; `waivable` loads with a written justification."""

    title: str
    at: str
    why: str
    source: str
    waivable: bool = False


_DESIGN = "design of standing"
_AI_ACT = "EU AI Act art. 5(1)(c)"
_DETERMINISM = "design of standing: every machine must reach the same integer"

CODES: Final[dict[str, CodeFacts]] = {
    "FORMAT": CodeFacts(
        "The form of a pack",
        "load",
        "What a program cannot read in exactly one way, nobody can rely on.",
        _DESIGN,
    ),
    "EXAMPLES": CodeFacts(
        "The pack's own examples come true",
        "load",
        "An example that fails tells readers something that the rules do not do.",
        _DESIGN,
    ),
    "L01": CodeFacts("Live consent", "run", "No consent, no record.", "GDPR art. 7"),
    "L02": CodeFacts("Adults only", "run", "A child is not scored.", _DESIGN),
    "L03": CodeFacts(
        "Forbidden inputs",
        "load",
        "Who a person is, believes or suffers from is not conduct.",
        "GDPR art. 9",
    ),
    "L04": CodeFacts(
        "Wealth is not conduct",
        "load",
        "What a person owns, earns or lawfully trades is not conduct towards others.",
        _DESIGN,
    ),
    "L05": CodeFacts(
        "A written duty",
        "load",
        "Nobody is burdened for breaking what was never written down.",
        _DESIGN,
    ),
    "L06": CodeFacts("A basis and a human signer", "run", "A sensor accuses nobody.", _DESIGN),
    "L07": CodeFacts(
        "Lawful expression is never negative",
        "load",
        "Speaking, petitioning, joining and refusing a service are rights.",
        "EU Charter of Fundamental Rights art. 11 and 12",
    ),
    "L08": CodeFacts(
        "Validity by tier",
        "load",
        "A small thing is forgotten soon, a serious one in the end.",
        _DESIGN,
    ),
    "L09": CodeFacts(
        "Records fade to nothing",
        "load",
        "A record weighs less with time and nothing at its end.",
        _DESIGN,
    ),
    "L10": CodeFacts(
        "No longer than the source", "run", "A copy does not outlive its register.", "CJEU C-26/22"
    ),
    "L11": CodeFacts(
        "A new record leaves old ones alone",
        "load",
        "What is fading may not be brought back by something else.",
        _DESIGN,
    ),
    "L12": CodeFacts(
        "One sign, whole numbers, no division",
        "load",
        "Points must come out alike on every machine and fit 32 bits.",
        _DETERMINISM,
    ),
    "L13": CodeFacts(
        "Limits of a record, a kind and a context",
        "load",
        "No single act and no single kind of act may use up a person's standing.",
        _DESIGN,
    ),
    "L14": CodeFacts(
        "Heaviest to lightest", "load", "Weights stay in proportion.", _DESIGN, waivable=True
    ),
    "L15": CodeFacts(
        "A way back without money",
        "load",
        "Whoever has no money must be able to recover as well.",
        _DESIGN,
    ),
    "L16": CodeFacts(
        "Clean steps run per record",
        "load",
        "A later act may not stop an earlier one from fading.",
        _DESIGN,
    ),
    "L17": CodeFacts(
        "The first minor record warns",
        "load",
        "A first small mistake is told, not counted.",
        _DESIGN,
    ),
    "L18": CodeFacts(
        "Notice before a record counts",
        "load",
        "Whoever is told first can still object in time.",
        _DESIGN,
    ),
    "L19": CodeFacts(
        "A contest suspends", "run", "A disputed burden does not count.", "GDPR art. 18"
    ),
    "L20": CodeFacts(
        "Time to contest",
        "load",
        "Six months to object, and longer while the record counts.",
        "EU Digital Services Act art. 20 (six months)",
    ),
    "L21": CodeFacts("The issuer is told", "run", "Whoever accused must answer.", _DESIGN),
    "L22": CodeFacts("A decision in time", "run", "Silence never helps a burden.", _DESIGN),
    "L23": CodeFacts("Two instances", "run", "Nobody judges their own work.", _DESIGN),
    "L24": CodeFacts("Recipients are told", "run", "A correction follows its error.", _DESIGN),
    "L25": CodeFacts("Re-entry", "run", "What was annulled needs new evidence.", _DESIGN),
    "L26": CodeFacts("Right of reply", "run", "The answer stands beside the claim.", _DESIGN),
    "L27": CodeFacts(
        "Consequences stay in their context",
        "load",
        "What happened in one part of life has no effect in another.",
        f"{_AI_ACT}(i)",
    ),
    "L28": CodeFacts(
        "Named records, never a number",
        "load",
        "A restriction answers acts that can be named and contested, not a total.",
        f"{_AI_ACT}(ii)",
    ),
    "L29": CodeFacts("Length of a restriction", "load", "A restriction ends soon.", _DESIGN),
    "L30": CodeFacts("End of a restriction", "run", "It ends with its reasons.", _DESIGN),
    "L31": CodeFacts(
        "Essential services stay open",
        "load",
        "Nobody is cut off from what a life needs; another way stays open.",
        _DESIGN,
    ),
    "L32": CodeFacts("No effect on others", "run", "No naming, no lists of the worst.", _DESIGN),
    "L33": CodeFacts("A human decides", "run", "No machine restricts.", "GDPR art. 22(3)"),
    "L34": CodeFacts("The letter", "run", "Reasons come before effects.", _DESIGN),
    "L35": CodeFacts("Free full report", "run", "One's own file costs nothing.", _DESIGN),
    "L36": CodeFacts("Questions are seen", "run", "Whoever asks is shown.", _DESIGN),
    "L37": CodeFacts(
        "Fixed windows, milder law",
        "load",
        "New rules never make an old act worse.",
        "lex mitior, EU Charter of Fundamental Rights art. 49(1)",
    ),
    "L38": CodeFacts(
        "Published before force",
        "load",
        "Rules are known before they bind, with what they change.",
        _DESIGN,
    ),
    "L39": CodeFacts(
        "Bands", "load", "Few, wide, and the lowest is no sum of trifles.", _DESIGN, waivable=True
    ),
    "L40": CodeFacts("Absence is neutral", "run", "No records is base.", _DESIGN),
    "L41": CodeFacts(
        "No score over contexts",
        "load",
        "A person is not one number.",
        _AI_ACT,
    ),
    "L42": CodeFacts(
        "Impact on groups",
        "load",
        "Rules that hit one group harder must say so before anyone is restricted.",
        "four-fifths rule, 29 CFR 1607.4(D)",
        waivable=True,
    ),
    "L43": CodeFacts("Access and rectification", "run", "Answers have a date.", "GDPR art. 12(3)"),
    "L44": CodeFacts("Decision files end", "run", "Files end with their use.", "GDPR art. 17"),
    "L45": CodeFacts(
        "Non-working days",
        "load",
        "Holidays give time to act; they never make a burden longer.",
        _DESIGN,
    ),
    "L46": CodeFacts("Free consent", "run", "Consent is not a price.", "GDPR art. 7(4)"),
    "L47": CodeFacts(
        "Perks stay small and optional",
        "load",
        "A benefit so large that nobody can stay away is pressure.",
        _DESIGN,
    ),
    "L48": CodeFacts(
        "Authorities attach opinions",
        "load",
        "Whoever cannot be avoided must show its right and the effects first.",
        "GDPR art. 35",
    ),
    "L49": CodeFacts("Reports", "run", "A report cannot become a passport.", _DESIGN),
    "L50": CodeFacts(
        "Penal duties need a law",
        "load",
        "Records of offences need a law that authorises this issuer.",
        "GDPR art. 10; CJEU C-439/19",
    ),
    "L51": CodeFacts(
        "One length of consent for a perk",
        "load",
        "Leaving after a bad record must not pay off.",
        _DESIGN,
    ),
    "L52": CodeFacts(
        "Every worse answer is a restriction",
        "load, run",
        "A bad answer under another name has the same limits.",
        "CJEU C-634/21",
    ),
    "L53": CodeFacts("What can be contested", "run", "Everything that burdens.", _DESIGN),
    "L54": CodeFacts("Hardship", "run", "Need comes before rules.", _DESIGN),
    "L55": CodeFacts("Stopping needs no key", "run", "Leaving is easier than joining.", _DESIGN),
    "L56": CodeFacts("Mandates", "run", "Help is scoped, dated and visible.", _DESIGN),
    "L57": CodeFacts("References are proved", "run", "A card is not a person.", _DESIGN),
    "L58": CodeFacts("How someone was known", "run", "A seat is not a person.", _DESIGN),
    "L59": CodeFacts("Fresh records", "run", "Old stories are not stored.", _DESIGN),
    "L60": CodeFacts("Not me", "run", "The issuer proves who it was.", _DESIGN),
    "L61": CodeFacts(
        "Act types of the catalogue",
        "load",
        "What may be recorded is one public, signed list.",
        _DESIGN,
    ),
    "L62": CodeFacts(
        "One setting, one closed list",
        "load",
        "Who may ever ask is known before anyone agrees.",
        f"{_AI_ACT}; {_DESIGN}",
    ),
    "L63": CodeFacts("Excuses", "run", "Medical papers are not kept.", "GDPR art. 5 and 9"),
    "L64": CodeFacts("Deletion at recipients", "run", "Deletion is chased.", "GDPR art. 19"),
    "L65": CodeFacts("Separate pseudonyms", "run", "Contexts cannot be joined.", _DESIGN),
    "L66": CodeFacts(
        "Independent reviewers",
        "load, run",
        "Whoever rules must not work for whoever accused or gains.",
        _DESIGN,
    ),
    "L67": CodeFacts("No retaliation", "run", "A contest has no price.", _DESIGN),
    "L68": CodeFacts("No fishing", "run", "Questions belong to transactions.", _DESIGN),
    "L69": CodeFacts(
        "Immediate danger is outside",
        "load",
        "Closing, recalling or stopping is done by law and at once, not by a ledger.",
        _DESIGN,
    ),
    "L70": CodeFacts(
        "Arithmetic that a person can follow",
        "load",
        "An act that can never matter, or that alone ruins, is a trap.",
        _DESIGN,
        waivable=True,
    ),
}
"""Every code of the linter, those of the running system included."""

SENSITIVE_INPUTS: Final = frozenset(
    [
        "religion",
        "belief",
        "genes",
        "dna",
        "biometrics",
        "fingerprint",
        "face-image",
        "voice-print",
        "gait",
        "health",
        "disease",
        "ethnicity",
        "politics",
        "party-membership",
        "sexuality",
        "union-membership",
        "associates-score",
        "family-score",
        "age",
        "gender",
        "emotion",
    ]
)
WEALTH_INPUTS: Final = frozenset(
    [
        "income",
        "salary",
        "deposits",
        "savings",
        "property",
        "real-estate",
        "investing",
        "securities-trading",
        "crypto-trading",
        "insurance-value",
        "tax-paid",
        "debts",
    ]
)
PROTECTED_ACTS: Final = frozenset(
    [
        "speech",
        "publication",
        "petition",
        "complaint",
        "assembly",
        "demonstration",
        "association",
        "membership",
        "strike",
        "service-refusal",
        "consent-refusal",
        "contest",
    ]
)
KNOWN_INPUTS: Final = frozenset(
    [
        "staff-report",
        "crew-report",
        "ticket-check",
        "gate-record",
        "sound-level",
        "object-image",
        "signal-state",
        "booking-record",
        "return-record",
        "sorting-check",
        "lesson-record",
        "service-record",
        "register-entry",
        "court-decision",
        "authority-decision",
        "flight-record",
        "inspection-report",
    ]
)
ESSENTIAL_SERVICES: Final = frozenset(
    [
        "emergency",
        "medical-care",
        "medical-travel",
        "ordinary-train",
        "local-transport",
        "school",
        "school-transport",
        "housing",
        "water",
        "electricity",
        "heat",
        "food",
        "communication",
        "bank-account",
        "work",
        "welfare",
    ]
)
SERVICES: Final = ESSENTIAL_SERVICES | frozenset(
    [
        "high-speed-train", "sleeper-train", "first-class", "flight-of-one-airline",
        "other-airline-or-train", "lounge", "self-driven-shared-car", "ride-with-driver",
        "rental-bicycle", "table", "room", "event-seat", "delivery", "pick-up",
    ]
)  # fmt: skip
"""Every service that a restriction or its alternative may name; a new one is added here."""
PERK_TERMS: Final = frozenset(
    ["deposit", "seat", "compost", "pick-up-time", "newsletter", "lost-property", "cancellation"]
)
"""Every term that a perk may touch; a new one is added here."""
UNTOUCHABLE_BY_PERKS: Final = frozenset({"tax", "public-fee", "priority"}) | ESSENTIAL_SERVICES
BARRED_SECTORS: Final = frozenset(
    ["employer", "landlord", "insurer", "lender", "police", "immigration", "welfare"]
)
IMMEDIATE_DANGER: Final = frozenset({"close", "recall", "stop"})
