"""Columns of consent records and of the suppression list."""

from __future__ import annotations

from typing import Final

REQUIRED_COLUMNS: Final = ("record_id", "person", "purpose", "legal_basis", "status", "event_time", "scope",
                           "recipients")
OBJECTION_COLUMNS: Final = ("objection_marketing_at", "objection_general_at", "erased_at")
OPTIONAL_COLUMNS: Final = (
    "schema", "party_id", "expires_at", "channel", "method", "supersedes", "notice_id", "notice_sha256",
    "notice_language", "withdrawal_url", "proof_kind", "proof_ref", "proof_sha256", "proof_tsa_token", "tc_string",
    "gvl_version", "ac_string", *OBJECTION_COLUMNS, "birth_year", "parental_consent_ref", "last_activity_at",
    "last_activity_kind", "precise_location", "source", "jurisdiction")

REPEATED_COLUMNS: Final = (
    "person", "schema", "party_id", "purpose", "legal_basis", "status", "scope", "recipients", "channel", "method",
    "expires_at", "notice_id", "notice_sha256", "notice_language", "withdrawal_url", "proof_kind", "gvl_version",
    "birth_year", "last_activity_kind", "precise_location", "source", "jurisdiction")
AS_OF: Final = "as_of"  # of the suppression list: when it was exported
