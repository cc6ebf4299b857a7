"""The text that a subject reads before agreeing: plain words, English and Simplified Chinese.

It is made from the pack alone, so anyone can make it again and compare the digest in a consent.
"""

from standing.policy import Pack


def consent_text(pack: Pack) -> bytes:
    """Write the consent text of a pack, UTF-8."""
    purposes = "\n".join(
        f"  - {purpose.title} ({', '.join(purpose.parties)})"
        for _, purpose in sorted(pack.purposes.items())
    )
    acts = "\n".join(
        f"  - {code}: {act.points:+d}, {act.validity_days}"
        for code, act in sorted(pack.acts.items())
    )
    longest = max(act.validity_days for act in pack.acts.values())
    return f"""\
{pack.title} (standing, pack {pack.context} {pack.version})

ENGLISH
If you agree, accredited issuers may record what you do in this one context: {pack.context}.
What is recorded, what one record weighs, and for how many days it counts:
{acts}
Who may ask, and for what:
{purposes}
You start at {pack.base} points, like everyone. A record counts {pack.notice_days} days after you
are told of it, and {longest} days at the longest. You may contest any record; it then counts
nothing until a reviewer who works for somebody else has decided.
You may stop at any time, free, without a reason. Then nothing here is used any more, and nobody
who asks can tell that you were ever here. Within 14 days you may step back without a trace.

简体中文
如果您同意，经认可的记录方可以记录您在这一个场景中的行为：{pack.context}。
记录的内容、每条记录的分值、计分的天数：
{acts}
谁可以查询，用于什么目的：
{purposes}
您和所有人一样从 {pack.base} 分开始。
每条记录在通知您 {pack.notice_days} 天后才计分，最长计分 {longest} 天。
您可以对任何记录提出异议；在由其他单位的复核人作出裁定之前，该记录不计分。
您可以随时停止，免费，无需理由。
此后这里的一切不再使用，查询者也无法知道您曾经加入。14 天内您可以不留痕迹地退出。
""".encode()
