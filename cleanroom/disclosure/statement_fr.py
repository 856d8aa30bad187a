"""The privacy statement in French: the same facts as `statement`, in the same order and with the same numbers."""

from __future__ import annotations

from decimal import Decimal
from importlib.metadata import version
from typing import Final

from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import Cost, RunCost, budget_of, influence, merging, run_cost
from cleanroom.disclosure.fact import Fact
from cleanroom.disclosure.padding import padding_terms
from cleanroom.disclosure.statement import noise_scales, posterior_text
from cleanroom.disclosure.statement_salted import in_mode


def privacy_statement_fr(plan: Plan, cumulative: Cost, own: RunCost | None = None) -> tuple[Fact, ...]:
    """All facts about one run. `cumulative`: what the contract has spent so far, this run included.

    `own`: what this run spent, where that is not what one of the plan costs (it repeated an earlier table).
    """
    facts = in_mode(plan, (*_guarantee(plan), *_mechanism(plan), *_spending(plan, cumulative, own), *_limits(plan)),
                    "fr")
    return tuple(Fact(fact.id, fact.title, fact.text.replace(" ;", "\u202f;").replace(" :", "\u00a0:"))
                 for fact in facts)


def _guarantee(plan: Plan) -> tuple[Fact, ...]:
    caps = " ; ".join(f"{s.name} de 0 à {s.cap}" for s in plan.contract.statistics)
    return (
        Fact("unit", "Unité protégée",
             "une personne de la liste dédoublonnée qui entre dans le protocole : des cartes ou des adresses qu’une "
             "partie n’a pas reliées comptent pour plusieurs personnes"),
        Fact("neighbours", "Données voisines",
             f"une personne de plus ou de moins dans la liste dédoublonnée d’une des parties{_shared_keys(plan)}"),
        Fact("caps", "Contribution d’une personne",
             f"une seule cellule par personne ; chaque valeur est écrêtée avant "
             f"{'addition' if plan.salted else 'chiffrement'} : {caps}"),
        Fact("trust", "Qui ajoute le bruit",
             "chaque partie ajoute à sa propre part un bruit de pleine échelle : chacune est protégée de "
             "l’autre par un "
             "bruit que l’autre ne connaît pas, et personne ne voit de total sans bruit. Cela vaut pour des "
             "parties qui "
             "exécutent le logiciel convenu"),
    )


def _mechanism(plan: Plan) -> tuple[Fact, ...]:
    terms, match = padding_terms(plan), plan.contract.match
    epsilon, delta = _decimal(str(match.epsilon)), _decimal(str(match.delta))
    scales = " ; ".join(_scales(plan, index) for index in range(len(plan.contract.releases)))
    return (
        Fact("mechanism", "Mécanisme",
             "Laplace discret sur chaque total ouvert, une fois par partie ; tirage et calcul de la garantie : OpenDP "
             f"{version('opendp')}, make_laplace sur des entiers de 64 bits"),
        Fact("scales", "Échelles du bruit", scales),
        Fact("padding", "Remplissage",
             f"tailles et nombres d’appariements portent de 0 à {terms.most} leurres, tirés d’un Laplace discret "
             f"d’échelle 1/{epsilon} tronqué à cet intervalle : ε {epsilon} et δ {delta} pour chacun{_merging(plan)}"),
        Fact("threshold", "Seuil",
             f"les groupes dont le décompte bruité est inférieur à {plan.contract.disclosure.threshold} sont masqués ; "
             "un groupe masqué n’est pas un groupe vide. Les deux parties voient son décompte bruité, et aucune de ses "
             "sommes"),
    )


def _spending(plan: Plan, cumulative: Cost, own: RunCost | None) -> tuple[Fact, ...]:
    cost, budget = own or run_cost(plan), budget_of(plan.contract)
    weak = " ; ce n’est pas une protection forte" if cumulative.epsilon >= 5 else ""
    return (
        Fact("run", "Dépensé par cette exécution",
             f"ε {_decimal(cost.total.epsilon_text)} (appariement {_decimal(cost.transcript.epsilon_text)}, "
             f"publication "
             f"{_decimal(cost.release.epsilon_text)}), δ {_decimal(cost.total.delta_text)}"),
        Fact("cumulative", "Dépensé par toutes les exécutions de ce contrat",
             f"ε {_decimal(cumulative.epsilon_text)} sur {_decimal(budget.epsilon_text)}, δ "
             f"{_decimal(cumulative.delta_text)} sur {_decimal(budget.delta_text)}. Rien ne remet ce compte à "
             f"zéro ; un "
             "nouveau contrat signé par les deux parties ouvre un nouveau budget, et pour les personnes présentes dans "
             "les deux, les dépenses s’additionnent"),
        Fact("composition", "Composition",
             "de base : appariement et publication s’additionnent, les publications s’additionnent, le décompte et les "
             f"sommes d’un groupe s’additionnent ; les groupes disjoints d’une publication, non{_displacement(plan)}"),
        Fact("posterior", "En clair",
             "quelqu’un qui donnait une chance sur deux à la participation d’une personne peut monter à "
             f"{_posterior(cost.total.epsilon)} au plus par cette exécution et à {_posterior(cumulative.epsilon)} au "
             f"plus par toutes les exécutions{weak}"),
        Fact("delta", "Sens de δ",
             f"cette borne peut manquer avec une probabilité d’environ {_decimal(cumulative.delta_text)} au plus ; les "
             "nombres publiés eux-mêmes ne demandent aucun δ"),
    )


def _limits(plan: Plan) -> tuple[Fact, ...]:
    conflicts = "" if len(plan.contract.match.keys) == 1 else (
        " ; le nombre de personnes du distributeur qui correspondent à deux personnes de l’annonceur par des clés "
        "différentes")
    return (
        Fact("unprotected", "Ce qui n’est pas protégé",
             "qu’une exécution a eu lieu, a été refusée ou interrompue, et sa durée ; le nombre de lignes refusées par "
             f"les contrôles de chaque partie ; ce que le détenteur d’une fiche sait déjà{conflicts}"),
        Fact("regulator", "Statut",
             "aucun texte d’une autorité n’accepte un ε donné ; ce choix appartient aux parties et doit être "
             "validé par "
             "leurs délégués à la protection des données"),
    )


def _shared_keys(plan: Plan) -> str:
    types = len(plan.contract.match.keys)
    return "" if types == 1 else (
        " ; une personne ajoutée aux fichiers d’une partie avant le dédoublonnage peut aussi retirer une clé à chacune "
        f"de {types} autres au plus, ce qui n’est pas compté ici")


def _displacement(plan: Plan) -> str:
    times = influence(len(plan.contract.match.keys))
    return "" if times == 1 else (
        f" ; la publication compte {times} fois, parce qu’avec plusieurs types de clés une personne peut déplacer "
        "l’appariement d’une autre")


def _merging(plan: Plan) -> str:
    times = merging(plan.contract)
    return "" if not times else (
        f" ; les parcours ou ensembles de canaux rares à fusionner découlent de décomptes bruités : {times} × "
        f"ε {_decimal(str(plan.contract.match.epsilon))}")


def _scales(plan: Plan, release: int) -> str:
    names = {"arm": "bras", "campaign": "campagne", "channels": "canaux", "path": "parcours", "frequency": "fréquence",
             "engagement": "engagement", "periods": "périodes"}
    terms = plan.contract.releases[release]
    name = " × ".join(names.get(d, d) for d in terms.dimensions) or "ensemble"
    name = name if terms.attribution is None else f"crédit {_METHODS[terms.attribution]}"
    return f"{name} : " + ", ".join(f"{of or 'personnes'} {_decimal(scale)}"
                                    for of, scale in noise_scales(plan, release))


_METHODS: Final = {"first": "au premier contact", "last": "au dernier contact", "linear": "linéaire",
                   "position": "selon la position", "time_decay": "décroissant dans le temps"}


def _posterior(epsilon: Decimal) -> str:
    return _decimal(posterior_text(epsilon)).replace("more than", "plus de").replace(" %", "\u00a0%")


def _decimal(text: str) -> str:
    return text.replace(".", ",")
