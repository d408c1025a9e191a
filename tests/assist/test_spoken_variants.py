"""What people say in their own words: many ways to ask and to order the same thing, in each language."""

import pytest

from .test_assist import GRAMMAR, INTENTS, recognised

READY, WHEN, CHARGE, STOP, RESUME, SUN = INTENTS
SAID: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        READY: (
            "Is my car ready?",
            "Is the car ready to go?",
            "Will my car be ready tomorrow morning?",
            "Will the Zoe be full by tomorrow?",
            "Is the Zoe charged?",
            "Is the car fully charged yet?",
            "Will the car be charged in time?",
            "Will the car be ready in the morning?",
            "Is the car done charging?",
            "Has the car finished charging?",
        ),
        WHEN: (
            "When is the car ready?",
            "When will the Zoe be full?",
            "When will my car be done charging?",
            "What time will the car be ready?",
            "At what time is the Zoe charged?",
            "How long does the car still need to charge?",
            "How long will it take to charge the car?",
            "How long until the car is full?",
            "When does the car finish charging?",
            "How much longer does the Zoe need?",
        ),
        CHARGE: (
            "Charge the car now",
            "Charge the Zoe right now",
            "Start charging the car",
            "Start charging",
            "Charge my car immediately",
            "Charge the car at full power",
            "Boost the Zoe",
            "Charge the car as fast as possible",
            "Please charge the car now",
            "Can you charge the car now?",
        ),
        STOP: (
            "Stop charging",
            "Stop charging the car",
            "Pause charging the Zoe",
            "Stop the car from charging",
            "Stop the charging of the Zoe",
            "Don't charge the car",
            "Do not charge the car now",
            "Please stop charging the car",
            "Pause the car",
            "Interrupt charging",
        ),
        RESUME: (
            "Resume charging",
            "Continue charging the Zoe",
            "Resume charging my car",
            "Carry on charging",
            "Keep charging the car",
            "Go on charging the car",
            "Let the car charge again",
            "Resume the charging of the Zoe",
            "End the pause",
            "Please continue charging",
        ),
        SUN: (
            "How much sun did the car get today?",
            "How much solar power did the Zoe charge today?",
            "How much solar energy has the car charged?",
            "How much sun has my car got today?",
            "How much sunshine went into the car today?",
            "How much of today's charge of the car was solar?",
            "How much did the car charge from the sun today?",
            "How much solar did the car get?",
            "Did the car charge on solar power today?",
            "How much solar energy went into the Zoe?",
        ),
    },
    "de": {
        READY: (
            "Ist mein Auto fertig?",
            "Ist das Auto schon voll?",
            "Ist das Auto morgen früh fertig?",
            "Wird das Auto bis morgen voll?",
            "Ist der Zoe fertig geladen?",
            "Ist das Auto vollgeladen?",
            "Wird der Zoe rechtzeitig fertig?",
            "Ist das Auto aufgeladen?",
            "Hat das Auto fertig geladen?",
            "Ist das Auto bis morgen geladen?",
        ),
        WHEN: (
            "Wann ist das Auto fertig?",
            "Wann ist der Zoe voll?",
            "Wann wird das Auto fertig sein?",
            "Wie lange lädt das Auto noch?",
            "Wie lange braucht der Zoe noch?",
            "Um wie viel Uhr ist das Auto fertig?",
            "Wann ist das Auto fertig geladen?",
            "Wie lange dauert das Laden noch?",
            "Bis wann ist das Auto voll?",
            "Wie lange muss das Auto noch laden?",
        ),
        CHARGE: (
            "Lade das Auto jetzt",
            "Lade den Zoe sofort",
            "Lade das Auto jetzt auf",
            "Lade jetzt das Auto",
            "Starte das Laden",
            "Starte die Ladung vom Zoe",
            "Bitte lade das Auto jetzt",
            "Das Auto jetzt laden",
            "Lade das Auto so schnell wie möglich",
            "Kannst du das Auto jetzt laden?",
        ),
        STOP: (
            "Stopp das Laden vom Zoe",
            "Hör auf zu laden",
            "Hör auf, das Auto zu laden",
            "Beende das Laden",
            "Pausiere das Laden",
            "Laden stoppen",
            "Lade das Auto nicht mehr",
            "Unterbrich die Ladung",
            "Stoppe die Ladung vom Zoe",
            "Halte das Laden an",
        ),
        RESUME: (
            "Lade weiter",
            "Lade das Auto weiter",
            "Setze das Laden fort",
            "Setze das Laden vom Zoe fort",
            "Laden fortsetzen",
            "Mach mit dem Laden weiter",
            "Beende die Ladepause",
            "Nimm das Laden wieder auf",
            "Lade das Auto wieder",
            "Bitte lade weiter",
        ),
        SUN: (
            "Wie viel Sonne hat das Auto heute bekommen?",
            "Wie viel Sonne hat der Zoe heute getankt?",
            "Wie viel Solarstrom hat das Auto geladen?",
            "Wie viel Sonnenstrom bekam das Auto heute?",
            "Wie viel Solarstrom ging heute ins Auto?",
            "Hat das Auto heute mit Sonne geladen?",
            "Hat das Auto heute Solarstrom bekommen?",
            "Wieviel Sonne hat das Auto heute bekommen?",
            "Wie viel hat das Auto heute mit Sonne geladen?",
            "Wie hoch war heute der Solaranteil vom Auto?",
        ),
    },
    "nl": {
        READY: ("Is mijn auto al vol?", "Is de auto op tijd klaar?"),
        WHEN: ("Hoe lang moet de auto nog laden?", "Hoe laat is de auto klaar?"),
        CHARGE: ("Begin met laden", "Laad de auto zo snel mogelijk"),
        STOP: ("Pauzeer het laden", "Laad de auto niet meer"),
        RESUME: ("Hervat het laden", "Laad de auto weer"),
        SUN: (
            "Hoeveel zonnestroom heeft de auto vandaag geladen?",
            "Hoeveel heeft de auto vandaag op zon geladen?",
        ),
    },
    "fr": {
        READY: ("Ma voiture est-elle chargée ?", "La voiture sera prête à temps ?"),
        WHEN: (
            "À quelle heure la voiture sera-t-elle prête ?",
            "Combien de temps la voiture doit-elle encore charger ?",
        ),
        CHARGE: ("Lance la charge", "Charge la voiture le plus vite possible"),
        STOP: ("Mets la charge en pause", "Arrête de charger la voiture"),
        RESUME: ("Continue la recharge", "Relance la charge de la voiture"),
        SUN: (
            "Quelle part de soleil la voiture a-t-elle reçue aujourd'hui ?",
            "Combien d'énergie solaire la voiture a-t-elle reçue ?",
        ),
    },
    "sv": {
        READY: ("Är min bil fulladdad?", "Blir bilen klar i tid?"),
        WHEN: ("Hur länge till laddar bilen?", "Vilken tid är bilen klar?"),
        CHARGE: ("Börja ladda", "Ladda bilen så fort som möjligt"),
        STOP: ("Pausa laddningen", "Ladda inte bilen"),
        RESUME: ("Fortsätt ladda", "Starta laddningen igen"),
        SUN: (
            "Hur mycket solel fick bilen?",
            "Hur mycket laddade bilen med sol idag?",
        ),
    },
    "es": {
        READY: ("¿Está cargado el coche?", "¿Estará el coche listo a tiempo?"),
        WHEN: ("¿A qué hora estará listo el coche?", "¿Cuánto le falta al coche?"),
        CHARGE: ("Empieza a cargar el coche", "Carga el coche lo antes posible"),
        STOP: ("Deja de cargar el coche", "No cargues el coche"),
        RESUME: ("Sigue cargando", "Vuelve a cargar el coche"),
        SUN: (
            "¿Cuánta energía solar ha cargado el coche hoy?",
            "¿Cuánto ha cargado el coche con sol hoy?",
        ),
    },
    "it": {
        READY: ("La macchina è carica?", "La macchina sarà pronta in tempo?"),
        WHEN: ("A che ora sarà pronta la macchina?", "Quanto manca alla macchina?"),
        CHARGE: ("Avvia la ricarica", "Carica la macchina il prima possibile"),
        STOP: ("Metti in pausa la ricarica", "Non caricare la macchina"),
        RESUME: ("Continua a caricare", "Riprendi a caricare la macchina"),
        SUN: (
            "Quanta energia solare ha preso la macchina oggi?",
            "Quanto ha caricato la macchina con il sole oggi?",
        ),
    },
    "nb": {
        READY: ("Er bilen fulladet?", "Blir bilen klar i tide?"),
        WHEN: ("Hvor lenge skal bilen lade?", "Hvilken tid er bilen klar?"),
        CHARGE: ("Begynn å lade", "Lad bilen så fort som mulig"),
        STOP: ("Sett ladingen på pause", "Ikke lad bilen"),
        RESUME: ("Fortsett ladingen", "Start ladingen igjen"),
        SUN: (
            "Hvor mye solstrøm har bilen fått i dag?",
            "Hvor mye ladet bilen med sol i dag?",
        ),
    },
    "da": {
        READY: ("Er bilen ladet?", "Bliver bilen klar til tiden?"),
        WHEN: ("Hvor længe skal bilen lade?", "Hvad tid er bilen klar?"),
        CHARGE: ("Begynd at lade", "Oplad bilen hurtigst muligt"),
        STOP: ("Sæt opladningen på pause", "Lad være med at lade bilen"),
        RESUME: ("Fortsæt med at lade", "Start opladningen igen"),
        SUN: (
            "Hvor meget solstrøm har bilen fået i dag?",
            "Hvor meget ladede bilen med sol i dag?",
        ),
    },
    "pl": {
        READY: ("Czy auto jest naładowane?", "Czy samochód będzie gotowy na czas?"),
        WHEN: ("O której samochód będzie gotowy?", "Jak długo samochód będzie się ładować?"),
        CHARGE: ("Rozpocznij ładowanie", "Naładuj samochód jak najszybciej"),
        STOP: ("Wstrzymaj ładowanie", "Nie ładuj samochodu"),
        RESUME: ("Kontynuuj ładowanie", "Ładuj dalej"),
        SUN: (
            "Ile energii słonecznej dostał dziś samochód?",
            "Ile samochód naładował dziś ze słońca?",
        ),
    },
}  # fmt: skip


@pytest.mark.parametrize("language", SAID)
def test_many_ways_to_say_it(language: str) -> None:
    """Ten ways in English and German, two in each other language; none of them is taken for something else."""
    wrong = {
        text: found
        for expected, texts in SAID[language].items()
        for text in texts
        if (found := recognised(text, GRAMMAR)) != {expected}
    }
    assert wrong == {}


def test_how_many() -> None:
    """Nobody is left out."""
    assert SAID.keys() == GRAMMAR.keys()
    for language, said in SAID.items():
        least = 10 if language in ("en", "de") else 2
        assert all(len(set(texts)) >= least for texts in said.values())
        assert tuple(said) == INTENTS
