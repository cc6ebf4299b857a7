"""Answers to relying parties."""

from standing.cases.decisions import (
    CLEAR,
    Answer,
    Asked,
    check_purpose,
    read_answer,
    read_question,
    sign_answer,
    sign_question,
)

__all__ = [
    "CLEAR",
    "Answer",
    "Asked",
    "check_purpose",
    "read_answer",
    "read_question",
    "sign_answer",
    "sign_question",
]
