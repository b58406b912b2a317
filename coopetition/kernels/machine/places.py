"""Where things lie: the numbering that Python and the kernels share.

A kernel call takes the address of one int64 array, the *descriptor*: sizes, options and the addresses of every array.
Unpacking arguments is most of what stepping a single copy costs: an array takes Numba twice as long as an integer, and
six arrays five times as long. Only `coopetition.batching` fills descriptors in.

Named state, parameters and scratch are rows, [row, lane]; a constant below is the number of a *field*, whose
first row stands in the ``at`` array (state) or is computed from it (parameters, scratch). No import here:
`coopetition.games.game` needs these numbers without waiting for Numba.
"""

# --- descriptor: sizes and options
AGENTS = 0
LANES = 1
COPIES = 2
STATE_ROWS = 3
STEPS = 4
OPERATION = 5
AUTORESET = 6
RECORD = 7  # 1: outputs hold every step, [step, copy, agent]; 0: the last step only
STRICT = 8  # 1: an action out of bounds is an error, 0: it is clipped
OBSERVATION_COLUMNS = 9
JOINT_COLUMNS = 10
NOISE_COLUMNS = 11
RANDOM_GAMMA = 12
WORKERS = 13
WORK_ROWS = 14
STAGE_COUNT = 15
# --- descriptor: addresses (0: absent)
AT = 16
PARAMETERS = 17
INITIAL = 18
STATE = 19
WORK = 20
ACTIONS = 21
POLICIES = 22
POLICY_RATES = 23
OBSERVATIONS = 24
JOINT = 25
REWARDS = 26
JOINT_REWARDS = 27
PAYOFFS = 28
UTILITIES = 29
TERMINATED = 30
TRUNCATED = 31
FINAL_OBSERVATIONS = 32
FINAL_JOINT = 33
RESET_MASK = 34
NEXT_GAMMA = 35
NOISE = 36
OBSERVATION_ROWS = 37
OBSERVATION_SCALES = 38
JOINT_ROWS = 39
JOINT_SCALES = 40
NOISE_PLACES = 41
STAGES = 42
# ... and of stages that are called from others
PREPARE = 43
SHOW = 44
PLAY = 45
BLUR = 46
DESCRIPTOR_SIZE = 48

# --- operations
STEP = 0
RESET = 1
OBSERVE = 2
EVALUATE = 3

# --- autoreset, by Gymnasium's names
DISABLED = 0
NEXT_STEP = 1
SAME_STEP = 2

# --- policies that `rollout` plays inside the kernel
EXTERNAL = 0
CONSTANT = 1
TIT_FOR_TAT = 2

# --- reward modes
PRIVATE = 0
INTEGRATED = 1
COOPERATIVE = 2
MATRIX = 3

# --- `at`: integers of a game, then the first row of each state field (-1: the game has no such field)
N = 0
REWARD_MODE = 1
VALUE_FORM = 2  # 0 logarithmic, 1 power
MEMORY_LENGTH = 3  # 0: no reciprocity
TEAMMATES_SUM = 4
ADDITIVE = 5
WATCHES_TRUST = 6  # 1: an end by trust exists
OPTION = 7  # one integer for an environment's own rules
RATES = 10
TIME = 11
ENDED = 12
OUTCOME = 13
PAYOFF_TOTAL = 14
REWARD_TOTAL = 15
TRUST = 16
DAMAGE = 17
DEPENDENCE = 18
GAMMA = 19
LOYALTY = 20
MEMORY = 21
MEMORY_MEAN = 22
REPUTATION = 23
AGREEMENT = 24
AGREED = 25
AGREEMENTS = 26
BREACHES = 27
MEMBERS = 28
WAIT = 29
THIN_STEPS = 30
IMAGE = 31
VIOLATIONS = 32
AT_SIZE = 34

# --- parameters: scalars first, then vectors of n, then matrices of n * n
HORIZON = 0
LAMBDA_PLUS = 1
LAMBDA_MINUS = 2
MU_R = 3
DELTA_R = 4
XI = 5
KAPPA = 6
THETA = 7
BETA = 8
COLLAPSE = 9
RECOVERY = 10
OMEGA = 11
LAMBDA_R = 12
KAPPA_R = 13
MEAN_ENDOWMENT = 14
SYNERGY_SCALE = 15
COST = 16
PHI_B = 17
PHI_C = 18
LOYALTY_GAIN = 19
LOYALTY_LOSS = 20
LOYALTY_THRESHOLD = 21
LOYALTY_CAP = 22
NOISE_DEVIATION = 23
OWN = 24  # up to 24 numbers of an environment's own rules
SCALARS = 48

ENDOWMENT = 0
BASELINE = 1
SIGNAL_SCALE = 2
SHARES = 3
ACTION_LOW = 4
ACTION_SPAN = 5
KEPT = 6
BASELINE_RATE = 7
VECTORS = 8

WATCH = 0
SENSITIVITY = 1
MUTUALITY = 2
PAIR_DEPENDENCE = 3
MATRICES = 4

# --- scratch: single rows, then vectors of n rows, then one matrix of n * n rows
LEVEL = 0
SIGNAL = 1
EXPECTED = 2
SHARE = 3
VALUE = 4
PAYOFF = 5
UTILITY = 6
REWARD = 7
CHARGE = 8
RATE = 9
WORK_VECTORS = 10
WORK_SINGLES = 4
SOME_WAIT = 3


def work_rows(n: int, pairs: bool) -> int:
    """How many scratch rows a game of n agents needs, with or without the matrix."""
    return WORK_SINGLES + WORK_VECTORS * n + (n * n if pairs else 0)
