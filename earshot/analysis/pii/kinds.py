"""Kinds of personal data."""

from typing import Literal, get_args

Kind = Literal["card", "iban", "phone", "email", "number"]
"""``number``: of an account, an order, a document; or any other, also one of the kinds before that
was repaired or repeated in parts, so that its check fails."""
KINDS: tuple[Kind, ...] = get_args(Kind)
