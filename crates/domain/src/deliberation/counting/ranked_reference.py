"""Who is elected by transferable vote, as other implementations say: writes ranked_reference.tsv beside this file.

    python3 -m venv venv && venv/bin/pip install pref_voting==1.18.2 pyrankvote==2.0.6
    venv/bin/python crates/domain/src/deliberation/counting/ranked_reference.py

One place: instant run-off, where both libraries agree whatever the order of the candidates. Several places: Meek's rules by pref_voting (pyrankvote
transfers by other rules). Profiles whose result hangs on how a tie is broken are left out: those for which another order of the candidates
gives another result. A line: places, candidates, ballots as `count:order` joined by `;`, the elected.
"""

import random
from pathlib import Path

import pyrankvote
from pref_voting.profiles_with_ties import ProfileWithTies
from pref_voting.proportional_methods import stv_meek

PROFILES = 120
random.seed(20260302)


def profile(candidates):
    weights = [random.random() + 0.05 for _ in range(candidates)]
    orders = {}
    for _ in range(random.randrange(4, 13)):
        order = sorted(range(1, candidates + 1), key=lambda c: random.random() ** (1 / weights[c - 1]), reverse=True)
        orders[tuple(order[: random.randrange(1, candidates + 1)])] = random.randrange(1, 12)
    return orders


def renamed(orders, name):
    return {tuple(name[c] for c in order): count for order, count in orders.items()}


def meek(orders, candidates, seats):
    rankings = [{c: place for place, c in enumerate(order, 1)} for order in orders]
    made = ProfileWithTies(rankings, rcounts=list(orders.values()), candidates=list(range(1, candidates + 1)))
    return set(stv_meek(made, num_seats=seats))


def run_off(orders, candidates):
    people = {c: pyrankvote.Candidate(str(c)) for c in range(1, candidates + 1)}
    ballots = [pyrankvote.Ballot(ranked_candidates=[people[c] for c in order]) for order, n in orders.items() for _ in range(n)]
    result = pyrankvote.instant_runoff_voting(list(people.values()), ballots)
    return {int(person.name) for person in result.get_winners()}


lines = []
while len(lines) < PROFILES:
    candidates = random.randrange(3, 9)
    seats = random.choice([1, 1, 2, 3])
    if seats >= candidates:
        continue
    orders = profile(candidates)
    elected = meek(orders, candidates, seats)
    names = list(range(1, candidates + 1))
    same = len(elected) == seats
    for _ in range(2):
        shuffled = names[:]
        random.shuffle(shuffled)
        name = dict(zip(names, shuffled))
        back = {new: old for old, new in name.items()}
        same = same and {back[c] for c in meek(renamed(orders, name), candidates, seats)} == elected
        if seats == 1:
            same = same and {back[c] for c in run_off(renamed(orders, name), candidates)} == elected
    if not same:
        continue
    ballots = ";".join(f"{count}:{'>'.join(map(str, order))}" for order, count in sorted(orders.items()))
    lines.append(f"{seats}\t{candidates}\t{ballots}\t{' '.join(map(str, sorted(elected)))}\n")

Path(__file__).with_suffix(".tsv").write_text("".join(lines))
print(f"{len(lines)} profiles, {sum(line.startswith('1') for line in lines)} of them for one place")
