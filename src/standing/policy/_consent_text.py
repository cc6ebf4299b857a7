"""The text that a subject reads before agreeing: plain words, English and Simplified Chinese.

It is made from the pack and its catalogue alone, both public, so that anyone can make it again and
compare the digest in a consent. It names the issuers and parties that the pack lists; whoever is
accredited later under one of these names was in the text already, and nobody else may record.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from standing.policy._parse import canonical
from standing.policy._schema import Catalogue, Pack
from standing.wire.days import format_day

CONSENT_DAYS: Final = 730
"""For how long a consent holds at most; renewed in time it goes on."""


def consent_text(pack: Pack, catalogue: Catalogue) -> bytes:
    """Write the consent text of a pack, UTF-8."""
    longest = max(act.validity_days for act in pack.acts.values())
    return f"""\
{pack.title} (standing, pack {pack.context} {pack.version}, in force from {format_day(pack.force)})
SHA-256 {hashlib.sha256(canonical(pack)).hexdigest()}

ENGLISH
You are asked to agree to be recorded in this one context: {pack.context}.
You need not. Refusing has no consequence: nobody serves you worse for it, and nobody who asks can
tell whether you agreed. You agree with your own key, never on the pages of somebody who sells you
something.
Who may record:
{_names(pack, "issuer", "nobody")}
What is recorded, what one record weighs, and for how many days it counts at most:
{_acts(pack, catalogue, "({}): {:+d} points, {} days", "; the first one only warns")}
Who may ask, and for what; you may agree to some of these purposes and not to others:
{_purposes(pack, "({}): {}", "nobody")}
What may be proposed on your records; only a human decides, and a letter comes before:
{_restrictions(pack, "({}): {} days at most; {}", "nothing")}
You start at {pack.base} points, like everyone. A record counts {pack.notice_days} days after you
are told of it, and {longest} days at the longest. You can read all of it, and who asked, at any
time, free.
You may contest any record, in your own words: standing contest file, a desk, or somebody you name.
It counts nothing from that moment until a reviewer who works for somebody else has decided. You
have {pack.contest_days} days from the notice, and for as long as the record counts.
You may step back within 14 days without a trace, and stop at any time, free, without a reason, or
agree to less. Stopping needs no key: any desk, or any reference that is linked to you, is enough.
Then nothing here is used any more; it is erased after 30 days, or at once if you ask.
Your agreement ends by itself after {CONSENT_DAYS} days at most, unless you renew it. A new
purpose, party, issuer or act needs a new one.

简体中文
请您决定是否同意在这一个场景中被记录：{pack.context}。
您可以不同意。拒绝没有任何后果：没有人会因此给您更差的服务，查询者也无法知道您是否同意。
您用自己的密钥表示同意，绝不在向您出售商品或服务的一方的页面上进行。
谁可以记录：
{_names(pack, "issuer", "无")}
记录的内容、每条记录的分值、最长计分天数：
{_acts(pack, catalogue, "（{}）：{:+d} 分，{} 天", "；第一次只作提醒")}
谁可以查询，用于什么目的；您可以只同意其中一部分：
{_purposes(pack, "（{}）：{}", "无")}
根据您的记录可以提议的限制；只有人可以决定，并且事先以信函告知：
{_restrictions(pack, "（{}）：最长 {} 天；{}", "无")}
您和所有人一样从 {pack.base} 分开始。每条记录在通知您 {pack.notice_days} 天后才计分，
最长计分 {longest} 天。您可以随时免费查阅全部内容，以及谁查询过。
您可以用自己的话对任何记录提出异议：standing contest file、任何服务台，或您指定的人。
从那一刻起，在由其他单位的复核人作出裁定之前，该记录不计分。
期限为通知后 {pack.contest_days} 天，记录计分期间也可以提出。
14 天内您可以不留痕迹地退出；您也可以随时停止，免费，无需理由，或者只同意更少的内容。
停止不需要密钥：任何服务台，或任何与您关联的凭证号即可。
此后这里的一切不再使用，30 天后删除；您要求时立即删除。
您的同意最长 {CONSENT_DAYS} 天后自行终止，除非您续期。
新的用途、查询方、记录方或行为类型需要新的同意。
""".encode()


def _listed(lines: Iterable[str], nothing: str) -> str:
    return "\n".join(f"  - {line}" for line in lines) or f"  - {nothing}"


def _names(pack: Pack, role: str, nobody: str) -> str:
    return _listed(sorted({one.name for one in pack.organisations if one.role == role}), nobody)


def _acts(pack: Pack, catalogue: Catalogue, form: str, warns: str) -> str:
    return _listed(
        (
            f"{catalogue.types[code].act if code in catalogue.types else code}"
            f"{_gap(form)}{form.format(code, act.points, act.validity_days)}"
            f"{warns if act.warn_first else ''}"
            for code, act in sorted(pack.acts.items())
        ),
        "",
    )


def _purposes(pack: Pack, form: str, nobody: str) -> str:
    said = (
        (purpose.title, form.format(code, _askers(pack, purpose.parties, nobody)))
        for code, purpose in sorted(pack.purposes.items())
    )
    return _listed((f"{title}{_gap(form)}{rest}" for title, rest in said), nobody)


def _restrictions(pack: Pack, form: str, nothing: str) -> str:
    return _listed(
        (
            f"{one.title}{_gap(form)}{form.format(one.code, one.days, one.alternative.title)}"
            for one in pack.restrictions
        ),
        nothing,
    )


def _gap(form: str) -> str:
    return " " if form.startswith("(") else ""


def _askers(pack: Pack, sectors: Iterable[str], nobody: str) -> str:
    """Name the sectors that may ask, and who of them takes part."""
    said = []
    for sector in sectors:
        names = {
            one.name
            for one in pack.organisations
            if one.role == "relying-party" and one.sector == sector
        }
        said.append(f"{sector}: {', '.join(sorted(names)) or nobody}")
    return "; ".join(said)
