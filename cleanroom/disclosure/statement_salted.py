"""The facts of the privacy statement that are others in the salted-hash mode, in English and French."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from cleanroom.contract.plan import Plan
from cleanroom.disclosure.fact import Fact
from cleanroom.disclosure.padding import padding_terms
from cleanroom.rules import Language

# By id of the fact; {text} is what it says in the other mode.
_TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "trust": "each party adds noise of full scale, so no reader of the table and not the advertiser sees a total "
                 "without noise. The retailer does: it knows which of its customers are in which cell and computes the "
                 "exact totals, so nothing here protects the advertiser's people from the retailer. This holds for "
                 "parties that run the agreed software",
        "padding": "the size of each of the advertiser's cells and the retailer's number of people carry 0 to {most} "
                   "others, a discrete Laplace of scale 1/{epsilon} truncated to that range: ε {epsilon} and δ {delta} "
                   "for each. What the retailer recognises is exact. The charge of the match is that of the blinded "
                   "mode, an upper bound for what the advertiser learns",
        "posterior": "{text}. The retailer is not bound by this about its own customers",
        "unprotected": "from the retailer: which of its customers are in the advertiser's data, in which cell each of "
                       "them is, and whether any identifier that it can guess is there, telephone numbers above all; "
                       "from both: that a run took place, was refused or ended, and how long it took; how many rows "
                       "each party's own checks refused",
    },
    "fr": {
        "trust": "chaque partie ajoute un bruit de pleine échelle : ni un lecteur de la table ni l’annonceur ne voit "
                 "de total sans bruit. Le distributeur, si : il sait lesquels de ses clients sont dans quelle cellule "
                 "et calcule les totaux exacts ; rien ici ne protège donc les personnes de l’annonceur du "
                 "distributeur. Cela vaut pour des parties qui exécutent le logiciel convenu",
        "padding": "la taille de chaque cellule de l’annonceur et le nombre de personnes du distributeur en portent de "
                   "0 à {most} autres, tirées d’un Laplace discret d’échelle 1/{epsilon} tronqué à cet intervalle : "
                   "ε {epsilon} et δ {delta} pour chacun. Ce que le distributeur reconnaît est exact. "
                   "L’appariement est compté comme dans le mode aveuglé, ce qui majore ce que l’annonceur apprend",
        "posterior": "{text}. Le distributeur n’est pas tenu par cette borne pour ses propres clients",
        "unprotected": "pour le distributeur : lesquels de ses clients figurent dans les données de l’annonceur, dans "
                       "quelle cellule se trouve chacun, et si tout identifiant qu’il sait deviner y figure, les "
                       "numéros de téléphone surtout ; pour les deux : qu’une exécution a eu lieu, a été refusée ou "
                       "interrompue, et sa durée ; le nombre de lignes refusées par les contrôles de chaque partie",
    },
}


def in_mode(plan: Plan, facts: Sequence[Fact], language: Language) -> tuple[Fact, ...]:
    """The facts as they hold in the mode of the plan."""
    if not plan.salted:
        return tuple(facts)
    texts, match = _TEXTS[language], plan.contract.match
    epsilon, delta = f"{match.epsilon}", f"{match.delta}"
    if language == "fr":
        epsilon, delta = epsilon.replace(".", ","), delta.replace(".", ",")
    return tuple(replace(fact, text=texts.get(fact.id, "{text}").format(
        text=fact.text, most=padding_terms(plan).most, epsilon=epsilon, delta=delta)) for fact in facts)
