"""Requests to cars in German, with the word orders of its separable verbs."""

from typing import Final

from .grammar import IntentRow, means


def _asks(
    verbs: str, what: str, particles: str, infinitives: str, end: str = ""
) -> tuple[str, ...]:
    """The word orders of a request: imperative, question and infinitive.

    Args:
        verbs: Imperatives: "schließ[e|en sie]".
        what: The object.
        particles: Separated parts of the verbs, at the end of the sentence: "ab"; may be empty.
        infinitives: Infinitives: "abschließen".
        end: Anything that follows.
    """
    part = (
        f"[{particles[:-1]}]" if particles.endswith("|") else f"({particles})" if particles else ""
    )
    ways = [
        f"<bitte> ({verbs}) [<mal>] {what} [<mal>] {part} {end}",
        f"[<kannst>|<bitte>] {what} [<mal>] ({infinitives}) [<mal>] {end}",
    ]
    if "<von>" in what:
        # The car before its part: "mach bei Aurora die Fenster auf".
        alone = what.replace("[<von>]", "").replace("<von>", "")
        alone = alone.replace(" |", "|").replace(" )", ")")
        ways.append(f"<bitte> ({verbs}) [<mal>] <an> {alone} [<mal>] {part} {end}")
    return tuple(ways)


_OPEN: Final = "öffne|oeffne|öffnen|öffnen sie|entriegle|entriegele|entriegel"
_OPEN_UP: Final = (
    "mach[e|en sie]|schlie(ß|ss)|schlie(ß|ss)e|schlie(ß|ss)en sie|sperr[e|en sie]|klapp[e|en sie]"
)
"""Verbs that open only with "auf": without it, or with another word, they close."""
_OPENS: Final = "öffnen|aufmachen|entriegeln|aufschlie(ß|ss)en|aufsperren|aufklappen"
_CLOSE: Final = "schlie(ß|ss)|schlie(ß|ss)e|schlie(ß|ss)en sie"
_CLOSE_UP: Final = "mach[e|en sie]|klapp[e|en sie]|fahr[e|en sie]"
_CLOSES: Final = "schlie(ß|ss)en|zumachen|zuklappen|zufahren|hochfahren"
_TURN: Final = "schalt[e|en sie]|mach[e|en sie]|stell[e|en sie]|dreh[e|en sie]"
_TURN_ON: Final = "schalt[e|en sie]|mach[e|en sie]|stell[e|en sie]|dreh[e|en sie]|aktivier[e|en sie]|starte|start|starten sie"
_TURNS_ON: Final = "einschalten|anschalten|anmachen|anstellen|aktivieren|starten|andrehen|an"
_TURNS_OFF: Final = (
    "ausschalten|ausmachen|abschalten|abstellen|deaktivieren|beenden|ausstellen|stoppen|aus"
)
_SET: Final = "stell[e|en sie]|setz[e|en sie]|änder[e|en sie]|erhöh[e|en sie]|senk[e|en sie]|begrenz[e|en sie]|mach[e|en sie]|regel|regle|leg[e|en sie]|dreh[e|en sie]|reduzier[e|en sie]"
_PUT: Final = (
    "stell[e|en sie]|setz[e|en sie]|mach[e|en sie]|regel|regle|dreh[e|en sie]|bring[e|en sie]"
)
"""Verbs that set a car without saying what of it: its temperature."""
_SETS: Final = (
    "stellen|einstellen|setzen|ändern|erhöhen|senken|begrenzen|festlegen|regeln|reduzieren"
)

_SEATS: Final = (
    "([die] [{seat}] <seat_heating> [[<dort>] {seat}] [<von>] [[<dort>] {seat}]|<an> [die] <seat_heating> [[<dort>] {seat}]|[die] {seat}heizung [<von>]"
    "|<cars> <seat_heating> [[<dort>] {seat}]|[den|die] {seat} [<von>])"
)
_WHEEL: Final = (
    "([die] lenkradheizung [<von>]|<cars> lenkradheizung|[das] lenkrad <von>|<cars> lenkrad)"
)
_CLIMATE: Final = "([die|den|das] <climate> <von>|<cars> <climate>)"
_DEFROST: Final = (
    "([die|das] (enteisung|scheibenenteisung|defrost|entfrostung|scheibenheizung|abtauung|enteisen|defroster) <von>"
    "|<cars> (enteisung|defrost|entfrostung|scheibenheizung))"
)
_TRUNK: Final = "([den|die] <trunk> [<von>]|<cars> <trunk>)"
_FRUNK: Final = "([den|die] <frunk> [<von>]|<cars> (<frunk>|haube|motorhaube)|[die] (haube|motorhaube|fronthaube) <von>)"
_PORT: Final = "([den|die] <charge_port> [<von>]|<cars> <charge_port>)"
_WINDOWS: Final = "([alle] [die] (fenster|scheiben) <von>|<cars> (fenster|scheiben)|[alle] [die] (autofenster|autoscheiben))"
_SENTRY: Final = "([den|der] <sentry> [<von>]|<cars> <sentry>)"
_CHARGING: Final = (
    "([das|den] (laden|aufladen|ladevorgang|ladung) [<von>]|<cars> (laden|ladevorgang))"
)
_LIMIT: Final = "([das|die|den] <charge_limit> [<von>]|<cars> <charge_limit>)"
_CURRENT: Final = "([den|die] <charge_current> [<von>]|<cars> <charge_current>)"
_DOORS: Final = "({car}|[alle] [die] türen <von>|<cars> türen|[die] (autotür|autotüren))"
_TO: Final = "(auf|zu|bis|bis auf|bis zu)"

GERMAN_ACTS: Final[tuple[IntentRow, ...]] = (
    means(
        "unlock",
        *_asks(
            "schlie(ß|ss)|schlie(ß|ss)e|schlie(ß|ss)en sie|sperr[e|en sie]|mach[e|en sie]",
            _DOORS,
            "auf",
            "aufschlie(ß|ss)en|aufsperren|aufmachen",
            "<secret>",
        ),
        *_asks(
            "entriegle|entriegele|entriegel|öffne|entsperre|entsperr",
            _DOORS,
            "",
            "entriegeln|öffnen|entsperren",
            "<secret>",
        ),
        "<spoken_code> (entriegle|entriegele|öffne|entsperre) {car}",
        "<spoken_code> (schlie(ß|ss)|schlie(ß|ss)e|sperr[e|en sie]|mach[e|en sie]) {car} auf",
    ),
    means(
        "lock",
        *_asks(
            "schlie(ß|ss)|schlie(ß|ss)e|schlie(ß|ss)en sie|sperr[e|en sie]|mach[e|en sie]",
            _DOORS,
            "ab|zu|dicht",
            "abschlie(ß|ss)en|zuschlie(ß|ss)en|absperren|zusperren|zumachen|dichtmachen",
        ),
        *_asks(
            "verriegle|verriegele|verriegel|verschlie(ß|ss)|verschlie(ß|ss)e|sichere|schlie(ß|ss)e|schlie(ß|ss)",
            _DOORS,
            "",
            "verriegeln|verschlie(ß|ss)en|sichern|schlie(ß|ss)en",
        ),
        "(sorge dafür|sorg dafür|stell sicher|stelle sicher) dass {car} (abgeschlossen|verriegelt|zu) ist",
        "<bitte> (mach[e]|schlie(ß|ss)[e]) {car} zu und (sperr[e]|schlie(ß|ss)[e]) (es|ihn) ab",
        "zentralverriegelung <von> (zu|schlie(ß|ss)en|an)",
    ),
    means(
        "remote_start",
        *_asks(
            "starte|start|aktivier[e|en sie]|erlaub[e|en sie]|schalt[e|en sie]",
            "([das] (schlüssellose fahren|schlüssellos fahren|fahren ohne schlüssel|keyless driving) [<von>])",
            "an|ein|",
            "starten|aktivieren|erlauben|einschalten|anschalten",
            "<secret>",
        ),
        *_asks(
            "starte|start|starten sie",
            "({car}|[den] motor <von>|<cars> motor)",
            "",
            "starten|anlassen|anmachen",
            "<secret>",
        ),
        "<spoken_code> (starte|start) {car}",
        "<bitte> lass {car} ohne schlüssel fahren <secret>",
    ),
    means(
        "trunk_open",
        *_asks(_OPEN, _TRUNK, "", _OPENS, "<secret>"),
        *_asks(_OPEN_UP, _TRUNK, "auf", "aufmachen", "<secret>"),
        "<spoken_code> öffne " + _TRUNK,
        _TRUNK + " auf <secret>",
    ),
    means(
        "trunk_close",
        _TRUNK + " zu",
        *_asks(_CLOSE, _TRUNK, "zu|", _CLOSES),
        *_asks(_CLOSE_UP, _TRUNK, "zu|runter", "zumachen"),
    ),
    means(
        "frunk_open",
        *_asks(_OPEN, _FRUNK, "", _OPENS, "<secret>"),
        *_asks(_OPEN_UP, _FRUNK, "auf", "aufmachen", "<secret>"),
    ),
    means(
        "charge_port_open",
        *_asks(_OPEN, _PORT, "", _OPENS, "<secret>"),
        *_asks(_OPEN_UP, _PORT, "auf", "aufmachen", "<secret>"),
        *_asks(
            "entriegle|entriegele|entriegel|löse|lös|gib",
            "([das] (ladekabel|kabel|ladestecker|stecker) <von>|[das] (ladekabel|ladestecker)|<cars> (ladekabel|kabel))",
            "frei|",
            "entriegeln|lösen|freigeben",
            "<secret>",
        ),
    ),
    means(
        "charge_port_close",
        *_asks(_CLOSE, _PORT, "zu|", _CLOSES),
        *_asks(_CLOSE_UP, _PORT, "zu|runter", "zumachen"),
    ),
    means(
        "windows_open",
        *_asks(
            "mach[e|en sie]|lass[e|en sie]|fahr[e|en sie]|kurbel|kurble",
            _WINDOWS,
            "auf|runter|herunter|einen spalt auf|ein bisschen auf|etwas auf",
            "aufmachen",
            "<secret>",
        ),
        *_asks(
            "öffne|kipp[e|en sie]",
            _WINDOWS,
            "einen spalt|etwas|ein bisschen|ein wenig|einen spalt weit|",
            "öffnen|aufmachen|kippen|runterlassen|herunterlassen|runterfahren|herunterfahren|einen spalt öffnen|etwas öffnen|ein bisschen öffnen",
            "<secret>",
        ),
        *_asks("lüfte|lüft", "{car}", "durch|", "lüften|durchlüften", "<secret>"),
    ),
    means(
        "windows_close",
        *_asks("mach[e|en sie]|fahr[e|en sie]|kurbel|kurble", _WINDOWS, "zu|hoch|rauf", "zumachen"),
        *_asks(
            _CLOSE,
            _WINDOWS,
            "",
            "schlie(ß|ss)en|zumachen|hochfahren|hochmachen|hochkurbeln",
        ),
    ),
    means(
        "homelink",
        *_asks(
            "drück[e|en sie]|lös[e|en sie]|betätige|aktivier[e|en sie]",
            "([den|die|das] (homelink|home link) [<von>]|<cars> (homelink|home link))",
            "aus|",
            "drücken|auslösen|betätigen|aktivieren",
            "<secret>",
        ),
        "<bitte> öffne (die garage|das garagentor) mit (homelink|home link|{car}) <secret>",
    ),
    means(
        "seat_heat_off",
        f"<bitte> ({_TURN}|deaktivier[e|en sie]|beende) [<mal>] {_SEATS} [<mal>] (aus|ab) [<mal>]",
        f"<bitte> (deaktivier[e|en sie]|beende|stoppe) [<mal>] {_SEATS} [<mal>]",
        f"<kannst> {_SEATS} [<mal>] (ausschalten|ausmachen|abschalten|abstellen|deaktivieren|ausstellen)",
        f"{_SEATS} [<mal>] (ausschalten|ausmachen|abschalten|abstellen|deaktivieren|ausstellen|aus)",
    ),
    means(
        "seat_heat",
        f"<bitte> ({_TURN_ON}) [<mal>] {_SEATS} [<mal>] [<level>] (ein|an|hoch) [<level>] [<mal>]",
        f"<bitte> (aktivier[e|en sie]|starte|start|heiz[e|en sie]|wärm[e|en sie]) [<mal>] {_SEATS} [<mal>] [<level>] [vor|auf|an] [<mal>]",
        f"<bitte> ({_SET}) [<mal>] {_SEATS} [<mal>] <level> [ein] [<mal>]",
        f"<kannst> {_SEATS} [<mal>] [<level>] ({_TURNS_ON}|{_SETS}|heizen|vorheizen|wärmen|beheizen) [<mal>]",
        f"{_SEATS} [<mal>] [<level>] ({_TURNS_ON}|{_SETS}|heizen|vorheizen|wärmen|beheizen) [<mal>]",
        f"{_SEATS} <level>",
    ),
    means("wheel_heat_off", *_asks(_TURN, _WHEEL, "aus|ab", _TURNS_OFF)),
    means(
        "wheel_heat_on",
        *_asks(_TURN_ON, _WHEEL, "ein|an", _TURNS_ON + "|heizen|wärmen|beheizen"),
        *_asks(
            "heiz[e|en sie]|wärm[e|en sie]|beheiz[e|en sie]|aktivier[e|en sie]|starte",
            _WHEEL,
            "vor|auf|",
            "heizen|vorheizen|wärmen",
        ),
    ),
    means(
        "defrost_off",
        *_asks(_TURN, _DEFROST, "aus|ab", _TURNS_OFF),
        *_asks(
            "beende|stopp[e|en sie]|deaktivier[e|en sie]",
            "(" + _DEFROST + "|das enteisen <von>)",
            "",
            "beenden|stoppen|deaktivieren",
        ),
    ),
    means(
        "defrost_on",
        *_asks(
            "enteis[e|en sie]|entfroste|entfrost",
            "({car}|[die] (scheibe|scheiben|windschutzscheibe|frontscheibe|fenster) <von>|<cars> (scheibe|scheiben|windschutzscheibe|frontscheibe))",
            "",
            "enteisen|entfrosten|abtauen|auftauen",
        ),
        *_asks(
            "tau[e|en sie]",
            "({car}|[die] (scheibe|scheiben|windschutzscheibe|frontscheibe) <von>)",
            "ab|auf",
            "abtauen|auftauen",
        ),
        *_asks(_TURN_ON, _DEFROST, "ein|an", _TURNS_ON),
        *_asks("aktivier[e|en sie]|starte|start|starten sie", _DEFROST, "", "aktivieren|starten"),
        _DEFROST + " an",
        "<bitte> (mach[e|en sie]) [<mal>] ([die] (scheibe|scheiben|windschutzscheibe|frontscheibe) <von>|<an> [die] (scheibe|scheiben|windschutzscheibe|frontscheibe)|<cars> (scheibe|scheiben)) [<mal>] (frei|eisfrei)",
    ),
    means(
        "dog_mode",
        *_asks(
            _TURN_ON + "|aktiviere",
            "([den] hundemodus [<von>]|<cars> hundemodus)",
            "ein|an|",
            _TURNS_ON,
        ),
        "[den] hundemodus [<von>] an",
    ),
    means(
        "camp_mode",
        *_asks(
            _TURN_ON + "|aktiviere",
            "([den] (campingmodus|camping modus|campmodus) [<von>]|<cars> campingmodus)",
            "ein|an|",
            _TURNS_ON,
        ),
        "[den] (campingmodus|camping modus|campmodus) [<von>] an",
    ),
    means(
        "keeper_off",
        *_asks(
            _TURN,
            "([den] (hundemodus|campingmodus|camping modus|campmodus) [<von>]|<cars> (hundemodus|campingmodus))",
            "aus|ab",
            _TURNS_OFF,
        ),
        "[den] (hundemodus|campingmodus|camping modus|campmodus) [<von>] aus",
    ),
    means(
        "temperature",
        f"<bitte> ({_PUT}) [<mal>] {{car}} [<mal>] {_TO} {{number}}<degrees> [ein] [<mal>]",
        f"<bitte> ({_SET}) [<mal>] ([die] (temperatur|innentemperatur|heizung|klimaanlage|klima|wunschtemperatur|solltemperatur) <von>|<cars> (temperatur|innentemperatur|heizung|klimaanlage|klima)) [<mal>] {_TO} {{number}}<degrees> [ein] [<mal>]",
        f"<kannst> ({{car}}|[die] (temperatur|innentemperatur|heizung|klimaanlage|klima) <von>|<cars> (temperatur|heizung|klimaanlage)) {_TO} {{number}}<degrees> ({_SETS})",
        f"({{car}}|[die] (temperatur|innentemperatur|heizung|klimaanlage|klima) <von>|<cars> (temperatur|heizung|klimaanlage)) {_TO} {{number}}<degrees> [{_SETS}] [<mal>]",
        f"<bitte> ({_SET}) [<mal>] <in> [die] [temperatur] [{_TO}] {{number}}<degrees> [ein] [<mal>]",
        "[ich (hätte|will|möchte|hab)] {car} [gern|gerne|bitte] [auf] {number}[ ](grad|°)[[ ]{unit}] [haben]",
        "{number}<degrees> <in> [bitte]",
        "<bitte> (mach[e|en sie]|heiz[e|en sie]) [<mal>] {car} auf {number}<degrees> (warm|auf)",
    ),
    means(
        "climate_off",
        *_asks(_TURN + "|fahr[e|en sie]", _CLIMATE, "aus|ab|runter", _TURNS_OFF),
        *_asks(
            "beende|stopp[e|en sie]|deaktivier[e|en sie]",
            "("
            + _CLIMATE
            + "|[das] (heizen|vorheizen|kühlen|klimatisieren|vorklimatisieren) <von>)",
            "",
            "beenden|stoppen|deaktivieren",
        ),
        "<bitte> (hör[e|en sie]) auf {car} zu (heizen|kühlen|klimatisieren)",
        f"({_TURN}) <in> [die] <climate> (aus|ab)",
        _CLIMATE + " aus",
        "<bitte> (mach[e|en sie]|schalt[e|en sie]|stell[e|en sie]) [<mal>] [die] <climate> (aus|ab) <in>",
    ),
    means(
        "climate_on",
        "<bitte> (mach|mache) [<mal>] [es] <in> [<mal>] {number}<degrees> (warm|kühl) [<mal>]",
        f"<bitte> (heiz[e|en sie]|wärm[e|en sie]|kühl[e|en sie]|klimatisier[e|en sie]|temperier[e|en sie]) [<mal>] {{car}} [<mal>] [{_TO} {{number}}<degrees>] [vor|auf|an|runter|ab|herunter|durch|ein] [{_TO} {{number}}<degrees>] [<mal>]",
        "<bitte> (vorheizen|aufwärmen|vorwärmen|vorkühlen) [<mal>] {car} [<mal>]",
        f"<kannst> {{car}} [<mal>] [{_TO} {{number}}<degrees>] (vorheizen|heizen|aufheizen|aufwärmen|vorwärmen|wärmen|kühlen|vorkühlen|runterkühlen|abkühlen|klimatisieren|vorklimatisieren|warm machen|temperieren|vortemperieren)",
        f"({{car}}|<noun>) [<mal>] [{_TO} {{number}}<degrees>] (vorheizen|heizen|aufheizen|aufwärmen|vorwärmen|wärmen|kühlen|vorkühlen|runterkühlen|abkühlen|klimatisieren|vorklimatisieren|warm machen|temperieren) [<mal>]",
        *_asks(_TURN_ON, _CLIMATE, "ein|an|auf|hoch", _TURNS_ON),
        *_asks(
            "aktivier[e|en sie]|starte|start|starten sie",
            "("
            + _CLIMATE
            + "|[das] (vorheizen|heizen|kühlen|vorklimatisieren|vorkonditionieren) <von>|[die] vorkonditionierung <von>)",
            "",
            "aktivieren|starten",
        ),
        "<bitte> (mach[e|en sie]) [<mal>] [es] [<mal>] <in> [<mal>] (warm|kühl|wärmer|kühler|gemütlich|schön warm|angenehm) [<mal>]",
        "<bitte> (mach[e|en sie]) [<mal>] {car} [<mal>] (warm|kühl|wärmer|kühler|gemütlich|schön warm|angenehm|startklar|fertig) [<mal>]",
        f"<bitte> ({_TURN}) [<mal>] <in> [<mal>] [die] <climate> (ein|an)",
        _CLIMATE + " an",
        "<bitte> (mach[e|en sie]|schalt[e|en sie]|stell[e|en sie]) [<mal>] [die] <climate> (an|ein) <in>",
        "<bitte> <noun> (vorwärmen|vorheizen|aufwärmen)",
    ),
    means(
        "charge_limit",
        f"<bitte> ({_SET}) [<mal>] {_LIMIT} [<mal>] {_TO} {{percent}}<percent> [ein|fest|herauf|herab|hoch|runter] [<mal>]",
        f"<bitte> ({_SET}) [<mal>] <an> [das|die|den] <charge_limit> {_TO} {{percent}}<percent> [ein]",
        f"<kannst> {_LIMIT} [<mal>] {_TO} {{percent}}<percent> ({_SETS}|laden)",
        f"{_LIMIT} [<mal>] [{_TO}] {{percent}}<percent> [{_SETS}] [<mal>]",
        f"<bitte> (lade|lad|laden sie) [<mal>] {{car}} [<mal>] [nur|nur noch] {_TO} {{percent}}<percent> [auf|voll] [<mal>]",
        f"<kannst> {{car}} [<mal>] [nur] {_TO} {{percent}}<percent> (laden|aufladen)",
        f"<bitte> {{car}} [soll] [<mal>] [nur] {_TO} {{percent}}<percent> (laden|aufladen|geladen werden) [<mal>]",
        "<bitte> (begrenz[e|en sie]|beschränke|stopp[e|en sie]) [<mal>] ([das] laden [<von>]|[die] ladung [<von>]|{car}|<cars> ladung) [<mal>] (auf|bei) {percent}<percent> [<mal>]",
        "<bitte> (lade|lad|laden sie) [<mal>] (bis|bis auf|bis zu) {percent}<percent> [auf] [<mal>]",
    ),
    means(
        "charge_current",
        f"<bitte> ({_SET}) [<mal>] {_CURRENT} [<mal>] {_TO} {{number}}<amps> [ein|fest|herauf|herab|hoch|runter] [<mal>]",
        f"<bitte> ({_SET}) [<mal>] ([die] ladeleistung [<von>]|<cars> ladeleistung) [<mal>] {_TO} {{number}}[ ]{{amperes}} [ein] [<mal>]",
        f"<bitte> ({_SET}) [<mal>] <an> [den|die] <charge_current> {_TO} {{number}}<amps> [ein]",
        f"<kannst> {_CURRENT} [<mal>] {_TO} {{number}}<amps> ({_SETS})",
        f"{_CURRENT} [<mal>] [{_TO}] {{number}}<amps> [{_SETS}] [<mal>]",
        "<bitte> (lade|lad|laden sie) [<mal>] {car} [<mal>] [nur] mit [maximal|höchstens|nur] {number}[ ]{amperes} [auf] [<mal>]",
        "<kannst> {car} [<mal>] [nur] mit [maximal|höchstens|nur] {number}[ ]{amperes} (laden|aufladen)",
        "<bitte> {car} [soll] [<mal>] [nur] mit {number}[ ]{amperes} (laden|aufladen)",
        "<bitte> (lade|lad|laden sie) [<mal>] [nur] mit [maximal|höchstens|nur] {number}[ ]{amperes} [<mal>]",
        "<bitte> (begrenz[e|en sie]|beschränke) [<mal>] ([das] laden [<von>]|{car}) [<mal>] auf {number}[ ]{amperes} [<mal>]",
        "<bitte> (stell[e|en sie]|setz[e|en sie]|begrenz[e|en sie]) [<mal>] {car} auf {number}[ ]{amperes}",
    ),
    means(
        "sun_off",
        "<bitte> (lade|lad|laden sie) {car} nicht mehr [nur] (mit|von|aus) <sun> [auf]",
        "<bitte> (beende|stopp[e|en sie]) ([das] laden <von> (mit|von|aus) <sun>|[das] (solarladen|sonnenladen|überschussladen) [<von>])",
        f"<bitte> ({_TURN}) [das] (solarladen|sonnenladen|überschussladen) [<von>] (aus|ab)",
    ),
    means(
        "sun_first",
        "<bitte> (lade|lad|laden sie) [<mal>] [{car}] [<mal>] (zuerst|zunächst|bevorzugt|vorrangig|erst|erst mal|möglichst|am liebsten) (mit|von|aus|durch) <sun> [auf] [<mal>]",
        "<kannst> {car} (zuerst|zunächst|bevorzugt|vorrangig|erst|möglichst) (mit|von|aus) <sun> (laden|aufladen)",
        "<bitte> {car} (zuerst|zunächst|bevorzugt|vorrangig|erst|möglichst) (mit|von|aus) <sun> (laden|aufladen)",
        "<bitte> (stell[e]|setz[e]|schalt[e]) [<mal>] ({car}|[das] laden [<von>]) [<mal>] auf (sonne zuerst|zuerst sonne|solar zuerst|sonnenstrom zuerst)",
        "[<bitte> (aktiviere|nutze|nimm|wähle)] ([<an>] [<mal>] (sonne|solar) zuerst|(sonne|solar) zuerst <von>) [<mal>]",
    ),
    means(
        "sun_only",
        "<bitte> (lade|lad|laden sie) [<mal>] {car} [<mal>] [nur|nur noch|ausschließlich] (mit|von|aus|durch) <sun> [auf] [<mal>]",
        "<kannst> {car} [nur] (mit|von|aus) <sun> (laden|aufladen)",
        "{car} [nur] (mit|von|aus) <sun> (laden|aufladen)",
        "<bitte> (lade|lad|laden sie) [<mal>] [nur|nur noch] (mit|von|aus) <sun> [auf]",
        "[nur] (mit|von|aus) <sun> (laden|aufladen)",
        f"<bitte> ({_TURN_ON}) [das] (solarladen|sonnenladen|überschussladen) [<von>] [ein|an]",
    ),
    means(
        "charging_stop",
        *_asks(
            "stopp[e|en sie]|beende|beend|unterbrich|pausier[e|en sie]|halt[e|en sie]|brich|breche",
            _CHARGING,
            "an|ab|",
            "stoppen|beenden|unterbrechen|pausieren|anhalten|abbrechen",
        ),
        "<bitte> (hör[e|en sie]) [<mal>] auf (zu laden|mit dem laden|{car} zu laden)",
        "<bitte> (lade|lad|laden sie) {car} (nicht mehr|nicht weiter)",
        f"<bitte> ({_TURN}) [das] laden (<von>) (aus|ab)",
        "<bitte> (lass[e|en sie]) {car} (nicht mehr|nicht weiter) laden",
        "<bitte> (beende|stopp[e|en sie]|brich) [<mal>] [die] (ladung|aufladung) <von> [ab]",
    ),
    means(
        "charging_start",
        *_asks(
            "starte|start|beginn[e|en sie]",
            "(" + _CHARGING + "|mit dem (laden|aufladen) [<von>])",
            "an|fort|",
            "starten|beginnen|anfangen|fortsetzen",
        ),
        "<bitte> (lade|lad|laden sie) [<mal>] {car} [<mal>] [auf|voll] [<mal>]",
        "<kannst> {car} [<mal>] (laden|aufladen|volladen|vollladen|voll laden)",
        "<bitte> {car} [soll] [<mal>] (laden|aufladen|geladen werden) [<mal>]",
        "<bitte> (fang[e|en sie]) [<mal>] an (zu laden|{car} zu laden)",
        f"<bitte> ({_TURN}) [das] laden (<von>) (ein|an)",
        "<bitte> (lass[e|en sie]) {car} laden",
        "<bitte> (starte|start|starten sie|beginn[e|en sie]) [<mal>] [die] (ladung|aufladung) <von>",
    ),
    means(
        "sentry_off",
        *_asks(_TURN, _SENTRY, "aus|ab", _TURNS_OFF),
        *_asks(
            "deaktivier[e|en sie]|beende|stopp[e|en sie]",
            _SENTRY,
            "",
            "deaktivieren|beenden|stoppen",
        ),
        "<bitte> (nimm|hol) {car} aus dem <sentry>",
        "<bitte> (bewache|überwache|bewach) {car} nicht mehr",
    ),
    means(
        "sentry_on",
        *_asks(_TURN_ON, _SENTRY, "ein|an|scharf", _TURNS_ON),
        *_asks("aktivier[e|en sie]|starte|start|starten sie", _SENTRY, "", "aktivieren|starten"),
        *_asks(
            "bewache|bewach|überwach[e|en sie]|beschütz[e|en sie]",
            "{car}",
            "",
            "bewachen|überwachen|beschützen",
        ),
        "<bitte> (versetz[e|en sie]|setz[e|en sie]) {car} in [den] <sentry>",
        "<bitte> (pass[e|en sie]) [<mal>] auf {car} auf",
    ),
    means(
        "flash",
        "<bitte> (blink[e|en sie]) [<mal>] [mit] ([dem|den|das|die] (licht|lichtern|lichter|scheinwerfer|scheinwerfern) <von>|<cars> (licht|lichtern|lichter|scheinwerfern)|{car}) [<mal>] [auf]",
        "<bitte> (lass[e|en sie]) [<mal>] ([das|die] (licht|lichter|scheinwerfer) <von>|<cars> (licht|lichter|scheinwerfer)|{car}) [<mal>] (blinken|aufblinken|aufleuchten|aufblitzen)",
        "<kannst> ([das|die] (licht|lichter|scheinwerfer) <von>|<cars> (licht|lichter|scheinwerfer)|{car}) [<mal>] (blinken lassen|aufblinken lassen|aufleuchten lassen)",
        "<bitte> (betätig[e|en sie]|mach[e|en sie]|gib|drück[e|en sie]|nutze|benutze) [<mal>] [die|mit der] lichthupe [<von>] [an]",
        "lichthupe [<von>] [betätigen|bitte]",
        "{car} soll [<mal>] (blinken|aufblinken|[die] lichthupe (machen|betätigen))",
    ),
    means(
        "honk",
        "<bitte> (hupe|hup) [<mal>] [mit] [<von>] [<mal>]",
        "<bitte> (hupe|hup) [<mal>] mit ({car}|dem <noun>)",
        "<bitte> (lass[e|en sie]) [<mal>] {car} [<mal>] hupen",
        "<bitte> (betätig[e|en sie]|drück[e|en sie]) [<mal>] [die|auf die] hupe [<von>]",
        "<kannst> [mit] [<von>] [<mal>] hupen",
        "<bitte> <von> [soll] [<mal>] hupen [<mal>]",
        "hupe <von>",
    ),
    means(
        "wake",
        *_asks("weck[e|en sie]", "{car}", "auf|", "wecken|aufwecken"),
        "<bitte> (mach[e|en sie]) {car} wach",
    ),
    means(
        "navigate",
        "<bitte> (navigier[e|en sie]|navigation|route) (nach|zu|zum|zur) {place} (mit|in|für|im) {car}",
        "<bitte> (navigier[e|en sie]|leite|führe|schick[e|en sie]|lotse) [<mal>] {car} [[die] (route|strecke)|[den] weg] (nach|zu|zum|zur|in die|ins|in den) {place}",
        "<bitte> (navigier[e|en sie]|fahr[e|en sie]|fahren) mit ({car}|dem <noun>) (nach|zu|zum|zur) {place}",
        "<bitte> (stell[e|en sie]|setz[e|en sie]|starte|programmier[e|en sie]|gib) [das] (navi|navigation|navigationssystem|ziel|navigationsziel) (<von>) (auf|nach|zu|zum|zur|in) {place}",
        "<bitte> (stell[e|en sie]|setz[e|en sie]) <cars> (navi|navigation|ziel|navigationsziel) (auf|nach|zu|zum|zur) {place}",
        "<bitte> (schick[e|en sie]|sende|send|übertrag[e|en sie]) [das ziel|die adresse|den ort] {place} (an|in|auf|zu|ans|ins|aufs|zum) [die|das] (navigation <von>|navi <von>|<cars> (navi|navigation))",
        "<bitte> (schick[e|en sie]|sende|send|übertrag[e|en sie]) [<mal>] {sent} (an|ans|zu|zum) {car}",
        "<bitte> (schick[e|en sie]|sende|send|übertrag[e|en sie]) (das ziel|die adresse|den ort) {place} (an|ans|zu|zum) {car}",
        "<bitte> (gib|setze|nimm) {place} als (ziel|navigationsziel) (in|für|bei|im|beim) {car} [ein]",
        "<kannst> {car} (nach|zu|zum|zur) {place} (navigieren|leiten|schicken)",
        "<bitte> (starte|start) [die] navigation <in> (nach|zu|zum|zur) {place}",
    ),
    means(
        "unclear",
        "(schalt[e|en sie]|mach[e|en sie]|stell[e|en sie]) {thing} (in|bei|von|an) {owner} (ein|an|aus|ab)",
        "(aktiviere|deaktiviere) {thing} (in|bei|von|an) {owner}",
    ),
)
