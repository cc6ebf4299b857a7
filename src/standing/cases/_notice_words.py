"""What a notice says, in English and in Simplified Chinese, side by side.

A key is a lifecycle and one of its events (`EVENTS`, `DOORS`) or states (`STATES`); a test holds
every table to it. Both languages say the same; GLOSSARY.md gives the Chinese word of every term.
"""

from typing import Final

LANGUAGES: Final = ("en", "zh-Hans")
Said = tuple[str, str]

ROLES: Final[dict[str, Said]] = {
    "subject": ("you", "您本人"),
    "second-key": ("your second key", "您的备用密钥"),
    "representative": ("your representative {name}", "您的代理人 {name}"),
    "desk": ("the desk {name}", "服务台 {name}"),
    "issuer": ("the issuer {name}", "记录方 {name}"),
    "reviewer": ("the reviewer {name}", "复核人 {name}"),
    "relying-party": ("the relying party {name}", "查询方 {name}"),
    "oversight": ("the oversight body {name}", "监督机构 {name}"),
    "operator": ("the operator {name}", "运营方 {name}"),
    "rule-maker": ("the rule-maker {name}", "规则制定方 {name}"),
    "attester": ("the attester {name}", "年龄证明方 {name}"),
    "auditor": ("the auditor {name}", "审计方 {name}"),
    "ledger": ("the ledger, as the rules say", "账本（依规则）"),
}
"""Who took a step."""

TARGETS: Final[dict[str, Said]] = {
    "record": ("the record {named}", "记录 {named} "),
    "score": ("the score", "得分"),
    "restriction": ("the restriction {named}", "限制 {named} "),
    "decision": ("the answer in transaction {named}", "交易 {named} 中的答复"),
    "link": ("the refusal to link {named}", "对凭证号 {named} 的拒绝关联"),
    "erasure": ("the refusal to erase", "对删除请求的拒绝"),
}
"""What a contest is about."""

OUTCOMES: Final[dict[str, Said]] = {
    "uphold": ("it stands as it was", "维持原状"),
    "correct": ("it is corrected", "予以更正"),
    "annul": ("it is annulled", "予以撤销"),
    "inadmissible": ("the contest is not admitted", "异议不予受理"),
    "begin": ("it begins", "开始执行"),
    "decline": ("it does not begin", "不予执行"),
}
"""How a ruling, or a decision on an objection, went."""

EVENTS: Final[dict[str, Said]] = {
    "contest.file": ("{who} contested {what}.", "{who}对{what}提出异议。"),
    "contest.add": ("{who} added to the contest of {what}.", "{who}为对{what}的异议补充了材料。"),
    "contest.answer": (
        "{who} answered the contest of {what}.",
        "{who}就对{what}的异议作出了答复。",
    ),
    "contest.concede": (
        "{who} conceded that {what} was wrong.",
        "{who}承认{what}有误。",
    ),
    "contest.admit": (
        "{who} found something new in the contest of {what}.",
        "{who}认为对{what}的异议有新内容。",
    ),
    "contest.dismiss": (
        "{who} found nothing new in the contest of {what}.",
        "{who}认为对{what}的异议没有新内容。",
    ),
    "contest.merge": (
        "{who} joined the contest of {what} to another.",
        "{who}将对{what}的异议并入另一案件。",
    ),
    "contest.recuse": (
        "{who} stepped back and decides nothing about {what}.",
        "{who}回避，不处理对{what}的异议。",
    ),
    "contest.ask-hearing": (
        "{who} asked for a hearing about {what}.",
        "{who}请求就{what}进行听证。",
    ),
    "contest.hear": ("{who} held a hearing about {what}.", "{who}就{what}举行了听证。"),
    "contest.extend": (
        "{who} needs until {until} to decide about {what}.",
        "{who}需要至 {until} 就{what}作出裁定。",
    ),
    "contest.rule": ("{who} ruled on {what}: {outcome}.", "{who}对{what}作出裁定：{outcome}。"),
    "contest.appeal": (
        "{who} went to the second instance about {what}.",
        "{who}就{what}提请二审。",
    ),
    "contest.decide": (
        "{who} decided on {what} in the second instance: {outcome}.",
        "{who}对{what}作出二审裁定：{outcome}。",
    ),
    "contest.take-back": ("{who} took back the contest of {what}.", "{who}撤回了对{what}的异议。"),
    "contest.leave": (
        "The contest of {what} ended with the consent.",
        "对{what}的异议随同意终止而结束。",
    ),
    "contest.re-enter": (
        "{who} brought {what} back with new evidence.",
        "{who}以新证据重新提交{what}。",
    ),
    "restriction.propose": (
        "{who} proposed a restriction ({code}) for {days} days. A letter says why.",
        "{who}提议为期 {days} 天的限制（{code}）。理由见函件。",
    ),
    "restriction.say": (
        "{who} said something before a human decides.",
        "{who}在人工决定之前作了陈述。",
    ),
    "restriction.open": ("{who} opened the file.", "{who}打开了案卷。"),
    "restriction.decide": (
        "{who} decided on the restriction ({code}): {days} days. A letter says why.",
        "{who}就限制（{code}）作出决定：{days} 天。理由见函件。",
    ),
    "restriction.decline": (
        "{who} said no to the restriction ({code}).",
        "{who}否决了限制（{code}）。",
    ),
    "restriction.object": (
        "{who} objected to the restriction ({code}).",
        "{who}反对限制（{code}）。",
    ),
    "restriction.settle": (
        "{who} decided on the objection: {outcome}.",
        "{who}就反对意见作出决定：{outcome}。",
    ),
    "restriction.hardship": (
        "{who} told of a hardship from {first} to {last}.",
        "{who}说明了 {first} 至 {last} 的特殊困难。",
    ),
    "restriction.release": (
        "{who} released you for the days of the hardship.",
        "{who}在困难期间解除了限制。",
    ),
    "restriction.lift": ("{who} lifted the restriction ({code}).", "{who}取消了限制（{code}）。"),
    "restriction.leave": (
        "The restriction ({code}) ended with the consent.",
        "限制（{code}）随同意终止而结束。",
    ),
    "reply.reply": ("{who} replied to the record {record}.", "{who}对记录 {record} 作了答辩。"),
    "reply.change": (
        "{who} changed the reply to the record {record}.",
        "{who}修改了对记录 {record} 的答辩。",
    ),
    "reply.answer": (
        "{who} answered the reply to the record {record}.",
        "{who}答复了对记录 {record} 的答辩。",
    ),
    "reply.remove": (
        "{who} took back the reply to the record {record}.",
        "{who}收回了对记录 {record} 的答辩。",
    ),
    "record.retract": ("{who} retracted the record {record}.", "{who}收回了记录 {record}。"),
    "record.source-ends": (
        "{who} told that the source of the record {record} ends on {on}.",
        "{who}告知记录 {record} 的来源将于 {on} 终止。",
    ),
    "link.end": (
        "The reference {reference} stands for somebody else.",
        "凭证号 {reference} 已归属他人。",
    ),
    "stop.freeze": ("{who} asked to stop, without a key.", "{who}提出停止请求（无需密钥）。"),
    "stop.confirm": ("{who} confirmed the stop.", "{who}确认停止。"),
    "stop.resume": ("{who} undid the stop.", "{who}撤销了停止请求。"),
    "stop.leave": ("The stop ended with the consent.", "停止请求随同意终止而结束。"),
    "mandate.give": (
        "{who} let {name} act as {kind} until {until}.",
        "{who}委托 {name} 以{kind}身份代理至 {until}。",
    ),
    "mandate.revoke": ("{who} took back the mandate of {name}.", "{who}收回了对 {name} 的委托。"),
    "second-key.register": ("{who} kept a second key.", "{who}登记了备用密钥。"),
    "second-key.remove": ("{who} removed the second key.", "{who}移除了备用密钥。"),
    "recovery.ask": (
        "{who} asked that another key stand for you.",
        "{who}请求以另一把密钥代替您的密钥。",
    ),
    "recovery.second": (
        "{who} asked for the same, as the second of three.",
        "{who}作为三方中的第二方提出同样请求。",
    ),
    "recovery.cancel": ("{who} stopped it with the old key.", "{who}以原密钥终止了该请求。"),
    "contact.set": (
        "{who} gave an address for notices ({kind}).",
        "{who}登记了接收通知的地址（{kind}）。",
    ),
    "contact.remove": (
        "{who} removed an address for notices ({kind}).",
        "{who}移除了接收通知的地址（{kind}）。",
    ),
    "hold.hold": (
        "{who} asked to keep what a claim needs: {claim}.",
        "{who}请求为争议保留材料：{claim}。",
    ),
    "hold.release": ("{who} ended the hold for {claim}.", "{who}结束了为 {claim} 所作的保留。"),
}
"""What happened, by `lifecycle.event`."""

STATES: Final[dict[str, Said]] = {
    "contest.triage": (
        "It is set aside and burdens nobody while a reviewer looks whether there is anything new.",
        "在复核人审查是否有新内容期间，其暂不计入，不构成负担。",
    ),
    "contest.open": (
        "It is set aside and burdens nobody; both sides are heard, and a reviewer decides.",
        "其暂不计入，不构成负担；双方陈述后由复核人裁定。",
    ),
    "contest.merged": (
        "It is set aside; it is decided together with the other.",
        "其暂不计入，与另一案件一并裁定。",
    ),
    "contest.joined": (
        "What was decided in the other holds here too.",
        "另一案件的裁定同样适用。",
    ),
    "contest.ruled": (
        "It stays set aside: you may go to the second instance.",
        "其仍暂不计入：您可以提请二审。",
    ),
    "contest.appealed": (
        "It stays set aside; a reviewer of another employer decides.",
        "其仍暂不计入，由另一单位的复核人裁定。",
    ),
    "contest.closed": ("This is the last word: {outcome}.", "此为最终裁定：{outcome}。"),
    "contest.lapsed": (
        "It was not decided in time: a burden never counts again, a good record stays.",
        "未在期限内裁定：不利记录不再计分，有利记录保留。",
    ),
    "contest.conceded": ("It is annulled and never counts again.", "已撤销，不再计分。"),
    "contest.taken-back": ("It counts as before.", "恢复原有计分。"),
    "contest.dismissed": ("The earlier ruling holds.", "原裁定有效。"),
    "contest.left": ("It was closed in your favour.", "已按有利于您的方式结案。"),
    "contest.reentered": (
        "It counts again after a new notice; you may contest it.",
        "重新通知期满后再计分；您可以提出异议。",
    ),
    "restriction.proposed": (
        "Nothing holds. A human has to decide, and you may speak first.",
        "尚无任何限制。须由人作出决定，您可以先行陈述。",
    ),
    "restriction.half": (
        "Nothing holds. Above 90 days a second human has to decide too.",
        "尚无任何限制。超过 90 天须由第二人决定。",
    ),
    "restriction.decided": (
        "It is announced and does not hold yet. You may object, and then it does not begin.",
        "已公告，尚未生效。您可以反对，反对后不生效。",
    ),
    "restriction.objected": (
        "It does not begin until a second person has decided.",
        "在第二人决定之前不生效。",
    ),
    "restriction.confirmed": (
        "A second person decided that it begins on the day announced.",
        "第二人决定其按公告日期生效。",
    ),
    "restriction.begun": (
        "It is in force, while its records stand and nothing is contested.",
        "限制生效，以其所依据的记录有效且无异议为前提。",
    ),
    "restriction.ended": ("It is over.", "已结束。"),
    "restriction.lapsed": (
        "It was not decided in time and never begins.",
        "未在期限内决定，不会生效。",
    ),
    "restriction.declined": ("A human said no: nothing happens.", "经人工否决：不会有任何限制。"),
    "restriction.lifted": ("It is over.", "已结束。"),
    "restriction.left": ("It is over.", "已结束。"),
    "restriction.annulled": (
        "A contest of it was right, or was not decided in time: it is over.",
        "对其提出的异议成立或未在期限内裁定：已结束。",
    ),
    "reply.said": (
        "It is shown beside the record wherever the record is shown.",
        "凡显示该记录之处均显示该答辩。",
    ),
    "reply.answered": (
        "The answer is shown beside the reply.",
        "答复与答辩一并显示。",
    ),
    "reply.removed": ("It is shown no more.", "不再显示。"),
    "record.retracted": ("It counts no more.", "不再计分。"),
    "record.source-ends": (
        "The record expires then at the latest.",
        "该记录最迟于该日失效。",
    ),
    "link.ended": (
        "Nothing more is recorded about you by it.",
        "此后不再以其记录您的行为。",
    ),
    "stop.frozen": (
        "No record, no score and no answer from now on; your key can still undo it.",
        "自此无记录、无得分、无答复；您仍可用密钥撤销。",
    ),
    "stop.stopped": ("You have stopped, as of the day of the request.", "自请求之日起已停止。"),
    "stop.resumed": ("Your consent holds again from now on.", "您的同意自此恢复有效。"),
    "mandate.live": ("It is shown in every report.", "该委托在每份报告中列明。"),
    "mandate.ended": ("The mandate of {name} is over.", "对 {name} 的委托已结束。"),
    "mandate.revoked": ("It is over at once.", "立即结束。"),
    "second-key.kept": (
        "It is one of the three that recover a lost key.",
        "它是恢复丢失密钥的三方之一。",
    ),
    "second-key.removed": ("It is yours no longer.", "它不再属于您。"),
    "recovery.asked": (
        "Nothing changes unless another of three asks for the same.",
        "除非三方中的另一方提出同样请求，否则没有变化。",
    ),
    "recovery.waiting": (
        "The other key stands for you in 7 days, unless you stop it with your key.",
        "若您不以原密钥终止，7 天后由另一把密钥代替。",
    ),
    "recovery.done": ("The other key stands for you now.", "另一把密钥现已代替您的密钥。"),
    "recovery.lapsed": (
        "Nobody else asked in time: nothing changes.",
        "期限内无人再提出：没有变化。",
    ),
    "recovery.cancelled": ("Nothing changes.", "没有变化。"),
    "contact.kept": (
        "It is told that there is a notice, and no more.",
        "该地址只会被告知有一则通知，别无其他。",
    ),
    "contact.removed": ("It is told nothing any more.", "不再向该地址发送任何通知。"),
    "hold.held": (
        "It is not erased until {until}, and used for nothing else.",
        "至 {until} 不予删除，且不作他用。",
    ),
    "hold.ended": ("The hold for {claim} is over.", "为 {claim} 所作的保留已结束。"),
    "hold.released": ("Erasure goes on.", "删除继续进行。"),
}
"""What a case is then, by `lifecycle.state`."""

DOORS: Final[dict[str, Said]] = {
    "contest.file": ("Contest it", "提出异议"),
    "contest.add": ("Add words or files", "补充说明或文件"),
    "contest.ask-hearing": ("Ask for a hearing", "请求听证"),
    "contest.appeal": ("Go to the second instance", "提请二审"),
    "contest.take-back": ("Take the contest back", "撤回异议"),
    "restriction.say": ("Say something before it is decided", "在决定之前陈述"),
    "restriction.object": ("Object: then it does not begin", "提出反对：反对后不生效"),
    "restriction.hardship": ("Tell of a hardship, to be released", "说明特殊困难，以解除限制"),
    "restriction.contest": ("Contest the restriction", "对限制提出异议"),
    "reply.reply": ("Reply beside it", "在其旁答辩"),
    "reply.change": ("Change the reply", "修改答辩"),
    "reply.remove": ("Take the reply back", "收回答辩"),
    "stop.confirm": ("Confirm the stop", "确认停止"),
    "stop.resume": ("Undo the stop", "撤销停止"),
    "mandate.revoke": ("Take the mandate back", "收回委托"),
    "second-key.remove": ("Remove the second key", "移除备用密钥"),
    "recovery.cancel": ("Stop it with your key", "以您的密钥终止"),
    "contact.remove": ("Remove the address", "移除地址"),
    "hold.release": ("End the hold", "结束保留"),
    "consent.withdraw": ("Stop in this context", "在此场景中停止"),
    "consent.give": ("Agree anew", "重新同意"),
    "case.contest-decision": ("Contest the answer", "对答复提出异议"),
}
"""What can be done, by `lifecycle.event`, and in words of a door's own."""

PLAIN: Final[dict[str, Said]] = {
    "record.noticed": (
        "A record by {issuer}: {type} of {on}, {negative}.",
        "{issuer} 记录了 {on} 的 {type}（{negative}）。",
    ),
    "record.negative": ("a burden", "不利记录"),
    "record.positive": ("a good record", "有利记录"),
    "record.counts-from": ("It counts from {day} on.", "自 {day} 起计分。"),
    "record.changes": ("Its points change.", "其分值变化。"),
    "record.expires": ("It is gone.", "其失效。"),
    "record.counts": ("It begins to count.", "开始计分。"),
    "question.asked": (
        (
            "{party} asked for {purpose} in transaction {transaction}, about {reference}, and was"
            " answered: {answer}."
        ),
        (
            "{party} 为 {purpose} 在交易 {transaction} 中就 {reference} 提出查询，"
            "得到的答复是：{answer}。"
        ),
    ),
    "question.presented": ("your own presentation", "您本人出示的凭证"),
    "pack.published": (
        (
            "New rules were published for {context}, version {version}: {summary} They come into"
            " force on {force}."
        ),
        "{context} 发布了新规则，版本 {version}：{summary} 自 {force} 起生效。",
    ),
    "pack.force": (
        "The rules of {context}, version {version}, are in force now: {summary}",
        "{context} 的规则（版本 {version}）现已生效：{summary}",
    ),
    "pack.begins": ("They come into force.", "开始生效。"),
    "consent.ended": (
        (
            "Your consent for {context} has ended by itself. No record of yours counts there any"
            " more, unless you agreed anew."
        ),
        "您对 {context} 的同意已到期终止。除非您已重新同意，否则您的记录在该场景中不再计分。",
    ),
    "silence": ("Time ran out.", "期限已过。"),
    "elsewhere": ("Another case decided it.", "另一案件对此作出了决定。"),
    "by-itself": ("on {day} by itself: {words}", "{day} 自动：{words}"),
    "by-when": ("until {day}", "截止 {day}"),
    "undelivered": (
        "No message about this reached you.",
        "有关此事的消息未能送达您。",
    ),
    "nothing": ("Nothing is in the inbox.", "收件箱中没有内容。"),
}
"""The rest."""

KINDS: Final[dict[str, Said]] = {
    "guardian": ("guardian", "监护人"),
    "attorney": ("attorney", "受托代理人"),
    "interpreter": ("interpreter", "口译员"),
    "adviser": ("adviser", "顾问"),
    "email": ("e-mail", "电子邮件"),
    "webhook": ("webhook", "网络回调"),
}
"""Coded values inside sentences."""
