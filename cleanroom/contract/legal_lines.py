"""The settings of `[legal]` as data: what each one asks, in English and French. Prompts, comments and `show` use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from cleanroom.contract.rules import FORBIDDEN_USES

Kind = Literal["text", "digest", "choice", "yes_no", "number", "day", "words"]
_ENTITY: Final = "parties.{role}"


@dataclass(frozen=True, slots=True)
class Line:
    """One setting: dotted path below `legal`, the rule that asks for it, labels, and what `contract new` proposes.

    `choices` of a choice; `usual` is proposed when there is a usual answer, "" means that none is an answer, None that
    there must be one.
    """

    path: str
    rule: str
    kind: Kind
    english: str
    french: str
    usual: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """The TOML table that holds it, dotted; "legal" for the first ones."""
        return "legal." + self.path.rpartition(".")[0] if "." in self.path else "legal"

    @property
    def key(self) -> str:
        """Its key in that table."""
        return self.path.rpartition(".")[2]


def _entity(role: str, english: str, french: str) -> tuple[Line, ...]:
    at = _ENTITY.format(role=role)
    return (
        Line(f"{at}.entity", "C-01", "text", f"{english}: legal entity", f"{french} : personne morale"),
        Line(f"{at}.registration", "C-01", "text", f"{english}: register and number", f"{french} : registre et numéro"),
        Line(f"{at}.address", "C-01", "text", f"{english}: registered address", f"{french} : siège"),
        Line(f"{at}.country", "C-01", "text", f"{english}: country (two letters)", f"{french} : pays (deux lettres)"),
        Line(f"{at}.contact", "C-01", "text", f"{english}: contact for this contract",
             f"{french} : contact pour ce contrat"),
        Line(f"{at}.dpo", "C-01", "text", f"{english}: data protection officer",
             f"{french} : délégué à la protection des données"),
        Line(f"{at}.basis", "C-03", "choice", f"{english}: legal basis", f"{french} : base légale", "consent",
             ("consent", "legitimate_interest")),
        Line(f"{at}.assessment_sha256", "C-03", "digest",
             f"{english}: SHA-256 of the legitimate interests assessment (none with consent)",
             f"{french} : SHA-256 de l'analyse d'intérêt légitime (aucune avec le consentement)", ""),
        Line(f"{at}.tracker_data", "C-03", "yes_no", f"{english}: do any of its data come from trackers",
             f"{french} : des données issues de traceurs", "no"),
    )


LINES: Final[tuple[Line, ...]] = (
    Line("role_model", "C-01", "choice", "Responsibility", "Modèle de responsabilité", "joint_controllers",
         ("joint_controllers", "controller_processor")),
    Line("processor", "C-01", "choice", "The party that is a processor only", "Partie seulement sous-traitante", "none",
         ("none", "advertiser", "retailer")),
    Line("arrangement_ref", "C-01", "text", "Reference of the arrangement (Art. 26) or processing agreement (Art. 28)",
         "Référence de l'accord conjoint (art. 26) ou de sous-traitance (art. 28)"),
    Line("arrangement_sha256", "C-01", "digest", "SHA-256 of that document", "SHA-256 de ce document"),
    Line("forbidden_uses", "C-02", "words", "Forbidden uses", "Usages interdits", " ".join(FORBIDDEN_USES)),
    *_entity("advertiser", "Advertiser", "Annonceur"),
    *_entity("retailer", "Retailer", "Distributeur"),
    Line("proof.available", "C-04", "yes_no", "Proof of consent is made available to the other party",
         "La preuve du consentement est mise à disposition de l'autre partie", "yes"),
    Line("proof.delay_days", "C-04", "number", "Within how many days", "Sous combien de jours", "10"),
    Line("proof.audit_right", "C-04", "yes_no", "The other party may audit it", "L'autre partie peut l'auditer", "yes"),
    Line("dpia.ref", "C-06", "text", "Impact assessment: reference", "Analyse d'impact : référence"),
    Line("dpia.sha256", "C-06", "digest", "Impact assessment: SHA-256", "Analyse d'impact : SHA-256"),
    Line("dpia.completed", "C-06", "day", "Impact assessment: date (YYYY-MM-DD)",
         "Analyse d'impact : date (AAAA-MM-JJ)"),
    Line("dpia.outcome", "C-06", "choice", "Impact assessment: outcome", "Analyse d'impact : conclusion",
         "risk_reduced", ("risk_reduced", "high_residual_risk")),
    Line("dpia.prior_consultation", "C-06", "text", "Reference of the authority's prior consultation (Art. 36)",
         "Référence de la consultation préalable de l'autorité (art. 36)", ""),
    Line("record.controllers", "C-07", "text", "Record (a): controllers and their officers",
         "Registre (a) : responsables et délégués"),
    Line("record.purposes", "C-07", "text", "Record (b): purposes", "Registre (b) : finalités",
         "Measuring whether people who were shown advertising bought; statistics only"),
    Line("record.subjects_and_data", "C-07", "text", "Record (c): people and data concerned",
         "Registre (c) : personnes et données concernées"),
    Line("record.recipients", "C-07", "text", "Record (d): recipients", "Registre (d) : destinataires",
         "Both parties, totals with noise only"),
    Line("record.transfers", "C-07", "text", "Record (e): transfers to third countries",
         "Registre (e) : transferts hors de l'Union", "None"),
    Line("record.erasure", "C-07", "text", "Record (f): time limits for erasure", "Registre (f) : délais d'effacement",
         "As in legal.retention"),
    Line("record.security", "C-07", "text", "Record (g): security measures", "Registre (g) : mesures de sécurité",
         "Private join with keyed tokens, encrypted sums, differential privacy, threshold, mutual TLS, signed logs"),
    Line("retention.data_days", "C-08", "number", "Age of the oldest data, days",
         "Âge des données les plus anciennes, jours", "396"),
    Line("retention.intermediates_hours", "C-08", "number", "Tokens and ciphertexts are kept, hours",
         "Conservation des jetons et chiffrés, heures", "24"),
    Line("retention.outputs_days", "C-08", "number", "Reports are kept, days", "Conservation des rapports, jours",
         "1096"),
    Line("transfers.countries", "C-09", "words", "Countries of processing (two letters each)",
         "Pays de traitement (deux lettres)"),
    Line("transfers.tool", "C-09", "choice", "Tool for transfers outside the EEA", "Outil de transfert hors EEE",
         "none", ("none", "adequacy_decision", "standard_clauses", "binding_corporate_rules")),
    Line("transfers.ref", "C-09", "text", "Reference of that tool", "Référence de cet outil", ""),
    Line("transfers.valid_until", "C-09", "day", "That tool is valid until (YYYY-MM-DD)",
         "Cet outil est valable jusqu'au (AAAA-MM-JJ)", ""),
)


def legal_toml(values: dict[str, str | bool | int | tuple[str, ...]]) -> str:
    """`[legal]` as commented TOML from a value for each path of LINES; days as "YYYY-MM-DD" texts."""
    text, section = "", ""
    for line in LINES:
        if line.section != section:
            section = line.section
            text += f"\n[{section}]\n" if text else f"[{section}]\n"
        text += f"# {line.english} ({line.rule})\n{line.key} = {_value(line, values[line.path])}\n"
    return text


def _value(line: Line, value: str | bool | int | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_quoted(word) for word in value)}]"
    return value if line.kind == "day" and value else _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
