"""The words of a briefing book in both languages: headings, labels, and the sentences that every document carries."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "book": ("Briefing book", "Cahier d’information"),
    "programme": ("Programme", "Programme"),
    "purpose": ("Purpose", "Objet"),
    "no_purpose": ("Visits to firms that match.", "Visites d’entreprises jumelées."),
    "delegates": ("Delegates", "Délégués"),
    "firms": ("Visiting firms", "Entreprises en visite"),
    "map": ("Where the visits are", "Lieux des visites"),
    "map_of": ("Map of the visits over coastlines, in their order", "Carte des visites sur les côtes, dans leur ordre"),
    "days": ("Day by day", "Jour par jour"),
    "time": ("Time", "Heure"),
    "site": ("Site", "Site"),
    "city": ("City", "Ville"),
    "who": ("Who", "Qui"),
    "ask_by": ("Ask the host by", "Demander à l’hôte d’ici le"),
    "hosts": ("The hosts", "Les hôtes"),
    "what": ("What the firm says of itself", "Ce que l’entreprise dit d’elle-même"),
    "offers": ("Offers", "Offre"),
    "seeks": ("Seeks", "Cherche"),
    "certificates": ("Certificates", "Certificats"),
    "why": ("Why this meeting", "Pourquoi cette rencontre"),
    "fit": ("fit", "adéquation"),
    "met": ("The statements that met", "Les énoncés qui se répondent"),
    "questions": ("Questions to ask", "Questions à poser"),
    "pathway": ("Export-control pathway", "Parcours de contrôle des exportations"),
    "cautions": ("Cautions", "Mises en garde"),
    "left_out": ("Not in the programme", "Hors programme"),
    "lets_in": ("would let it in", "permettrait de l’inclure"),
    "contacts": ("Contacts, of those who consented", "Coordonnées, de qui y a consenti"),
    "made_from": ("What this was made from", "Sources du présent document"),
    "glossary": ("Words", "Vocabulaire"),
    "as_of": ("Planned on", "Planifié le"),
    "version": ("Version", "Version"),
    "verdict": ("Verdict", "Verdict"),
    "none": ("none on file", "aucun au dossier"),
    "gone": ("This firm is no longer on file.", "Cette entreprise n’est plus au dossier."),
    "nothing_bites": ("nothing determined", "rien d’établi"),
    "notes": ("Notes", "Notes"),
    "profile_note": (
        "Compiled from public sources; not verified by the firm.",
        "Établi à partir de sources publiques; non vérifié par l’entreprise.",
    ),
    "law_note": (
        "States which of the rules held bite, as of their dates. It is no legal advice.",
        "Indique lesquelles des règles détenues s’appliquent, à leurs dates. Ce n’est pas un avis juridique.",
    ),
    "hours_note": (
        "Hours, notice and clearance are estimates unless a host has stated them: ask every host.",
        "Heures, préavis et habilitations sont des estimations, sauf indication de l’hôte : demandez à chaque hôte.",
    ),
    "ways_note": (
        "Ways are reckoned by great circle and speeds, not by timetable.",
        "Les trajets sont calculés par orthodromie et vitesses, non par horaires.",
    ),
    "visit": ("Visit", "Visite"),
    "g_fit": (
        "Fit: the weighted mean of the reasons printed under it, 0 to 1.",
        "Adéquation : moyenne pondérée des motifs imprimés au-dessous, de 0 à 1.",
    ),
    "g_pathway": (
        "Pathway: the legs that a transfer would take, with the rules held that bite on each.",
        "Parcours : les étapes d’un transfert, avec les règles détenues qui s’appliquent à chacune.",
    ),
    "g_verdict": (
        "Verdict: the worst of a pathway, from open (no requirement found in the rules held) to prohibited.",
        "Verdict : le pire d’un parcours, d’ouvert (aucune exigence trouvée dans les règles détenues) à interdit.",
    ),
    "open": ("no requirement found in the rules held", "aucune exigence trouvée dans les règles détenues"),
    "general": ("a general authorisation is named", "une autorisation générale est nommée"),
    "permit": ("individual permits are named", "des licences individuelles sont nommées"),
    "undetermined": ("facts are missing; see the questions", "des faits manquent; voir les questions"),
    "exceptional": ("barred unless a cited exception is documented", "interdit sauf exception citée et documentée"),
    "prohibited": ("a rule held prohibits it", "une règle détenue l’interdit"),
}


def words(code: str) -> dict[str, str]:
    """All words in one language."""
    return {name: both[code == "fr"] for name, both in WORDS.items()}
