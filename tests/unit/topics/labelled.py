"""Utterances of a telephone company's calls with the topics that they mention, composed by hand: as
said, as recognisers misspell, split, join and inflect, and with words that only resemble a term.

None of the rules of matching was chosen on them."""

from earshot.analysis.topics.glossary import Glossary, Topic

GLOSSARY = Glossary(
    topics=tuple(
        Topic(id=name, label=name, terms=tuple(terms))
        for name, terms in {
            "billing": ["invoice", "bill", "billing", "direct debit", "facture", "prélèvement"],
            "refund": ["refund", "money back", "reimbursement", "remboursement", "trop-perçu"],
            "cancel": [
                "cancel",
                "cancellation",
                "terminate my contract",
                "résiliation",
                "résilier",
            ],
            "contract": ["contract", "commitment period", "contrat", "engagement"],
            "delivery": ["delivery", "shipment", "tracking number", "livraison", "colis"],
            "network": ["no signal", "coverage", "broadband", "outage", "débit", "coupure"],
            "equipment": ["router", "modem", "voicemail", "SIM card", "décodeur", "répondeur"],
            "roaming": ["roaming", "abroad", "itinérance", "à l'étranger"],
            "complaint": ["complaint", "unacceptable", "ombudsman", "réclamation", "médiateur"],
            "offer": ["upgrade", "subscription", "promotional offer", "abonnement", "forfait"],
            "warranty": ["warranty", "repair", "garantie", "réparation"],
            "appointment": ["appointment", "technician", "rendez-vous", "technicien"],
        }.items()
    )
)

EXACT = """
billing | I got my bill yesterday and it is far too high
billing | could you send the invoice again please
billing | the direct debit went out twice this month
refund | when do I get my money back
refund,cancel | I want to cancel and have a refund
cancel | I would like to terminate my contract today
contract | how long does the commitment period last
delivery | the delivery never arrived
delivery | here is the tracking number that you asked for
network | we have had no signal since Tuesday
network | is there an outage in my street
equipment | the SIM card is not recognised
equipment | I unplugged the router, and plugged it in again
roaming | I will be abroad for two weeks
complaint | this is unacceptable, I want to make a complaint
offer | can I upgrade my phone
offer | your promotional offer ended in May
warranty | is that still under warranty
appointment | the technician missed the appointment
billing | je n'ai pas reçu ma facture
billing | il y a eu un prélèvement hier
refund | je demande le remboursement
refund | c'est un trop perçu
cancel | je veux résilier tout de suite
cancel | la résiliation n'a pas été faite
contract | je n'ai plus d'engagement
delivery | le colis n'est jamais arrivé
network | le debit est très faible
network | encore une coupure ce matin
equipment | le décodeur ne s'allume plus
roaming | je suis à l’étranger jusqu'à lundi
complaint | je fais une RÉCLAMATION
offer | mon abonnement a augmenté
appointment | j'avais rendez-vous à neuf heures
warranty | la garantie est finie
"""

MISSPELT = """
billing | please send me the in voice for June
billing | both invoises are wrong
billing | the direct debbit was refused
billing | your biling department called
refund | I was promised a reefund in March
refund | I never saw the reimbursment
refund | they refunded nothing, no re fund at all
cancel | I asked for the cancelation by letter
cancel | the cancellations were ignored
cancel | canceled it twice already
contract | my contrract ends next week
contract | the commitment periods are different
delivery | the deliverry was late
delivery | the ship ment is lost
delivery | the trackin number does not work
network | our broad band is slow
network | there is no coverrage in the village
network | two outages in one week
equipment | the rooter has a red light
equipment | my voice mail is full
equipment | the modems overheat
roaming | I was charged for roming in Spain
complaint | this is my third complain
complaint | I will go to the ombudsmen
complaint | that is un acceptable
offer | my subscripton is too expensive
offer | you offered me an up grade
warranty | the warrenty ran out
warranty | the waranty covers that
appointment | nobody came to the apointment
appointment | the technicien was very kind
appointment | the technitian never rang
billing | la fracture est trop élevée
billing | deux prélèvements le même jour
billing | vos factures sont fausses
refund | je veux un rembourse ment
refund | les remboursements sont longs
cancel | j'ai demandé la résilliation
contract | je suis sans engagements
contract | le contra est terminé
delivery | les livraisons sont en retard
equipment | le des codeur est en panne
equipment | votre répondeurs est plein
roaming | c'est de l'itinérances
complaint | j'ai envoyé deux réclamations
complaint | je vais saisir le mediateurs
offer | l'abonement est trop cher
offer | mes deux forfaits
offer | un a bonnement mobile
warranty | la réparations a duré un mois
appointment | le techniciens est passé
"""

NONE = """
good morning, how can I help you today
could you give me your contact details please
you can contact me at this address
the contacts on my phone are gone
I am in the waiting room
there are rooming houses next door
we were delighted with the service
the liver is fine
he repaid me last week
that was an affair of the heart
she is a musician
the magician came at nine
I was appointed last year
my disappointment is great
a large proportion of that
the canal is behind the house
the council called me
I need the voice of a friend
invite them as well
I noticed it yesterday
we found the rounded edges
that is a fond memory
the border is closed
a ship came in
the old mode of working
go ahead, I am listening
it was broadcast last night
across the road
the cover page is missing
a courage that I admire
the average is lower
a convenient period
the moment I called
I was compliant at all times
he complimented me
the garden is lovely
the guarantor signed
a warrant was issued
repeat that please
please prepare the papers
the pair of shoes
the contest ended
a contraction in the market
she is content
the supervision was good
a prescription from the doctor
a description of the item
the inscription on the wall
bonjour, que puis-je faire pour vous
je suis content de vous
le contraire est vrai
le contrôle est fait
une rupture de stock
la nature est belle
la voiture est en panne
la culture du pays
une lecture de compteur
il y a un début à tout
le dépit est grand
la coiffure est belle
une coupure de journal
l'élève est absent
un événement important
le logement est petit
un changement d'adresse
un arrangement est possible
le gouvernement a changé
la proclamation est lue
une déclamation
les parties sont d'accord
la gare est loin
une révision est prévue
la résidence est fermée
la relation est bonne
la situation est claire
une préparation est en cours
la séparation des pouvoirs
la musicienne est là
le mécanicien est venu
un vrai plaisir
mon ordinateur est lent
l'animateur est drôle
il répond toujours
le conducteur est parti
l'étrange affaire
la liaison est mauvaise
la saison est finie
le coli-bacille
un forfanteur
merci, bonne journée
"""


def utterances(block: str) -> list[tuple[frozenset[str], list[str]]]:
    """The topics of each line, and its words."""
    found = []
    for line in filter(None, block.splitlines()):
        topics, bar, text = line.rpartition(" | ")
        found.append((frozenset(topics.split(",")) if bar else frozenset(), text.split()))
    return found
