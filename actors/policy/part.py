"""What every section of the policy is: a frozen struct that knows no other fields."""

from __future__ import annotations

import msgspec


class PolicyPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of policy sections."""
