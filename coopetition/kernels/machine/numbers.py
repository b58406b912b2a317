"""The numbers that Python and the kernels share, each in the namespace of the array that it indexes.

``at[State.TRUST]`` is the first row of trust, ``parameters[Scalar.GAMMA]`` a parameter, ``work_vector(work, Work.RATE,
n)`` scratch. A name is one line below; its number follows from its place. An environment's own names come from its
class: ``State = MyGame.State`` has the shared names and its own (`coopetition.games.parameters`).

A kernel call takes the address of one int64 array, the *descriptor*: sizes, options and the addresses of every array.
Unpacking arguments is most of what stepping a single copy costs: an array takes Numba twice as long as an integer, and
six arrays five times as long. Only `coopetition.batching` fills descriptors in.

No import of Numba here: games need these numbers without waiting for it. `memory` tells Numba that a namespace is read
as a module is, and `names` finds out which of these names a stage reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Number(int):
    """An index that knows which name of which namespace it stands for."""

    space: str
    name: str

    def __new__(cls, value: int, space: str, name: str) -> Number:
        """An integer with a name."""
        number = super().__new__(cls, value)
        number.space, number.name = space, name
        return number

    # Its text is the plain number's: LLVM is written with it, and digests of what a stage reads are taken of it.

    def __reduce__(self) -> Any:
        return int, (int(self),)


class Names(type):
    """Class of namespaces: every annotated name becomes the next number, from ``start`` on.

    A subclass has the names above it too. `numbers` are those of the class itself and above, in order; `size` is one
    more than the largest, and ``room`` what a namespace holds at most.
    """

    _own: dict[str, Number]

    def __new__(
        mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], start: int | None = None, **sizes: int
    ) -> Any:
        """Number the names; ``sizes`` says how many places a name takes, where not one."""
        space = next((base.__name__ for base in bases if isinstance(base, Names)), name)
        first = start if start is not None else max((base.size for base in bases if isinstance(base, Names)), default=0)
        own: dict[str, Number] = {}
        for one in body.get("__annotations__", {}):
            own[one] = Number(first, space, one)
            first += sizes.get(one, 1)
        made = super().__new__(mcs, name, bases, {**body, **own})
        made._own = own
        made._end = first
        return made

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **_: Any) -> None:
        super().__init__(name, bases, body)

    _end: int

    @property
    def size(cls) -> int:
        """One more than the largest number."""
        return cls._end

    @property
    def numbers(cls) -> dict[str, Number]:
        """Every name with its number, in order."""
        found: dict[str, Number] = {}
        for base in reversed(cls.__mro__):
            found.update(getattr(base, "_own", {}))
        return found

    def __iter__(cls) -> Iterator[Number]:
        return iter(cls.numbers.values())

    def __contains__(cls, name: object) -> bool:
        return name in cls.numbers


class Descriptor(metaclass=Names):
    """Places of the descriptor: sizes and options, then addresses (0: absent)."""

    AGENTS: int
    AXES: int  # numbers in an agent's action: 1 a rate, 2 a rate and an intensity
    LANES: int
    COPIES: int
    STATE_ROWS: int
    STEPS: int
    OPERATION: int
    AUTORESET: int
    RECORD: int  # 1: outputs hold every step, [step, copy, agent]; 0: the last step only
    STRICT: int  # 1: an action out of bounds is an error, 0: it is clipped
    OBSERVATION_COLUMNS: int
    JOINT_COLUMNS: int
    NOISE_COLUMNS: int
    RANDOM_GAMMA: int
    WORKERS: int
    WORK_ROWS: int
    STAGE_COUNT: int
    PARAMETER_COUNT: int
    CHUNKS: int
    END: int  # the first copy that is not this chunk's: all copies, or those of the chunk's parameter set
    # many parameter sets (0: one)
    SETS: int
    COPIES_OF_SET: int
    CHUNKS_OF_SET: int
    # addresses
    AT: int
    PARAMETERS: int
    INITIAL: int
    STATE: int
    WORK: int
    ACTIONS: int
    POLICIES: int
    POLICY_RATES: int
    OBSERVATIONS: int
    JOINT: int  # next to OBSERVATIONS: the driver counts from one to the other
    REWARDS: int
    JOINT_REWARDS: int
    PAYOFFS: int
    UTILITIES: int  # next to PAYOFFS
    TERMINATED: int
    TRUNCATED: int
    FINAL_OBSERVATIONS: int
    FINAL_JOINT: int  # next to FINAL_OBSERVATIONS
    RESET_MASK: int
    NEXT_GAMMA: int
    NEXT_CHANCE: int
    NOISE: int
    OBSERVATION_ROWS: int
    OBSERVATION_SCALES: int
    JOINT_ROWS: int  # two after OBSERVATION_ROWS
    JOINT_SCALES: int  # two after OBSERVATION_SCALES
    NOISE_PLACES: int
    STAGES: int
    OWN: int  # many sets: a descriptor for each worker, which says where the chunk's set lies
    NEXT: int  # numbers drawn for each copy's next episode: its parameters, initial state and scales
    # ... and of stages that are called from others
    PREPARE: int
    SHOW: int
    PLAY: int
    BLUR: int


class Operation(metaclass=Names):
    """What a kernel call does."""

    STEP: int
    RESET: int
    OBSERVE: int
    EVALUATE: int


class Autoreset(metaclass=Names):
    """Gymnasium's modes."""

    DISABLED: int
    NEXT_STEP: int
    SAME_STEP: int


class Policy(metaclass=Names):
    """Policies that a rollout plays inside the kernel."""

    EXTERNAL: int
    CONSTANT: int
    TIT_FOR_TAT: int


class Outcome(metaclass=Names):
    """How a game ended by its own rule; an environment's own outcomes follow."""

    NONE: int
    COLLAPSED: int
    RECOVERED: int


class Integer(metaclass=Names):
    """``at[...]``: integers of a game; a choice is its place among the alternatives, a flag 0 or 1."""

    N: int
    VALUE_FORM: int  # 0 logarithmic, 1 power
    MEMORY_LENGTH: int
    TEAMMATES: int  # 0 mean, 1 sum
    RECIPROCITY_FORM: int  # 0 gradient, 1 additive
    WATCHES_TRUST: int  # 1: an end by trust exists


class State(metaclass=Names, start=Integer.size):
    """``at[...]``: the first row of each field of `coopetition.games.fields`; an environment's own follow."""

    RATES: int
    TIME: int
    ENDED: int
    OUTCOME: int
    PAYOFF_TOTAL: int
    REWARD_TOTAL: int
    TRUST: int
    DAMAGE: int
    DEPENDENCE: int
    GAMMA: int
    LOYALTY: int
    MEMORY: int
    MEMORY_MEAN: int
    CHANCE: int
    SEEN: int
    BEGUN: int
    INTENSITY: int


class Scalar(metaclass=Names):
    """``parameters[...]``: single numbers; a reward mode's own and an environment's own follow."""

    HORIZON: int
    NOISE_DEVIATION: int
    LAMBDA_PLUS: int
    LAMBDA_MINUS: int
    MU_R: int
    DELTA_R: int
    XI: int
    KAPPA: int
    THETA: int
    BETA: int
    COLLAPSE_THRESHOLD: int
    RECOVERY_TARGET: int
    SYNERGY_SCALE: int
    OMEGA: int
    LAMBDA_R: int
    KAPPA_R: int
    MEAN_ENDOWMENT: int
    COST: int
    PHI_B: int
    PHI_C: int
    LOYALTY_GAIN: int
    LOYALTY_LOSS: int
    LOYALTY_THRESHOLD: int
    LOYALTY_CAP: int
    CONTINUATION: int
    TREMBLE: int
    MONITORING_NOISE: int


class Vector(metaclass=Names):
    """``parameter_vector(parameters, ..., n)``: a number for each agent."""

    ENDOWMENT: int
    BASELINE: int
    BASELINE_RATE: int
    ACTION_LOW: int
    ACTION_SPAN: int
    SIGMA: int
    SHARES: int
    KEPT: int


class Matrix(metaclass=Names):
    """``parameter_matrix(parameters, ..., n)``: a number for each ordered pair."""

    MUTUALITY: int
    DEPENDENCE: int
    WATCHED: int
    SENSITIVITY: int


class Work(metaclass=Names):
    """``work_vector(work, ..., n)``: scratch of a step, a row for each agent."""

    LEVEL: int
    SIGNAL: int
    EXPECTED: int
    SHARE: int
    VALUE: int
    PAYOFF: int
    UTILITY: int
    REWARD: int
    CHARGE: int
    RATE: int


DESCRIPTOR_SIZE = Descriptor.size

#: How far below a threshold of slowly moving state still counts as on it: sums of steps such as .02 c reach a threshold
#: that exact arithmetic meets only to within their rounding.
ON_THRESHOLD = 2.0**-40

#: How many places a namespace has for names of a reward mode, and after them of an environment.
MODE_ROOM = {"Scalar": 8, "Vector": 2, "Matrix": 1}
OWN_ROOM = {"State": 32, "Scalar": 40, "Vector": 8, "Matrix": 3}
MODE_START = {space.__name__: space.size for space in (Scalar, Vector, Matrix)}
OWN_START = {
    "State": State.size,
    **{space.__name__: space.size + MODE_ROOM[space.__name__] for space in (Scalar, Vector, Matrix)},
}

#: Length of ``at``, and of the three parts of a parameter block: scalars, then vectors of n, then matrices of n * n.
AT_SIZE = OWN_START["State"] + OWN_ROOM["State"]
SCALARS = OWN_START["Scalar"] + OWN_ROOM["Scalar"]
VECTORS = OWN_START["Vector"] + OWN_ROOM["Vector"]

#: Scratch: single rows, then vectors of n rows, then one matrix of n * n rows. Stages use the first three single rows;
#: the driver keeps a note in the last.
WORK_SINGLES = 4
SOME_WAIT = 3
WORK_VECTORS = Work.size


def work_rows(n: int, pairs: bool) -> int:
    """How many scratch rows a game of n agents needs, with or without the matrix."""
    return WORK_SINGLES + WORK_VECTORS * n + (n * n if pairs else 0)


def parameter_count(n: int, matrices: int) -> int:
    """Length of a parameter block of n agents that has the first `matrices` matrices."""
    return SCALARS + VECTORS * n + matrices * n * n


def extended(space: Names, sizes: dict[str, int], start: int, room: int, owner: str) -> Any:
    """A namespace with names of its own beside those of `space`.

    Parameters
    ----------
    space : Names
        A shared namespace, or an extended one.
    sizes : dict of str to int
        The new names, and how many places each takes.
    start, room : int
        Where names of its kind begin, and how many places there are for them.
    owner : str
        Who declares them, for messages.

    Raises
    ------
    TypeError
        More names than there is room for.

    Notes
    -----
    A name of its own hides a shared one of the same name in the owner's stages, and nowhere else.
    """
    first = max(start, space.size)
    wanted = first - start + sum(sizes.values())
    if wanted > room:
        raise TypeError(
            f"{owner} declares {wanted} numbers of its own in {space.__name__} ({', '.join(sizes)}); there is room "
            f"for {room}"
        )
    body = {"__annotations__": dict.fromkeys(sizes, int), "__doc__": space.__doc__, "__module__": space.__module__}
    return Names(space.__name__, (space,), body, start=first, **sizes)
