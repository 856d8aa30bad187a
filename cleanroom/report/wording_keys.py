"""Words of match keys, devices and refused values in the owner's part. Keys as in `wording`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KEYS: Final[Mapping[str, str]] = {
    "n_email_2": "second e-mail", "n_email_sha256": "hashed e-mail", "n_phone_2": "second phone",
    "n_loyalty_2": "second loyalty card", "n_postal": "name and address",
    "n_email_2_invalid": "Second e-mail not valid", "n_email_2_shared": "Second e-mail shared by several people",
    "n_email_sha256_invalid": "Hashed e-mail not valid",
    "n_email_sha256_shared": "Hashed e-mail shared by several people",
    "n_phone_2_invalid": "Second phone not valid", "n_phone_2_shared": "Second phone shared by several people",
    "n_loyalty_2_invalid": "Second loyalty card not valid",
    "n_loyalty_2_shared": "Second loyalty card shared by several people",
    "n_postal_invalid": "Name and address not valid", "n_postal_shared": "Name and address shared by several people",
    "m_shared_drop": "A key value of several people is used for none of them.",
    "m_shared_unless_conflict":
        "A key value of several people is used for none of them, unless their records agree in every other key: then "
        "for the one with the most keys.",
    "t_keys": "Match keys of our people", "key": "Key", "key_used": "Used", "key_missing": "Missing",
    "key_refused": "Refused", "key_shared": "Lost to sharing", "key_matched": "Matched by it",
    "key_note": "Matched: people found by this key and by none before it, with the 95\u00a0% interval of the padding.",
    "t_why": "Refused keys, by reason", "forms": "Form of some (letters are a, digits 9)",
    "t_kinds": "Key values that several people have", "kind_common": "Of more people than a household",
    "kind_conflict": "Of people whose other keys differ", "kind_alike": "Of records that agree otherwise",
    "kind_kept": "\u2026 of these, people who keep it",
    "why_too_long": "Too long", "why_hidden_character": "Hidden character", "why_inner_space": "Space inside",
    "why_unstable_unicode": "Unstable Unicode", "why_not_one_at_sign": "Not one @",
    "why_local_part": "Left of the @", "why_domain": "Domain", "why_mixed_scripts": "Letters of several scripts",
    "why_form": "Form", "why_no_country": "Number without its country", "why_not_in_the_number_plan": "No such number",
    "why_check_digit": "Check digit", "why_hash_of_nothing": "Hash of an empty text", "why_name": "Name",
    "why_address": "Address", "why_postcode": "Postcode",
    "n_exposures_of_unknown_device": "Exposures of a device that nobody logged in on",
    "n_exposures_of_shared_device": "Exposures of a device of several people",
    "n_exposures_after_last_login": "Exposures after the last login on their device",
    "n_exposures_before_login_without_account_consent":
        "Exposures before the first login, of people who did not agree with their account",
    "n_tied_by_login_share": "Exposures tied by a login of that time",
    "n_tied_before_login_share": "Exposures tied by a later login",
}
