"""Rules over several settings of one contract. Each refusal names the setting."""

from __future__ import annotations

import base64
from collections.abc import Sequence, Set

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from cleanroom import limits
from cleanroom.contract.keys import KEYS_OF
from cleanroom.contract.model import Contract, Party, Release, Role
from cleanroom.contract.plan import Plan
from cleanroom.contract.values import NEW_TO_BRAND_DAYS, check_statistics, check_values
from cleanroom.errors import ContractError

ROLES: tuple[Role, Role] = ("advertiser", "retailer")


def check_shape(contract: Contract, source: str) -> None:
    """Raise ContractError for the first combination of settings that makes no sense or exceeds a bound."""
    try:
        _check_parties(contract)
        _check_dates(contract)
        _check_keys(contract)
        _check_consent(contract)
        _check_period(contract)
        _check_dimensions(contract)
        _check_releases(contract)
        _check_sizes(contract)
    except ContractError as error:
        raise ContractError(error.what, where=source, todo=error.todo or "mend the setting") from error


def decode_base64(value: str, setting: str) -> bytes:
    """Strict base64. ContractError naming `setting`."""
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:  # also for letters that are not ASCII
        raise ContractError(f"{setting}: not base64") from error


def signing_key(contract: Contract, role: Role) -> bytes:
    """The 32-byte Ed25519 public key of a party."""
    key = decode_base64(contract.party(role).signing_key, f"parties.{role}.signing_key")
    if len(key) != 32:
        raise ContractError(f"parties.{role}.signing_key: an Ed25519 public key has 32 bytes, this one {len(key)}")
    return key


def check_certificate(der: bytes, setting: str) -> None:
    """A well-formed, self-signed certificate of an ECDSA P-256 key, as `init` makes. ContractError names `setting`.

    TLS libraries get a partner's certificate as a root: one that they cannot read would end the whole node, and one
    that may issue others would give a partner as many names as it likes.
    """
    try:
        found = x509.load_der_x509_certificate(der)
        found.verify_directly_issued_by(found)
        key = found.public_key()
        usable = (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
                  and not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion, x509.ExtensionNotFound,
            x509.DuplicateExtension):
        usable = False
    if not usable:
        raise ContractError(f"{setting}: not the certificate of a node")


def certificate(contract: Contract, role: Role) -> bytes:
    """DER of the only certificate accepted from a party's node."""
    return decode_base64(contract.party(role).certificate, f"parties.{role}.certificate")


def _check_parties(contract: Contract) -> None:
    keys = [signing_key(contract, role) for role in ROLES]
    pins = [certificate(contract, role) for role in ROLES]
    if keys[0] == keys[1] or pins[0] == pins[1]:
        raise ContractError("parties: both parties have the same key or certificate")
    names = [_party.name for _party in _parties(contract)]
    if names[0] == names[1]:
        raise ContractError("parties: both parties have the same name")


def _parties(contract: Contract) -> tuple[Party, Party]:
    return contract.parties.advertiser, contract.parties.retailer


def _check_dates(contract: Contract) -> None:
    calendar = contract.calendar
    if contract.not_before >= contract.not_after:
        raise ContractError("not_after: is not later than not_before")
    if calendar.exposures_from > calendar.exposures_until:
        raise ContractError("calendar.exposures_until: is before exposures_from")
    span = (calendar.exposures_until - calendar.exposures_from).days + 1
    history = NEW_TO_BRAND_DAYS if any(s.customers == "new_to_brand" for s in contract.statistics) else 0
    needed = span + calendar.period_days + calendar.window_days + history
    if needed > contract.consent.lookback_days:
        raise ContractError(
            f"consent.lookback_days: the calendar spans {needed} days, the look-back only "
            f"{contract.consent.lookback_days}")


def _check_keys(contract: Contract) -> None:
    match = contract.match
    _unique("match.keys", match.keys)
    for key in match.keys:
        if key not in KEYS_OF[match.normalisation]:
            raise ContractError(f"match.keys: the profile {match.normalisation} has no rule for {key!r}",
                                todo="leave the key out, or agree on another profile")


def _check_consent(contract: Contract) -> None:
    consent = contract.consent
    for role in ROLES:
        notices = [(notice.id, notice.sha256) for notice in consent.notices if notice.party == role]
        _unique("consent.notices", notices)
        _unique(f"consent.tcf_vendors.{role}", consent.tcf_vendors.of(role))
    for table, columns in consent.columns.items():
        _unique(f"consent.columns.{table}", columns)


def _check_period(contract: Contract) -> None:
    terms = contract.disclosure
    if (terms.runs_per_period is None) != (terms.period_days is None):
        raise ContractError("disclosure.runs_per_period: needs disclosure.period_days, and the other way round")


def _check_dimensions(contract: Contract) -> None:
    _unique("dimensions", [dimension.name for dimension in contract.dimensions])
    if contract.dimensions[0].name != "arm":
        raise ContractError("dimensions: the first one must be `arm`")
    for dimension in contract.dimensions:
        _unique(f"dimensions.{dimension.name}.values", dimension.values)
    _unique("statistics", [statistic.name for statistic in contract.statistics])
    _unique("metrics", contract.metrics)
    if any(statistic.name == "people" for statistic in contract.statistics):
        raise ContractError("statistics: `people` is always counted; do not list it")
    check_values(contract)
    check_statistics(contract)


def _check_releases(contract: Contract) -> None:
    known = {dimension.name for dimension in contract.dimensions}
    named = {statistic.name for statistic in contract.statistics}
    for index, release in enumerate(contract.releases):
        _listed(f"releases.{index}.dimensions", release.dimensions, known, "dimension")
        _listed(f"releases.{index}.statistics", release.statistics, named, "statistic")
        if release.attribution is not None:
            _check_attribution(f"releases.{index}", release, known)
    _unique("releases", [(frozenset(release.dimensions), release.attribution) for release in contract.releases])


def _check_attribution(setting: str, release: Release, known: Set[str]) -> None:
    if release.dimensions:
        raise ContractError(f"{setting}.dimensions: the rows of an attribution release are channels; leave it empty")
    if not known & ({"path", "channels"} if release.attribution == "linear" else {"path"}):
        raise ContractError(f"{setting}.attribution: {release.attribution} needs the dimension path",
                            todo="add the dimension, or use linear, for which channels is enough")


def _listed(setting: str, names: Sequence[str], known: Set[str], what: str) -> None:
    _unique(setting, names)
    if unknown := set(names) - known:
        raise ContractError(f"{setting}: {sorted(unknown)[0]!r} is not a {what}")


def _check_sizes(contract: Contract) -> None:
    plan = Plan(contract)
    sums = sum(1 + len(contract.releases[group.release].statistics) for group in plan.groups)
    for what, size, most in (("cells", len(plan.cells), limits.MAX_CELLS),
                             ("encrypted columns", 1 + len(plan.columns), limits.MAX_COLUMNS),
                             ("released sums", sums, limits.MAX_RELEASED_SUMS)):
        if size > most:
            raise ContractError(f"the contract makes {size} {what}, more than {most}",
                                todo="use fewer dimensions, periods or statistics")


def _unique(setting: str, values: Sequence[object]) -> None:
    if len(set(values)) != len(values):
        raise ContractError(f"{setting}: lists a value twice")
