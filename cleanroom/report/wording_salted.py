"""What the pages say otherwise in the salted-hash mode: the keys of `wording` and `compliance.wording` that would not
be true of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ENGLISH: Final[Mapping[str, str]] = {
    # --- the measurement ----------------------------------------------------------------------------------
    "posterior_text":
        "In plain words: a reader of this report who is 50\u00a0% sure that a given person is in the data can become "
        "at most {run} sure from this run, and at most {cumulative} from all runs of this contract so far, except with "
        "a probability of about δ. The retailer is not bound by that: it knows this of its own customers. No regulator "
        "has named an acceptable ε.",
    "l_semi":
        "The mode protects the retailer’s purchases from the advertiser, and everybody from a reader of this report. "
        "It does not protect the advertiser’s people from the retailer. The retailer computes the totals alone: wrong "
        "ones would not be noticed, nor would false data of either party.",
    "m_clipping_text":
        "Each person's contribution to each sum is capped before addition: {caps}. What the caps cut off is missing "
        "from the totals.",
    # --- compliance ---------------------------------------------------------------------------------------
    "done_text": "{advertiser} knows who was shown the campaign {names} ({channels}, {when}). {retailer} knows what "
                 "its customers bought from {start} to {end}. From tokens of the advertiser’s people the retailer’s "
                 "computer learned which of its customers are among them and in which group, and added up what they "
                 "bought, in total and by group. The retailer showed the advertiser no customer.",
    "whose_matched": "About {people} people ({low} to {high}) were on both sides. The retailer’s computer knew, until "
                     "the run ended, who they are; the advertiser does not know.",
    "left_text": "From the advertiser to the retailer a token for each identifier of its people, group by group; at "
                 "the end, totals with random noise. {groups} The retailer could recognise its own customers by their "
                 "tokens. No purchase of a person left it.",
    "protected_text": "A reader of the totals who gives even odds that a certain person took part can become at most "
                      "{run} sure from this run, and at most {all} sure from all runs of this contract so far. The "
                      "retailer is not bound by that: it knows this of its own customers.",
    "linkability_text": "By the retailer, yes: inside the run it linked its customers with the advertiser’s people. "
                        "Nobody else can. Tokens are made with a key of this run that both computers delete "
                        "({protocol}), so tokens of two runs cannot be compared. Sizes carry dummies "
                        "(ε {match_epsilon}, δ {match_delta} each).",
    "limit_software": "A retailer that changed its software could keep the key of the run and look up any identifier "
                      "later, or release other totals; an advertiser that changed its own gains little.",
}
_FRENCH: Final[Mapping[str, str]] = {
    "posterior_text":
        "En clair\u00a0: un lecteur de ce rapport qui est sûr à 50\u00a0% qu’une personne donnée figure dans les "
        "données peut en devenir sûr à {run} au plus par cette exécution, et à {cumulative} au plus par toutes les "
        "exécutions de ce contrat jusqu’ici, sauf avec une probabilité d’environ δ. Le distributeur n’est pas tenu par "
        "cette borne\u202f: il le sait de ses propres clients. Aucune autorité n’a désigné d’ε acceptable.",
    "l_semi":
        "Ce mode protège les achats du distributeur de l’annonceur, et chacun d’un lecteur de ce rapport. Il ne "
        "protège pas les personnes de l’annonceur du distributeur. Le distributeur calcule seul les totaux\u00a0: des "
        "totaux faux ne se remarqueraient pas, ni de fausses données d’une des parties.",
    "m_clipping_text":
        "La contribution de chaque personne à chaque somme est plafonnée avant addition\u00a0: {caps}. Ce que les "
        "plafonds retranchent manque dans les totaux.",
    "done_text": "{advertiser} sait à qui la campagne {names} ({channels}, {when}) a été montrée. {retailer} sait ce "
                 "que ses clients ont acheté du {start} au {end}. À partir de jetons des personnes de l’annonceur, "
                 "l’ordinateur du distributeur a appris lesquels de ses clients en font partie et dans quel groupe, "
                 "et a additionné leurs achats, au total et par groupe. Le distributeur n’a montré aucun client à "
                 "l’annonceur.",
    "whose_matched": "Environ {people} personnes ({low} à {high}) étaient présentes des deux côtés. L’ordinateur du "
                     "distributeur savait, jusqu’à la fin de l’exécution, qui elles sont ; l’annonceur ne le sait pas.",
    "left_text": "De l’annonceur vers le distributeur, un jeton pour chaque identifiant de ses personnes, groupe par "
                 "groupe ; à la fin, des totaux porteurs d’un bruit aléatoire. {groups} Le distributeur pouvait "
                 "reconnaître ses propres clients à leurs jetons. Aucun achat d’une personne n’est sorti de chez lui.",
    "protected_text": "Un lecteur des totaux qui donne une chance sur deux à la participation d’une personne peut en "
                      "devenir sûr à {run} au plus par cette exécution, et à {all} au plus par toutes les exécutions "
                      "de ce contrat à ce jour. Le distributeur n’est pas tenu par cette borne : il le sait de ses "
                      "propres clients.",
    "linkability_text": "Le distributeur, oui : pendant l’exécution il a relié ses clients aux personnes de "
                        "l’annonceur. Personne d’autre. Les jetons sont faits avec une clé de cette exécution que les "
                        "deux ordinateurs effacent ({protocol}) : ceux de deux exécutions ne se comparent pas. Les "
                        "tailles portent des leurres (ε {match_epsilon}, δ {match_delta} chacune).",
    "limit_software": "Un distributeur qui modifierait son logiciel pourrait garder la clé de l’exécution et chercher "
                      "plus tard tout identifiant, ou publier d’autres totaux ; un annonceur qui modifierait le sien y "
                      "gagnerait peu.",
}
_LANGUAGES: Final = {"en": _ENGLISH, "fr": _FRENCH}


def worded(words: Mapping[str, str], document: Mapping[str, Any], language: str) -> Mapping[str, str]:
    """`words`, with those of the mode that the document names."""
    return {**words, **_LANGUAGES[language]} if "mode" in document else words
