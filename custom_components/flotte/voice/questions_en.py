"""Questions about cars in English."""

import re
from typing import Final

from .grammar import IntentRow, means, options_of, parts_of

_AUXILIARIES: Final = frozenset({"is", "are", "has", "have", "can", "could", "will", "does"})
_THIRD_PERSON: Final = {"have": "has", "need": "needs", "finish": "finishes", "drive": "drives"}


def _indirect(template: str) -> list[str]:
    """The indirect questions of a question: "do you know if {car} is", "how far {car} can"."""
    parts = parts_of(template)
    for number, part in enumerate(parts[:-1]):
        verbs = options_of(part)
        if not verbs <= _AUXILIARIES:
            continue
        end = number + 1
        while end < len(parts) - 1 and parts[end].startswith("["):
            end += 1
        if not re.search(r"\{car\}|<cars>|\bit\b", parts[end]):
            return []
        start = parts[:number] or ["(if|whether)"]
        subject, rest = parts[number + 1 : end + 1], parts[end + 1 :]
        found = []
        if kept := sorted(verbs - {"does"}):
            found.append(["<know>", *start, *subject, f"({'|'.join(kept)})", *rest])
        third = re.sub(r"\w+", lambda word: _THIRD_PERSON.get(word[0], word[0]), " ".join(rest))
        if "does" in verbs and third != " ".join(rest):
            found.append(["<know>", *start, *subject, third])
        return [" ".join(each) for each in found]
    return []


_DIRECT: Final[tuple[IntentRow, ...]] = (
    means(
        "battery",
        "<please> <whats> <battery> <of> {car} <now>",
        "<please> <whats> <cars> <battery> <now>",
        "<cars> <battery> <now>",
        "<battery> <of> {car} <now>",
        "how much (battery|charge|juice|power|energy) (does|has) {car} [still] (have|got) [left|remaining] <now>",
        "how much (battery|charge|juice|power|energy) is [left|there|still|remaining] (in|on|for) {car} <now>",
        "how much (battery|charge|juice|power|energy) {car} has [left] <now>",
        "(how|what percent|what percentage) (full|charged|charged up) is {car} <now>",
        "how (full|charged|high) is <cars> (battery|charge) <now>",
        "how (full|charged|high|low) is the (battery|charge) <of> {car} <now>",
        "(is|are) {car} (full|fully charged|empty|nearly empty|low on battery|running low) <now>",
        "(what percent|what percentage|at what percent|at what percentage) is {car} [at] <now>",
        "(what|which) (charge|battery|percent|percentage|charge level|battery level) (does|has) {car} (have|got) <now>",
        "does {car} (need charging|need to be charged|need a charge|have enough charge|have enough battery) <now>",
        "(what is|what's|whats|how much is|how full is) the car[s|'s] (battery|battery level|charge) <now>",
        "(is there|does {car} have|has {car} got) enough (battery|charge|juice|power) [left] [<of> {car}] <now>",
        "[do you know] (what|which) (charge|battery|percentage|battery level|charge level) {car} (has|is at) <now>",
        "how is <cars> (battery|charge) [doing] <now>",
        "how (many|much) (percent|per cent) (does|has) {car} (have|got) [left] <now>",
    ),
    means(
        "range",
        "<please> <whats> <range> <of> {car} <now>",
        "<please> <whats> <cars> <range> <now>",
        "<cars> <range> <now>",
        "<range> <of> {car} <now>",
        "(what|which) <range> (does|has) {car} [still] (have|got|get) <now>",
        "how far (can|could|will|does) {car} [still] (drive|go|get|travel|make it|run) [on this charge|on its charge|on a charge] <now>",
        "how far can (i|we) [still] (drive|go|get|travel) [(with|in) {car}] <now>",
        "how (many|much) (miles|kilometres|kilometers|km|range) (does|has|can) {car} [still] (have|got|drive|go|do) [left|remaining] <now>",
        "how (many|much) (miles|kilometres|kilometers|km|range) (is|are) (left|remaining) (in|on|for) {car} <now>",
        "how (many|much) (miles|kilometres|kilometers|km|range) (is|are) left <of> {car} <now>",
        "how (many|much) (miles|kilometres|kilometers|km|range) (do|have) (i|we) [still] (have|got) [left] <of> {car} <now>",
        "(what|which|how much) (distance|range) (can|could|will|does) {car} [still] (drive|go|cover|get|have|do|travel) [left] <now>",
        "<please> tell me how far {car} (can|could|will) [still] (drive|go|get) <now>",
    ),
    means(
        "charging",
        "is {car} [still|currently|already] (charging|being charged|loading) <now>",
        "(has|did) {car} (started|start|begun|begin) (charging|to charge) <now>",
        "how (fast|quickly) (is|does) {car} [currently] (charging|charge) <now>",
        "how much power is {car} (charging with|drawing|using|getting) <now>",
        "<whats> [the] (charging power|charge power|charging speed|charge rate|charging rate|charging status|charging state|charger power) <of> {car} <now>",
        "<whats> <cars> (charging power|charge power|charging speed|charge rate|charging rate|charging status|charging state) <now>",
        "<cars> (charging power|charge power|charging speed|charge rate|charging status|charging state)",
        "(with|at) (how much|what) power is {car} charging <now>",
        "(are you|do you) [still|currently] (charging|charge) {car} <now>",
        "does {car} [still|currently] charge <now>",
        "has {car} been (charging|charged) <now>",
    ),
    means(
        "charge_end",
        "(when|what time|at what time) (will|is) {car} [be] (done|full|finished|ready|charged|fully charged|done charging|finished charging) [charging] <now>",
        "(when|what time|at what time) (does|will) {car} (finish|stop|be done|complete|end) (charging|the charge|its charge|with charging) <now>",
        "(when|what time) (is|will) (charging|the charge) [of] {car} [be] (done|finished|complete|over) <now>",
        "how (long|much longer|many minutes|many hours) (until|till|before|does it take until|will it take until) {car} is (done|full|finished|charged|fully charged|done charging|finished charging) <now>",
        "how (long|much longer|much time) (does|will) {car} [still] (need to charge|take to charge|charge|need|be charging|need to be full) <now>",
        "how (long|much longer) (does|will) [it take] [to charge] {car} [take to charge] <now>",
        "how long (is|will) {car} [be] charging for <now>",
        "how (long|much longer|much time) (does|will) {car} [still] (have|need) to (charge|be charged) [for] <now>",
        "when's {car} [going to be] (done|full|finished|ready|charged|fully charged|done charging|finished charging) <now>",
        "<please> tell me when {car} (is|will be) (done|full|finished|ready|charged|fully charged|done charging) <now>",
        "when is [the] charging (done|finished|complete|over) (in|of|for|on) {car} <now>",
    ),
    means(
        "plugged_in",
        "is {car} [still|currently|already] (plugged in|plugged|connected|unplugged|hooked up|on the cable|on the charger|(plugged into|plugged in to|connected to|hooked up to) (the charger|a charger|the wall box|the wallbox|the socket|the mains)) <now>",
        "(did|have|has) (i|we|someone|anyone) (plug|plugged) [in] {car} [in] <now>",
        "is the (cable|charge cable|charging cable|charger|plug) (in|plugged into|connected to) {car} <now>",
        "is <cars> (cable|charge cable|charging cable) (plugged in|connected) <now>",
        "(has|have) {car} been (plugged in|connected|unplugged) <now>",
        "is there a (cable|charge cable|charging cable|plug) in {car} <now>",
    ),
    means(
        "at_home",
        "is {car} [already|still|parked|back] <home> <now>",
        "(has|did) {car} (come|arrived|arrive|get|got|gotten) <home> <now>",
        "is {car} here <now>",
    ),
    means(
        "location",
        "<please> (where is|where's|wheres|where are|locate|find) {car} [parked|standing|located] <now>",
        "where (did|have) (i|we) (park|parked|leave|left) {car} <now>",
        "where (did|have) (i|we) (park|parked) <now>",
        "where (did|has) {car} (go|gone|been parked) <now>",
        "<whats> [the] (location|position|whereabouts) <of> {car} <now>",
        "<whats> <cars> (location|position) <now>",
        "<cars> (location|position)",
        "how far (away|from home) is {car} <now>",
        "how far is {car} [away] [from home|from here] <now>",
        "(is|where is) {car} (driving|moving|on the road|on its way|going|parked|heading) [to] <now>",
        "when (will|does) {car} (arrive|be here|be home|get home|get here|be back) <now>",
        "(do you know|tell me|please tell me|can you tell me) where {car} is [parked] <now>",
        "(where is|where's) {car} at <now>",
    ),
    means(
        "locked",
        "(is|are) {car} [still|currently|properly|already] (locked|unlocked|secured|locked up|secure) <now>",
        "(is|are) (<cars> doors|the doors <of> {car}) [still|currently] (locked|unlocked) <now>",
        "(did|have) (i|we|someone|anyone) (lock|locked|forget to lock|forgotten to lock|left) {car} [unlocked|locked] <now>",
        "<whats> [the] (lock|lock state|lock status) <of> {car}",
        "(tell me|do you know|can you tell me|check) (if|whether) {car} is (locked|unlocked) <now>",
        "is {car} (locked or unlocked|unlocked or locked|locked or not|open or locked) <now>",
    ),
    means(
        "windows",
        "(is|are) [any|all] [of] (<cars> windows|the windows <of> {car}|windows <of> {car}|a window <of> {car}|a window open <of> {car}) [still] [<open>] <now>",
        "(is|are) (<cars> windows|a window|any window|any windows|the windows|all windows|all the windows) [still] <open> (of|in|on) {car} <now>",
        "(did|have) (i|we) (leave|left|close|closed) (<cars> windows|a window <of> {car}|the windows <of> {car}) [<open>] <now>",
        "(has|does) {car} [have] [got] (a window|any windows|windows) open <now>",
        "(is|are) any (window|windows) <of> {car} [still] <open> <now>",
        "[are there] any (window|windows) ([still|left] <open> <of> {car}|<of> {car} [still|left] <open>) <now>",
        "(did|have) (i|we) (leave|left) (a window|any window|any windows|windows|the windows) open (in|of|on) {car} <now>",
        "(is|are) (all|any) [of] [the] windows (in|on|of) {car} [still] [<open>] <now>",
    ),
    means(
        "trunk",
        "is (<cars>|the) (trunk|boot|tailgate|liftgate|hatch|rear trunk) [<of> {car}] [still] <open> [<of> {car}] <now>",
        "(did|have) (i|we) (leave|left|close|closed) (<cars>|the) (trunk|boot|tailgate) [<of> {car}] [<open>] <now>",
    ),
    means(
        "frunk",
        "is (<cars>|the) (frunk|front trunk|bonnet|hood) <of> {car} [still] <open> <now>",
        "is <cars> (frunk|front trunk|bonnet|hood) [still] <open> <now>",
        "is the frunk [still] <open> <now>",
    ),
    means(
        "charge_port",
        "is <cars> (charge port|charging port|charge flap|charge door) [still] <open> <now>",
        "is the (charge port|charging port) [<of> {car}] [still] <open> <now>",
    ),
    means(
        "openings",
        "(is|are) [any|all] [of] (<cars> doors|the doors <of> {car}|doors <of> {car}|a door <of> {car}) [still] [<open>] <now>",
        "(is|are) (a door|any door|any doors|the doors|anything|something|everything|all doors) [still] <open> (of|in|on|at) {car} <now>",
        "is {car} [still|completely|all] (open|closed|shut|closed up) <now>",
        "(did|have) (i|we) (leave|left) (anything|something|a door) open (of|in|on) {car} <now>",
        "is (anything|something|a door) (of|on|in) {car} <open> <now>",
    ),
    means(
        "inside_temperature",
        "how (warm|hot|cold|cool) is (it|the inside|the cabin|the interior) [inside] (in|inside|inside of) {car} <now>",
        "how (warm|hot|cold|cool) is {car} [inside] <now>",
        "<whats> it like (in|inside) {car} <now> [how (warm|hot|cold|cool) is it]",
        "how (warm|hot|cold|cool) is <cars> (cabin|interior|inside) <now>",
        "<please> <whats> [the] [inside|interior|cabin|inner|indoor] temperature [inside|inside of] [<of>] {car} [inside] <now>",
        "<please> <whats> <cars> [inside|interior|cabin|inner|indoor] temperature <now>",
        "<cars> [inside|interior|cabin] temperature",
        "[the] [inside|interior|cabin] temperature <of> {car}",
        "is {car} [already|still|too] (warm|hot|cold|cool) [inside] [enough] <now>",
        "(is it|is {car}) [already|still|too] (warm|hot|cold|cool) [inside] (in|inside) {car} <now>",
        "(do you know|tell me|please tell me|can you tell me) how (warm|hot|cold|cool) (it is (in|inside)|is it in) {car} <now>",
        "(do you know|tell me|please tell me|can you tell me) how (warm|hot|cold|cool) {car} is [inside] <now>",
        "(what|which) temperature (is it|does it have|do we have|is there) (in|inside) {car} <now>",
        "(what|which) temperature (is|has|does) {car} [have|at] <now>",
        "how many degrees (is it|are there|does it have) (in|inside) {car} <now>",
    ),
    means(
        "outside_temperature",
        "how (warm|hot|cold|cool) is it outside [of] {car} <now>",
        "<whats> [the] (outside|outdoor|exterior|ambient) temperature <of> {car} <now>",
        "<whats> <cars> (outside|outdoor|exterior|ambient) temperature <now>",
        "<cars> (outside|outdoor) temperature",
        "(what|which) (outside|outdoor|exterior|ambient) temperature (does|has) {car} (show|report|have|got|measure|measured) <now>",
    ),
    means(
        "climate",
        "is (<cars>|the) (climate|climate control|air conditioning|air con|a c|ac|heating|heater|hvac) [<of> {car}] [still|currently] (on|off|running) [<of> {car}] <now>",
        "is {car} [still|already|currently] (heating|cooling|preheating|preconditioning|being heated|being cooled|warming up|heated|defrosting) [up|down] <now>",
    ),
    means(
        "cost",
        "(how much|what) (did|does|has|have|is|was) {car} [already] (cost|costs|costing|spent|spend) [me|us] [so far|already] [this month|in this month] [so far] <now>",
        "<whats> [the] (cost|costs|expenses|spending|bill) <of> {car} [so far] [this month] [so far] <now>",
        "<whats> <cars> (cost|costs|expenses|spending|bill) [so far] [this month] [so far] <now>",
        "how much (did|have|has) (i|we|flotte) (spend|spent) on {car} [so far] [this month] [so far] <now>",
        "(how much|what) (did|does|has) (flotte|the tesla api|the fleet api|tesla's api) (cost|spent|spend) [me|us] [so far] [this month] [so far] <now>",
        "how much of the [car] budget (of|for) {car} is (used|left|spent) [this month] <now>",
        "<whats> [the] (flotte|tesla api|fleet api) (cost|costs|budget|spending) [this month] <now>",
        "how expensive (is|was|has) {car} [been] [so far] [this month] [so far] <now>",
        "(how much|what) (have|did|do) (i|we) [already] (pay|paid|owe|spend|spent) [tesla] (for|on) {car} [so far] [this month] [so far] <now>",
        "(how much|what) (have|did|do) (i|we) (pay|paid|owe|spend|spent) [for|on|to] tesla this month <now>",
        "(how much|what) (has|did|does) tesla [already] (charged|charge|cost|bill|billed) [me|us] [so far] this month <now>",
        "<whats> [the] tesla (cost|costs|bill|expenses) [so far] this month <now>",
    ),
    means(
        "software",
        "(what|which) (software|firmware|version|software version|firmware version) (is|does|has) {car} (on|running|have|run|got|using|use|running on) <now>",
        "<whats> [the] (software|firmware|version|software version|firmware version) <of> {car} <now>",
        "<whats> <cars> (software|firmware|version|software version|firmware version) <now>",
        "<cars> (software|firmware|software version|firmware version)",
        "is {car} up to date <now>",
        "(is|does) {car} [still] (on|run|running) the (latest|newest|current|most recent) (software|firmware|version|software version|update) [and (which|what) version] <now>",
        "(what|which) (software|firmware|version|software version|firmware version) is (on|running on|installed on|in) {car} <now>",
        "(is|are) there [a|an|any] [new] [software|firmware] (update|updates|version) [available|waiting|pending|ready] (for|on|in) {car} [available|waiting|pending|ready] <now>",
        "(does|has) {car} (have|need|got|get|gotten) [a|an|any] [new] [software|firmware] (update|updates) [available|waiting|pending|ready] <now>",
        "is [a|an|any] [new] [software|firmware] update available for {car} <now>",
        "is <cars> software up to date <now>",
        "(what|which) (software|firmware|version|software version|firmware version) (is|runs|is running) (on|in) {car} <now>",
    ),
    means(
        "tyres",
        "<whats> [the] (tire|tyre|tires|tyres) (pressure|pressures) <of> {car} <now>",
        "<whats> [the] (pressure|pressures) (of|in) (<cars> (tires|tyres)|the (tires|tyres) <of> {car}) <now>",
        "<whats> <cars> (tire|tyre) (pressure|pressures) <now>",
        "<cars> (tire|tyre) (pressure|pressures)",
        "(are|is) (<cars> (tires|tyres|tire pressure|tyre pressure)|the (tires|tyres|tire pressure|tyre pressure) <of> {car}) (ok|okay|fine|good|flat|low|full|alright|all right) <now>",
        "(are|is) the (tires|tyres|tire pressure|tyre pressure) (ok|okay|fine|good|flat|low|full|alright|all right) <of> {car} <now>",
        "how (are|is) (<cars> (tires|tyres|tire pressure|tyre pressure)|the (tires|tyres|tire pressure|tyre pressure) <of> {car}) <now>",
        "(does|has) {car} (have|got) [enough air in the tires|enough air in the tyres|a flat tire|a flat tyre|a flat] <now>",
    ),
    means(
        "odometer",
        "<whats> [the] (odometer|mileage|odometer reading) <of> {car} <now>",
        "<whats> <cars> (odometer|mileage|odometer reading) <now>",
        "<cars> (odometer|mileage)",
        "how (many|much) (miles|kilometres|kilometers|km) (does|has) {car} (have|done|driven|got|travelled|traveled) [on it|on the clock] <now>",
        "how far has {car} (driven|gone|travelled|traveled) [in total|altogether] <now>",
    ),
    means(
        "charge_limit_state",
        "<whats> [the] (charge|charging) (limit|target) <of> {car} <now>",
        "<whats> <cars> (charge|charging) (limit|target) <now>",
        "<cars> (charge|charging) limit",
        "(to what|up to what|to which) (percent|percentage|level) (will|does) {car} charge <now>",
        "(what|which) (percent|percentage|level) (will|does) {car} charge to <now>",
        "how (far|full) will {car} (charge|be charged) <now>",
    ),
    means(
        "sentry_state",
        "is (<cars>|[the]) sentry [mode] [<of> {car}] [currently|still] (on|off|active|enabled|running|activated|armed) [<of> {car}] <now>",
        "is {car} (guarded|being guarded|watched|in sentry mode) <now>",
    ),
    means(
        "presence",
        "is {car} [still|currently] (asleep|sleeping|awake|online|offline|reachable|connected to the internet) <now>",
        "(what is|what's|whats) {car} doing <now>",
        "(what is|what's|whats|how is|how's|give me|tell me) [the] (status|state) <of> {car} <now>",
        "(what is|what's|whats|how is|how's|give me|tell me) <cars> (status|state) <now>",
        "(how is|how's|hows) {car} [doing] <now>",
        "{car} (status|state)",
    ),
    means(
        "sun",
        "(why|how come) (is|does|isn't|doesn't|is not|does not|has) {car} [not] [currently] (charging|charge|charged|being charged|stopped charging) <now>",
        "(why|how come) {car} (is not|isn't|does not|doesn't) (charging|charge) <now>",
        "is {car} [currently] being charged (from|with|on|off|by) [the] (sun|solar|solar power|solar energy|sunshine|surplus) <now>",
        "how much of (<cars> (charge|energy|power)|the charge <of> {car}) (came|comes|is) from [the] (sun|solar|solar power|panels) <now>",
        "is {car} [currently] charging (from|with|on|off|by) [the] (sun|solar|solar power|solar energy|sunshine|sunlight|surplus|solar surplus) <now>",
        "(does|is) {car} (charge|charging|getting|using|get|use) [from|with|on] [the] (sun|solar|solar power|solar energy|surplus) <now>",
        "how much (sun|solar|solar power|solar energy|sunshine) (is in|is|went into|did|has) {car} [got|get|getting|charging with|charge with] <now>",
        "(what|why) (is|does) [the] (charging|solar charging|charging at home) (of|for) {car} (doing|waiting for|wait for) <now>",
        "what is {car} waiting for <now>",
        "is {car} [currently] (using|running on|charging on|charged by|charged with) [the] (sun|solar|solar power|solar energy|sunlight|surplus) [to charge|for charging] <now>",
        "how much of (<cars> (charge|charging|energy|power)|the (charge|energy) (of|in) {car}) (came|comes|is|was) from [the] (sun|solar|solar power|roof|panels) <now>",
        "is {car} [currently] [being] charged (from|with|by) [the] (sun|solar|solar power|solar energy|surplus) <now>",
    ),
    means(
        "frunk_close",
        "<please> (close|shut) (<cars>|the|my) (frunk|front trunk) [<of> {car}] [<polite>]",
        "<please> (close|shut) (<cars> (hood|bonnet)|the (hood|bonnet) <of> {car}) [<polite>]",
    ),
)
ENGLISH_QUESTIONS: Final = tuple(
    means(row.intent, *row.templates, *(more for each in row.templates for more in _indirect(each)))
    for row in _DIRECT
)
