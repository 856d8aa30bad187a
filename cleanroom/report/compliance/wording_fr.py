"""The words of the compliance page in French. Spaces before signs are made not to break in `wording.typeset`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Words in the sources of rules.
SOURCES: Final[Mapping[str, str]] = {"GDPR": "RGPD", "CJEU": "CJUE", "and": "et", "partners": "partenaires",
                                     "by analogy": "par analogie", "threshold of": "seuil de", "units": "unités"}
FRENCH: Final[Mapping[str, str]] = {
    "kicker_owner": "Rapport de conformité d'une exécution · exemplaire de {owner}, avec les nombres exacts de ses "
                    "propres personnes",
    "kicker_shared": "Rapport de conformité d'une exécution · forme à communiquer, tirée des registres de {owner}",
    "title": "Ce qui a été fait, des données de qui, et pourquoi c'était permis",
    "parties": "{advertiser} (annonceur) et {retailer} (distributeur)",
    "stamp": "Contrat {id}, version {version} · exécution {run} · {day}", "skip": "Aller à la réponse",
    "footer": "Établi par cleanroom {software} à partir du contrat signé, du journal d'audit et de la mesure de "
              "l'exécution. Cette page ne charge rien et n'exécute aucun script.",
    "owner_note": "Les nombres de personnes de {owner} sont exacts sur cette page, et un nombre exact apprend quelque "
                  "chose sur des personnes isolées : ne remettez cet exemplaire qu'à votre organisme et à son "
                  "autorité de contrôle. La forme à communiquer donne des tranches : cleanroom report --compliance "
                  "--shared.",
    "shared_note": "Les nombres de personnes sont donnés par tranches, car un nombre exact de refus apprend quelque "
                   "chose sur des personnes isolées.",
    "kept_all": "Les {count} règles ont été respectées", "kept_not": "{count} règles ont été enfreintes : {names}",
    "kept_text": "{contract} sur le contrat, {row} sur les personnes, lignes et fichiers, {run} sur l'exécution, "
                 "{report} sur ses rapports. Respecter une règle sur les personnes veut dire que nul n'a participé "
                 "qu'elle refuse.",
    "broken_text": "Le tableau des règles en donne les raisons.",

    "h_short": "En deux minutes",
    "done": "Ce qui a été fait",
    "done_text": "{advertiser} sait à qui la campagne {names} ({channels}, {when}) a été montrée. {retailer} sait ce "
                 "que ses clients ont acheté du {start} au {end}. Leurs ordinateurs ont calculé ensemble combien ont "
                 "acheté les personnes présentes dans les deux fichiers, au total et par groupe. Aucune des deux "
                 "sociétés n'a montré un client à l'autre.",
    "whose": "Les données de qui",
    "whose_text": "{owner} a examiné {considered} personnes de son fichier. {admitted} ont participé ; {refused} ont "
                  "été écartées parce qu'une règle s'y opposait, avant tout calcul les concernant. {peer} a contrôlé "
                  "ses propres personnes de la même façon et ne dit pas combien.",
    "whose_matched": "Environ {people} personnes ({low} à {high}) étaient présentes des deux côtés. Nul ne sait qui "
                     "elles sont.",
    "whose_matched_none": "Si peu de personnes étaient présentes des deux côtés que leur nombre est masqué.",
    "why": "Pourquoi c'était permis",
    "why_consent": "Chaque personne du fichier de {owner} qui a participé avait accepté précisément cette finalité, "
                   "l'autre société étant nommée, dans une notice que le contrat mentionne ; elle n'était pas revenue "
                   "sur son accord ; et elle avait avec certitude {age} ans. {peer} a appliqué les mêmes règles à ses "
                   "propres personnes.",
    "why_interest": "{party} s'appuie sur l'intérêt légitime, avec une analyse écrite, pour des données qui ne "
                    "viennent d'aucun traceur. Chaque personne qui a participé avait en outre accepté cette finalité.",
    "why_contract": "Les deux sociétés ont signé le contrat {id} : {roles}, par « {arrangement} », après l'analyse "
                    "d'impact « {dpia} » du {day} ({outcome}). Il interdit : {forbidden}.",
    "roles_joint_controllers": "elles en répondent conjointement",
    "roles_controller_processor": "l'une en répond et l'autre agit sur ses instructions",
    "left": "Ce qui est sorti de chaque société",
    "left_text": "Des jetons illisibles, utilisés une fois puis effacés, des sommes chiffrées et, à la fin, des "
                 "totaux porteurs d'un bruit aléatoire. {groups} Aucun nom, aucun achat d'une personne, aucune liste "
                 "de clients communs n'est sorti d'une société.",
    "left_all": "Les {groups} groupes ont tous été montrés, parce que chacun comptait au moins {threshold} personnes "
                "(décompte bruité).",
    "left_some": "Sur {groups} groupes, {shown} ont été montrés et {withheld} masqués, parce que moins de {threshold} "
                 "personnes (décompte bruité) s'y trouvaient.",
    "left_none": "Les {groups} groupes ont tous été masqués, parce que moins de {threshold} personnes (décompte "
                 "bruité) se trouvaient dans chacun.",
    "quoted": "« {name} »",
    "protected": "Comment les personnes sont protégées",
    "protected_text": "Quelqu'un qui donne une chance sur deux à la participation d'une personne peut en devenir sûr à "
                      "{run} au plus par cette exécution, et à {all} au plus par toutes les exécutions de ce contrat à "
                      "ce jour.",
    "protected_weak": "Ce n'est pas une protection forte.",
    "check": "Comment le vérifier",
    "check_text": "Une copie du dossier de l'exécution suffit, sans réseau : {command}",

    "h_who": "Qui en répond",
    "t_who": "Les deux sociétés",
    "line": "Mention",
    "none": "néant",
    "yes": "oui",
    "no": "non",
    "advertiser": "Annonceur", "retailer": "Distributeur", "entity": "Personne morale",
    "registration": "Registre et numéro", "address": "Siège", "country": "Pays", "contact": "Contact",
    "dpo": "Délégué à la protection des données", "basis": "Base légale", "assessment_sha256": "Analyse, SHA-256",
    "tracker_data": "Données de traceurs",

    "h_people": "Les personnes qui ont participé, et celles qui ont été écartées",
    "people_text": "Chaque personne est comptée une fois, à la première règle qui s'y opposait. Une règle à 0 a été "
                   "appliquée, elle aussi.",
    "t_people": "Personnes du fichier de {owner}",
    "outcome": "Résultat",
    "considered": "Examinées",
    "admitted": "Ont participé",
    "refused": "Écartées", "people": "Personnes", "t_refused": "Écartées, par règle", "rule": "Règle",
    "meaning": "Ce qu'elle demande", "t_dropped": "Lignes écartées, par règle", "rows": "Lignes",
    "range": "{low} à {high}",

    "h_legal": "Pourquoi c'était permis : les mentions légales",
    "legal_text": "Telles que les deux sociétés les ont signées. Une empreinte (SHA-256) fixe le texte exact d'un "
                  "document conservé ailleurs : qui détient le document peut vérifier que c'est le même.",
    "t_legal": "Mentions légales du contrat", "value": "Valeur",
    "t_notices": "Notices acceptées par les personnes", "notice": "Notice", "party": "Société", "published": "Publiée",
    "language": "Langue", "partner": "Nomme", "sha256": "SHA-256",
    "t_denied": "Produits qui ne participent jamais", "kind": "Nature", "labels": "Catégories",
    "denied_none": "aucune catégorie de ce distributeur n'y figure",
    "pharmacy": "Pharmacie", "sexual_health": "Santé sexuelle", "pregnancy_tests": "Tests de grossesse",
    "religious": "Produits religieux", "trade_union": "Produits syndicaux", "political": "Produits politiques",
    "v_joint_controllers": "responsables conjoints", "v_controller_processor": "responsable et sous-traitant",
    "v_consent": "consentement", "v_legitimate_interest": "intérêt légitime", "v_risk_reduced": "risque réduit",
    "v_high_residual_risk": "risque résiduel élevé", "v_adequacy_decision": "décision d'adéquation",
    "v_standard_clauses": "clauses contractuelles types",
    "v_binding_corporate_rules": "règles d'entreprise contraignantes",
    "v_none": "néant", "v_advertiser": "l'annonceur", "v_retailer": "le distributeur",
    "v_activation": "le ciblage des personnes rapprochées", "v_lookalike": "les audiences similaires",
    "v_enrichment": "l'enrichissement de profils", "v_individual_decisions": "les décisions sur des personnes isolées",
    "policies": "Les politiques propres des sociétés sont plus strictes que le contrat. L'exécution a appliqué ces "
                "valeurs :",

    "h_rules": "Chaque règle, et ce qu'il en est advenu",
    "rules_text": "Jeu de règles {pack}. Une exécution ne commence que sous un contrat qui respecte les règles C ; "
                  "les règles R décident de chaque personne, ligne ou fichier ; X, de l'exécution ; P, de ce rapport "
                  "et de la mesure.",
    "t_contract": "C · le contrat", "t_row": "R · personnes, lignes et fichiers", "t_run": "X · l'exécution",
    "t_report": "P · les rapports", "source": "Source", "since": "Source en vigueur", "verdict": "Verdict",
    "kept": "respectée",
    "broken": "enfreinte",
    "warned": "respectée, avec un avertissement",
    "left_out": "{count} écartées",
    "rows_dropped": "{count} lignes écartées",

    "h_privacy": "Déclaration de confidentialité",
    "h_learned": "Ce que l'autre partie pouvait apprendre de ce que nous avons envoyé",
    "h_criteria": "Les trois questions des autorités de protection des données",
    "criteria_text": "L'avis WP216 du groupe de l'article 29 pose trois questions à des données anonymisées. Les "
                     "totaux publiés y sont confrontés ; les identifiants hachés et rapprochés restent des données à "
                     "caractère personnel dans les deux sociétés.",
    "singling_out": "Peut-on isoler une personne ?",
    "singling_out_text": "Pas à partir de ce qui est publié. Aucune ligne n'y porte sur une personne. Un groupe n'est "
                         "montré qu'avec au moins {threshold} personnes (décompte bruité), et chaque nombre porte un "
                         "bruit qui couvre une personne (ε {epsilon} pour l'exécution).",
    "linkability": "Peut-on relier deux enregistrements d'une personne ?",
    "linkability_text": "Pas hors de l'exécution. Les jetons sont faits avec des clés que les deux sociétés tirent à "
                        "neuf et effacent ({protocol}) : ceux de deux exécutions ne se comparent pas. Tailles et "
                        "nombres d'appariements portent des leurres (ε {match_epsilon}, δ {match_delta} chacun). "
                        "Pendant l'exécution, les ordinateurs relient des enregistrements, et aucun ne montre "
                        "lesquels.",
    "inference": "Peut-on déduire quelque chose d'une personne ?",
    "inference_text": "Dans une limite seulement. D'une chance sur deux, à {posterior_run} au plus par cette "
                      "exécution et à {posterior_all} au plus par toutes à ce jour (ε {epsilon}, δ {delta}). Ce que "
                      "des statistiques apprennent sur les gens en général, par exemple qu'un envoi fait acheter, "
                      "n'est pas limité : c'est la finalité.",
    "h_dominance": "Une personne pourrait-elle constituer un montant ?",
    "dominance_text": "{dominated} des {amounts} montants montrés sont si petits, tels que publiés, qu'une personne "
                      "au plafond pourrait en être plus de {percent} %. Le bruit de chaque partie vaut au moins "
                      "{times} fois ce qu'une personne peut compter au plus : même alors, un montant n'apprend pas sa "
                      "part.",
    "dominance_none": "Aucun montant n'a été montré.",

    "h_evidence": "Les preuves, et comment les vérifier sans nous croire",
    "evidence_text": "Chaque étape de l'exécution est une ligne d'un journal qui ne peut être modifié ensuite sans "
                     "que la signature se rompe. Les deux sociétés ont signé le résultat ; chacune garde la signature "
                     "de l'autre.",
    "e_run": "Exécution",
    "e_time": "Début et fin (UTC)",
    "e_contract": "Contrat, SHA-256",
    "e_log": "Racine du journal",
    "e_lines": "Lignes du journal", "e_previous": "Racine de l'exécution précédente",
    "e_first": "néant : première exécution", "e_consent": "Racine des consentements",
    "e_records": "Consentements utilisés", "e_receipt": "Reçu, SHA-256", "e_table": "Table publiée, SHA-256",
    "e_transcript": "Transcription, SHA-256", "e_pack": "Jeu de règles, SHA-256", "e_signed": "Signé par",
    "e_key": "Clé de signature, {role}", "e_root": "Journal jusqu'au résultat, {role}",
    "h_verify": "Pour vérifier",
    "steps": "Demandez aux deux sociétés une copie de leur dossier de cette exécution, et à l'une d'elles le contrat.|"
             "Exécutez {verify}. Il ne faut aucun réseau, et la première chose qui ne concorde pas est nommée.|"
             "Pour voir le consentement d'une personne : la société qui le détient exécute {prove} ; vous vérifiez la "
             "preuve avec {consent}.|"
             "Pour revoir les règles : chacune est une donnée avec sa version ; l'empreinte ci-dessus nomme la version "
             "appliquée.",

    "h_limits": "Ce que ce rapport ne montre pas",
    "limit_matched": "Les résultats portent sur les personnes présentes dans les deux fichiers, non sur tous les "
                     "clients.",
    "limit_noise": "Chaque nombre porte un bruit aléatoire ; un groupe masqué n'est pas un groupe vide.",
    "limit_subtraction": "Un groupe masqué peut être estimé par un total diminué des groupes voisins. Cette "
                         "estimation porte le bruit de tous : plus que n'en aurait porté le nombre du groupe "
                         "lui-même.",
    "limit_records": "Les règles croient les registres de consentement d'une société. Qu'une preuve existe derrière "
                     "chacun relève de l'audit que le contrat accorde.",
    "limit_inputs": "Une société qui fournit de fausses données obtient de faux totaux ; rien ici ne le décèle.",
    "limit_software": "La protection entre les sociétés vaut tant que les deux exécutent le logiciel convenu. Celle "
                      "qui modifierait le sien pourrait apprendre bien plus, jusqu'aux achats chiffrés de l'autre.",
    "limit_traces": "Clés et jetons sont écrasés après une exécution. Des copies faites par une bibliothèque ou par le "
                    "système d'exploitation ne peuvent être exclues.",
    "limit_personal": "Les identifiants hachés et rapprochés sont des données à caractère personnel. Rien ici ne les "
                      "rend anonymes.",
    "limit_advice": "Les seuils de l'INSEE sont repris par analogie, et aucun texte d'une autorité n'accepte un ε "
                    "donné.",
    "legal": "Ce sont des règles de produit tirées de textes publics, non un avis juridique, et une preuve technique "
             "n'est pas un certificat de conformité : un délégué à la protection des données doit valider ce "
             "traitement.",
}
