"""The catalogue: every text of the pages, in English and in Simplified Chinese, side by side.

A message is found by its id; `{names}` in braces are filled in. Both languages say the same, and
GLOSSARY.md gives the Chinese word of every term.
"""

from typing import Final

from standing.pages._sheet_words import SHEET_WORDS

LANGUAGES: Final = ("en", "zh-Hans")

WORDS: Final[dict[str, tuple[str, str]]] = {
    **SHEET_WORDS,
    # --- small words --------------------------------------------------------------------------
    "day": ("{day} {month} {year}", "{year}年{month}{day}日"),
    "months": (
        "January February March April May June July August September October November December",
        "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
    ),
    "range": ("{low} to {high}", "{low} 至 {high}"),
    "space": (" ", ""),
    "list": (", ", "、"),
    "subject": ("1 subject", "1 名当事人"),
    "subjects": ("{n} subjects", "{n} 名当事人"),
    "left-out": ("left out", "略去"),
    "many-more": ("{names} and {n} more", "{names}等（另有 {n} 个）"),
    # --- head ---------------------------------------------------------------------------------
    "title": ("What a pack would change: {context}", "规则包将带来的变化：{context}"),
    "stamp": ("Simulated: nothing was changed", "模拟结果：没有任何改动"),
    "lead": (
        (
            "Everyone in the context is scored twice on the same records: as if the old pack had "
            "always ruled, and as if the new one had."
        ),
        "以同样的记录为场景中的每个人计分两次：一次如同旧规则包一直有效，一次如同新规则包一直有效。",
    ),
    "contents": ("On this page", "本页内容"),
    "head.context": ("Context", "场景"),
    "head.day": ("Day", "日期"),
    "head.subjects": ("Subjects", "当事人"),
    "head.old": ("Old pack", "旧规则包"),
    "head.new": ("New pack", "新规则包"),
    "head.digest": ("digest", "摘要"),
    "head.rules": ("digest of the rules alone", "仅规则部分的摘要"),
    "head.no-old": ("not published: nothing to name", "未发布：无摘要"),
    "head.command": ("Make this page again", "重新生成本页"),
    "head.nobody": (
        "Fewer than five subjects can be scored in this context: there is nothing to tell.",
        "此场景中可评分的当事人不足五名：没有可以说明的内容。",
    ),
    # --- findings -----------------------------------------------------------------------------
    "findings.blocked": ("This pack would not load yet", "此规则包目前还不能载入"),
    "findings.open": ("This pack loads with justifications", "此规则包附有理由，可以载入"),
    "findings.lead": (
        (
            "The linter checks every pack before it may be published. "
            "Correct the lines named, or write the justification where one is allowed."
        ),
        "每个规则包在发布前都要经过检查。请更正所列各行；允许说明理由之处，请写明理由。",
    ),
    "findings.caption": ("What the linter found, line by line", "检查结果，逐行列出"),
    "findings.code": ("Code", "代码"),
    "findings.line": ("Line", "行"),
    "findings.got": ("Got", "实际"),
    "findings.allowed": ("Allowed", "允许"),
    "findings.why": ("Why", "原因"),
    "findings.effect": ("Effect", "后果"),
    "findings.refuse": ("keeps the pack out", "规则包不能载入"),
    "findings.justify": ("waits for a written justification", "等待书面理由"),
    "findings.justified": ("justified in the pack", "规则包中已说明理由"),
    # --- plots in general ---------------------------------------------------------------------
    "plot.how": ("How to read it", "读图方法"),
    "plot.table": ("The same numbers as a table", "以表格列出同样的数字"),
    "plot.desc": (
        "{how} The same numbers stand in the table below the figure.",
        "{how}图下表格列出同样的数字。",
    ),
    "plot.scroll": ("{title} (scrolls sideways)", "{title}（可左右滚动）"),
    "plot.hatch": (
        "Hatched and “–”: left out, to protect few.",
        "斜线和“–”：为保护少数人而略去。",
    ),
    "plot.broken": (
        "A bar with gaps is longer than drawn.",
        "带缺口的条形比所画的更长。",
    ),
    "before": ("before", "之前"),
    "after": ("after", "之后"),
    # --- who falls, who rises -----------------------------------------------------------------
    "changes.heading": ("Who falls, who rises", "谁下降，谁上升"),
    "changes.title": ("Of {all}, {higher} and {lower}", "{all}中，{higher}，{lower}"),
    "changes.higher": ("{n} score higher", "{n} 名得分升高"),
    "changes.lower": ("{n} lower", "{n} 名得分降低"),
    "changes.higher-out": (
        "a number left out score higher",
        "得分升高的数目略去",
    ),
    "changes.lower-out": ("a number left out lower", "得分降低的数目略去"),
    "changes.how": (
        "One bar for each way a score can go; its length is the number of subjects.",
        "得分的每种变化一个条形，长度表示当事人数目。",
    ),
    "changes.caption": ("Subjects by how their score changes", "按得分变化统计的当事人"),
    "changes.way": ("Score", "得分"),
    "changes.row-higher": ("▲ rises", "▲ 升高"),
    "changes.row-same": ("= stays", "= 不变"),
    "changes.row-lower": ("▼ falls", "▼ 降低"),
    "count": ("Subjects", "当事人"),
    # --- moves between bands ------------------------------------------------------------------
    "moves.heading": ("Moves between bands", "等级之间的变动"),
    "moves.title": ("Of {all}, {better} and {worse}", "{all}中，{better}，{worse}"),
    "moves.better": ("{n} move to a better band", "{n} 名进入更高的等级"),
    "moves.better-least": (
        "{n} or more move to a better band",
        "至少 {n} 名进入更高的等级",
    ),
    "moves.better-out": (
        "a number left out move to a better band",
        "进入更高等级的数目略去",
    ),
    "moves.worse": ("{n} to a worse one", "{n} 名进入更低的等级"),
    "moves.worse-least": ("{n} or more to a worse one", "至少 {n} 名进入更低的等级"),
    "moves.worse-out": ("a number left out to a worse one", "进入更低等级的数目略去"),
    "moves.title-differ": (
        "The bands change: from {old} to {new}",
        "等级有变：从{old}变为{new}",
    ),
    "moves.how": (
        (
            "A row is a band before, a column a band after; "
            "the deeper a cell, the larger its share of the row."
        ),
        "每行是之前的等级，每列是之后的等级；格子颜色越深，占该行的比例越大。",
    ),
    "moves.caption": (
        "Subjects by band before (rows) and band after (columns)",
        "按之前的等级（行）和之后的等级（列）统计的当事人",
    ),
    "moves.corner": ("before ↓ after →", "之前 ↓ 之后 →"),
    "moves.stays": ("stays", "不变"),
    "moves.up": ("▲ better", "▲ 更高"),
    "moves.down": ("▼ worse", "▼ 更低"),
    # --- scores -------------------------------------------------------------------------------
    "scores.heading": ("Scores before and after", "之前和之后的得分"),
    "scores.title": (
        "Most stand at {stretch}: {before} before, {after} after",
        "最多的人得分为 {stretch}：之前 {before}，之后 {after}",
    ),
    "scores.title-out": (
        "Every number above zero is left out",
        "所有大于零的数目都已略去",
    ),
    "scores.how": (
        (
            "A row is a stretch of scores {width} wide, the highest on top; "
            "bars to the left count subjects before, bars to the right after."
        ),
        "每行是宽度为 {width} 的得分区间，最高的在上；左侧条形是之前的当事人数目，右侧是之后的。",
    ),
    "scores.base": (
        (
            "The lines at both edges mark the base band ({old} before, {new} after); "
            "◆ marks where everyone starts."
        ),
        "两侧的竖线标出起始等级（之前为 {old}，之后为 {new}）；◆ 标出每个人的起始分。",
    ),
    "scores.caption": ("Subjects by score before and after", "按得分统计的当事人，之前和之后"),
    "scores.from": ("score from", "得分起"),
    "scores.stretch": ("Scores", "得分"),
    # --- consequences -------------------------------------------------------------------------
    "flips.heading": ("Consequences that come or go", "出现或消失的后果"),
    "flips.title": (
        "“{title}” changes most: it comes for {comes} and goes for {goes}",
        "“{title}”变化最大：对 {comes} 名出现，对 {goes} 名消失",
    ),
    "flips.title-same": (
        "No consequence comes or goes for anybody",
        "没有任何后果对任何人出现或消失",
    ),
    "flips.title-out": (
        "For how many a consequence comes or goes is left out",
        "后果对多少人出现或消失已略去",
    ),
    "flips.how": (
        (
            "One row a consequence: to the left for how many it goes, to the right for how many it "
            "comes."
        ),
        "每个后果一行：左侧是对多少人消失，右侧是对多少人出现。",
    ),
    "flips.human": (
        (
            "A restriction (ochre) is counted where the records for a proposal are there; "
            "whether it is proposed and applied, a human decides."
        ),
        "限制（赭色）只统计具备提议所需记录的人；是否提议、是否适用，由人决定。",
    ),
    "flips.caption": ("Subjects by consequence", "按后果统计的当事人"),
    "flips.none": (
        "Neither pack has a restriction or a perk.",
        "两个规则包都没有限制，也没有优待。",
    ),
    "flips.what": ("Consequence", "后果"),
    "flips.kind": ("Kind", "种类"),
    "flips.code": ("Code", "代码"),
    "flips.restriction": ("Restriction", "限制"),
    "flips.perk": ("Perk", "优待"),
    "flips.comes": ("comes", "出现"),
    "flips.goes": ("goes", "消失"),
    "flips.stays": ("stays", "不变"),
    # --- parts of the population --------------------------------------------------------------
    "parts.heading": ("By region and group", "按地区和群体"),
    "parts.region": ("By region", "按地区"),
    "parts.group": ("By group", "按群体"),
    "parts.other": ("By {division}", "按 {division}"),
    "parts.ratio-region": ("Ratio between regions", "地区之间的比率"),
    "parts.ratio-group": ("Ratio between groups", "群体之间的比率"),
    "parts.ratio-other": ("Ratio by {division}", "按 {division} 的比率"),
    "parts.none": (
        "Nobody said to which region or group they belong, so nothing is told here.",
        "没有人说明自己的地区或群体，因此这里没有数字。",
    ),
    "parts.title": (
        (
            "The share in the base band or above changes most in {name}: {before} before, "
            "{after} after"
        ),
        "处于起始等级或以上的比例在 {name} 变化最大：之前 {before}，之后 {after}",
    ),
    "parts.title-same": (
        "The share in the base band or above changes nowhere",
        "处于起始等级或以上的比例没有任何变化",
    ),
    "parts.title-known": (
        "No share that is shown changes",
        "显示的比例没有任何变化",
    ),
    "parts.dash": (
        "“–”: left out, because it would tell of few or cannot be drawn.",
        "“–”：会透露少数人的情况或无法计算，因此略去。",
    ),
    "parts.title-out": ("Every share is left out", "所有比例都已略去"),
    "parts.how": (
        (
            "The share of each part that stands in the base band or above: hollow before, filled "
            "after; lines are 95% intervals. The largest fall comes first."
        ),
        (
            "各部分中处于起始等级或以上的比例：空心为之前，实心为之后；"
            "横线是 95% 区间。降幅最大的在最前。"
        ),
    ),
    "parts.caption": (
        "Share in the base band or above, with 95% intervals",
        "处于起始等级或以上的比例及 95% 区间",
    ),
    "parts.name": ("Part", "部分"),
    "parts.share-before": ("Share before", "之前的比例"),
    "parts.share-after": ("Share after", "之后的比例"),
    "parts.interval": ("95% interval", "95% 区间"),
    "parts.lower": ("Score lower", "得分降低"),
    "parts.higher": ("Score higher", "得分升高"),
    "parts.small": ("parts of fewer than five", "不足五人的部分"),
    "ratios.title": (
        "All {n} intervals lie within 0.8 to 1.25",
        "全部 {n} 个区间都在 0.8 至 1.25 之内",
    ),
    "ratios.title-one": ("The interval lies within 0.8 to 1.25", "该区间在 0.8 至 1.25 之内"),
    "ratios.title-outside": (
        "{n} of {all} intervals reach outside 0.8 to 1.25: {names}",
        "{all} 个区间中有 {n} 个超出 0.8 至 1.25：{names}",
    ),
    "ratios.title-out": ("No ratio can be shown", "没有可显示的比率"),
    "ratios.how": (
        (
            "The share after of each part, divided by everybody else’s; lines are 95% intervals, "
            "the shaded band is 0.8 to 1.25 (L42). 1 is the same share."
        ),
        (
            "各部分之后的比例除以其他人的比例；横线是 95% 区间，阴影为 0.8 至 1.25（L42）。"
            "1 表示比例相同。"
        ),
    ),
    "ratios.caption": ("Ratio of shares after, with 95% intervals", "之后比例的比率及 95% 区间"),
    "ratios.ratio": ("Ratio", "比率"),
    "ratios.inside": ("within", "之内"),
    "ratios.outside": ("reaches outside", "超出"),
    "ratios.verdict": ("0.8 to 1.25", "0.8 至 1.25"),
    # --- impact, force, protection ------------------------------------------------------------
    "impact.heading": ("Impact that the pack has to state", "规则包须说明的影响"),
    "impact.inside": (
        "All ratios between groups lie in the interval {range}, which is within 0.8 to 1.25 (L42).",
        "群体之间的所有比率都在 {range} 区间内，该区间在 0.8 至 1.25 之内（L42）。",
    ),
    "impact.outside": (
        (
            "All ratios between groups lie in the interval {range}, which reaches outside 0.8 to "
            "1.25: the pack has to state “not shown”, and its restrictions load only with a "
            "written justification (L42)."
        ),
        (
            "群体之间的所有比率都在 {range} 区间内，该区间超出 0.8 至 1.25："
            "规则包须写明“未显示”，其限制须附书面理由才能载入（L42）。"
        ),
    ),
    "impact.not-shown": (
        (
            "The impact on groups is not shown: at least one ratio cannot be drawn without telling "
            "of a few, or nobody named a group. Restrictions then load only with a written "
            "justification (L42)."
        ),
        "对群体的影响未显示：至少有一个比率会透露少数人的情况，或没有人说明群体。此时限制须附书面理由才能载入（L42）。",
    ),
    "force.heading": ("The first day of force", "生效首日"),
    "force.when": ("{day}: ", "{day}："),
    "force.nobody": (
        (
            "on the first day of force nobody falls, because each window keeps the milder rules "
            "(L37). {higher}"
        ),
        "生效首日没有人下降，因为每个时段都保留较轻的规则（L37）。{higher}",
    ),
    "force.some": (
        "on the first day of force {lower} Each window keeps the milder rules (L37). {higher}",
        "生效首日，{lower}每个时段都保留较轻的规则（L37）。{higher}",
    ),
    "force.lower": ("{n} fall.", "{n} 名下降。"),
    "force.lower-out": (
        "a number left out fall.",
        "下降的数目略去。",
    ),
    "force.higher": ("{n} rise.", "{n} 名上升。"),
    "force.higher-none": ("Nobody rises.", "没有人上升。"),
    "force.higher-out": ("How many rise is left out.", "上升的数目略去。"),
    "force.unknown": (
        "Not part of this simulation: the new pack does not follow the published ones.",
        "不在本次模拟之内：新规则包并非已发布规则包的后续版本。",
    ),
    "protected.heading": ("How small counts are protected", "如何保护小数目"),
    "protected.counts": (
        (
            "Every count of one to four is left out (“–” and hatching); all others are rounded to "
            "fives, so that no sum and no difference gives a left-out one away. Rounded counts "
            "need not add up."
        ),
        "一至四的数目全部略去（“–”和斜线）；其余数目均取最接近的五的整数倍，使合计与差额都推算不出略去的数目。因此各数相加未必等于合计。",
    ),
    "protected.parts": (
        (
            "A part to which fewer than five belong is not named. A share or ratio that would tell "
            "of fewer than five is left out as well."
        ),
        "不足五人的部分不列名称；会透露不足五人情况的比例和比率同样略去。",
    ),
    "protected.scores": (
        "Region and group are what subjects freely say of themselves. No score can see them.",
        "地区和群体由当事人自愿说明，任何得分都看不到它们。",
    ),
}
