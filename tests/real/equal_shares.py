"""The Method of Equal Shares by pabutools, to compare with: one line of JSON a case.

usage: equal_shares.py FILE MEASURE [STEP]
FILE is an election in Pabulib format; MEASURE is cost or count; with STEP, shares are raised by so much as long as it fits
(Add1), without the completion that follows. Prints the ids of the funded projects, sorted.

Ties go to the project with more votes, then to the cheaper one, then to the one that stands first in the file.
"""

import json
import sys

from pabutools.election import Cardinality_Sat, Cost_Sat, parse_pabulib
from pabutools.rules import method_of_equal_shares
from pabutools.tiebreaking import TieBreakingRule

# pabutools goes into itself once for every project that is funded.
sys.setrecursionlimit(10_000)

path, measure, *step = sys.argv[1:]
instance, profile = parse_pabulib(path)
with open(path, encoding="utf-8") as lines:
    order = [line.split(";")[0] for line in lines]
place = {name: order.index(name) for name in (project.name for project in instance)}
votes = {project.name: profile.approval_score(project) for project in instance}
ties = TieBreakingRule(lambda _instance, _profile, project: (-votes[project.name], project.cost, place[project.name]))
funded = method_of_equal_shares(
    instance,
    profile.as_multiprofile(),
    sat_class={"cost": Cost_Sat, "count": Cardinality_Sat}[measure],
    tie_breaking=ties,
    voter_budget_increment=int(step[0]) if step else None,
)
print(json.dumps(sorted(project.name for project in funded)))
