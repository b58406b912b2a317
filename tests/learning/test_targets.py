"""What learners reach, against targets that theory sets: stage games (horizon 1, discount 0), and whole episodes.

The targets were written before anything was trained. Independent learners ascend their own payoff, so that on a stage
game with one pure equilibrium they should end there: at the certified nash under private rewards, at the coopetitive
equilibrium under integrated ones, within 2 % of the endowment. The critics of MAPPO and COMA change the variance of
that gradient and not where it vanishes; SelfPlay_PPO replies to past selves, who end there when it does.
TeamProduction's cost is linear in the level, so that an agent's best reply fixes the team's total and any split of it
is an equilibrium: its target is the mean level.

LOLA has a target of its own: the rest point of its exact first-order update (`lola_rest_point`). FCP too: the best
reply to the pool that its teams have left, a third of which are the starting policies (`best_replies`); where replies
do not depend on the others, as in PublicGoods, that is the nash.

Where an algorithm takes one step a trajectory, trajectories of 64 copies and 8 steps give it more steps than the
default ones, which are made for episodes of 100. On three games nothing else but the discount differs from the
defaults, FCP on PublicGoods apart.

On TeamProduction learners average over many more steps, which its payoff asks for. What others draw moves an agent's
payoff by their level's price; what its own rate is worth is a curvature that is small beside it. From the slopes that
four agents see in n steps it is known where the total is best to 2.8 / sqrt(n) of the endowment in the mean level,
however widely they draw (computed at the equilibrium: the standard deviation of their mean score-function gradient,
with the best constant baseline, over that mean's derivative when all move alike). Learners at constant rates average
over the thousand steps or so that they take to forget, and wander by .03 to .07. With a rate that falls linearly to
nothing, from one at which they would forget within a K-th of the training, they average over 2.3 / sqrt(K) of it. These
settings make K about 14, so that of the start e^-7 is left, and n about 240,000: .006. Draws are narrow because the
median, which is played, lies .24 s^2 above the level whose draws pay best, for a spread s of the latents: .03 at the
.33 to which the default falls by itself, .0006 at e^-3.

Run with ``-m learn``: some eighteen minutes of processor time, 15 to 90 seconds a row.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from coopetition.baselines import evaluate
from coopetition.baselines.learning import learn
from coopetition.baselines.learning.networks import apply_layers
from coopetition.baselines.learning.training import Training
from coopetition.baselines.learning.xla import jax
from coopetition.baselines.players import as_game
from coopetition.batching.batch import Batch
from coopetition.oracles import solve

pytestmark = pytest.mark.learn

CONCEPTS = {"private": "nash", "integrated": "coopetitive"}
MARGIN = 0.02
OPTIONS = {"TrustDilemma-v0": {"collapse_threshold": 0.0}}
#: Games in which only the mean level is determined.
TOTALS = ("TeamProduction-v0",)
GAMES = ("TrustDilemma-v0", "PublicGoods-v0", "GiftExchange-v0", "TeamProduction-v0")
SHORT = {"discount": 0.0, "copies": 64, "length": 8}
#: Settings, and steps.
SETTINGS = {
    "IPPO": ({"discount": 0.0}, 60_000),
    "IA2C": (SHORT, 150_000),
    "REINFORCE": (SHORT, 150_000),
    "MAPPO": ({"discount": 0.0}, 60_000),
    "COMA": (SHORT, 150_000),
    # Its pool forgets the starting policies after 64 updates of 2,048 steps: no reply to it is near before.
    "SelfPlay_PPO": ({"discount": 0.0, "copies": 64}, 300_000),
}
TARGETS = [(algorithm, environment) for algorithm in SETTINGS for environment in GAMES]
#: Where both modes pay the same (a first step has no loyalty yet), run for run, one is enough.
MODES = {"TeamProduction-v0": ("private",)}

#: What TeamProduction changes, whose payoff is flat about its best total (see above): draws that begin and end narrow,
#: rates that fall to nothing, and one pass over many samples, which costs no more than four over a quarter of them.
FLAT = {"final_rate": 0.0, "log_std": -2.0, "final_log_std": -4.0}
ONCE = {**FLAT, "epochs": 1}
ON_TEAMS = {
    "IPPO": ({**ONCE, "learning_rate": 3e-4}, 400_000),
    "IA2C": ({**FLAT, "learning_rate": 4e-4}, 400_000),
    "REINFORCE": ({**FLAT, "learning_rate": 4e-4}, 400_000),
    "MAPPO": ({**ONCE, "learning_rate": 3e-4}, 400_000),
    # Its critic says what each rate was worth beside the others' of the same step, so that their draws are no noise;
    # but one that knows little yet sends actors anywhere.
    "COMA": ({"learning_rate": 1e-3}, 150_000),
    # Seats learn in a quarter of the copies each. Three past selves answer late: the fewer steps the pool reaches back,
    # the less the total swings.
    "SelfPlay_PPO": ({**ONCE, "learning_rate": 2.4e-4, "pool_every": 1}, 1_000_000),
}


def settings_of(algorithm, game):
    """Settings and steps that fit a game: copies a multiple of agents and minibatches."""
    settings, steps = SETTINGS[algorithm]
    if game.id in TOTALS:
        changed, steps = ON_TEAMS[algorithm]
        settings = {**settings, **changed}
    if algorithm == "SelfPlay_PPO":
        settings = {**settings, "copies": -(-settings["copies"] // (4 * game.n)) * 4 * game.n}
    return settings, steps


def played(population, run):
    """The rates (N,) that a run's policy plays."""
    game = population.games[run]
    seen = Batch(game, 1).reset(seed=0)
    policy = population.policy(run)
    return np.array([policy.act(seen[:, i], i)[0] for i in range(game.n)])


def gap(environment, rates, target):
    """How far rates are from a target, of everybody or, where nothing else is determined, of the mean."""
    if environment in TOTALS:
        return abs(rates.mean() - target.mean())
    return np.abs(rates - target).max()


def equilibrium(game, mode):
    """Rates (N,)."""
    return np.asarray(solve(game, CONCEPTS[mode]).actions) / game.endowment


@pytest.mark.parametrize(("algorithm", "environment"), TARGETS)
def test_stage_games_end_in_equilibrium(algorithm, environment):
    options = OPTIONS.get(environment, {})
    settings, steps = settings_of(algorithm, as_game(environment, options))
    found = learn(environment, algorithm, reward_mode=list(MODES.get(environment, CONCEPTS)), steps=steps, seeds=2,
                  settings=settings, measure_efficiency=False, horizon=1, **options)  # fmt: skip
    for k, run in enumerate(found.runs):
        rates, target = played(found, k), equilibrium(found.games[k], run.reward_mode)
        print(algorithm, environment, run.name, rates.round(3), target.round(3))
        assert gap(environment, rates, target) < MARGIN, (run.name, rates, target)


# --- targets of their own


def trained(environment, algorithm, steps, settings):
    """A training with one seed that has gone through, its state, and the population."""
    modes = list(MODES.get(environment, CONCEPTS))
    training = Training(environment, algorithm, modes, steps, 1, settings,
                        options={"horizon": 1, **OPTIONS.get(environment, {})})  # fmt: skip
    state, collector = training.init(), training.collector()
    collector.reset()
    spent = {"collect": 0.0, "update": 0.0}
    for iteration in range(training.iterations):
        state, _ = training._iterate(state, collector, iteration, spent)
    population = training._population(state, [], training.iterations, None, spent)
    return training, jax.tree.map(np.asarray, state), population


@lru_cache(maxsize=8)
def stage_of(game, size):
    """A batch that starts anew after every step."""
    batch = Batch(game, size)
    batch.reset(seed=0)
    return batch


def paid(game, rates):
    """Rewards (B, N) in float64 of rates (B, N), one step each."""
    _, rewards, _, _ = stage_of(game, len(rates)).step(rates * game.action_high)
    return np.array(rewards, dtype=np.float64)


def draws_of(n):
    """Points (M, N) and weights (M,) of the trapezoid rule for N independent standard normals."""
    nodes = np.linspace(-4.0, 4.0, 41 if n == 2 else 7)
    weights = np.exp(-0.5 * nodes**2)
    points = np.stack(np.meshgrid(*[nodes] * n, indexing="ij"), axis=-1).reshape(-1, n)
    every = np.stack(np.meshgrid(*[weights / weights.sum()] * n, indexing="ij"), axis=-1).reshape(-1, n)
    return points, every.prod(axis=1)


def lola_field(game, means, log_std, lookahead):
    """LOLA's exact direction (N,) at the means u (N,) of the agents' latents, rates 1 / (1 + exp(-2 (u + noise))).

    d J_i / d u_i + sum_j,p lookahead_p,j (d J_i / d p_j) (d^2 J_j / d u_i d p_j), where J is the expected reward over
    everybody's noise and p an opponent's mean and log standard deviation, its derivatives by scores.

    Parameters
    ----------
    log_std : (N,)
        Of the noise.
    lookahead : (2, N)
        How far j's mean, and its log standard deviation, move for a unit of their own slope of J_j.
    """
    noise, weights = draws_of(game.n)
    rewards = paid(game, 1.0 / (1.0 + np.exp(-2.0 * (means + np.exp(log_std) * noise))))
    scores = np.stack([noise / np.exp(log_std), noise**2 - 1.0])  # (parameter, draw, agent)
    slopes = np.einsum("m,pmj,mi->pji", weights, scores, rewards, optimize=True)
    crossed = np.einsum("m,mi,pmj,mj->pij", weights, scores[0], scores, rewards, optimize=True)
    others = 1.0 - np.eye(game.n)
    return np.diag(slopes[0]) + np.einsum("ij,pj,pji,pij->i", others, lookahead, slopes, crossed)


def lola_rest_point(game, means, log_std, lookahead):
    """Rates (N,) where following that direction from `means` ends, or the border of the box."""
    speed = 0.3 / np.abs(lola_field(game, np.zeros(game.n), log_std, lookahead)).max()
    for _ in range(1000):
        step = np.clip(speed * lola_field(game, means, log_std, lookahead), -0.1, 0.1)
        moved = np.clip(means + step, -6.0, 6.0)
        if np.abs(moved - means).max() < 1e-5:
            break
        means = moved
    return 1.0 / (1.0 + np.exp(-2.0 * means))


@pytest.mark.parametrize("environment", GAMES)
def test_lola_ends_where_its_exact_update_rests(environment):
    """How far an opponent's latent moves in its step is read off its trained network and its reward's scale, and how
    widely everybody draws off its trained deviation: payoffs have kinks, whose curvature an agent meets by its noise.

    The target is where the exact update leads from where training ended: near it only if that is a rest point.
    """
    # Its second-order term is a product of two noisy gradients: four times the copies, in about as many updates.
    training, state, population = trained(environment, "LOLA", 500_000, {**SHORT, "copies": 256})
    for k, run in enumerate(population.runs):
        game = population.games[k]
        rates = played(population, k)
        one = jax.tree.map(lambda x, k=k: x[k], state)
        seen = Batch(game, 1).reset(seed=0)[0]
        slopes = jax.vmap(jax.grad(lambda layers, x: apply_layers(layers, x)[0]))(one.actor["layers"], seen)
        squares = sum((np.asarray(leaf) ** 2).reshape(game.n, -1).sum(axis=1) for leaf in jax.tree.leaves(slopes))
        lookahead = training.settings.lookahead * np.stack([squares, np.ones(game.n)]) / one.scales.deviation
        log_std = np.asarray(one.actor["log_std"], dtype=np.float64)[:, 0]
        start = np.arctanh(2.0 * np.clip(rates, 1e-4, 1.0 - 1e-4) - 1.0)
        target = lola_rest_point(game, start, log_std, lookahead)
        nash = equilibrium(game, run.reward_mode)
        print(environment, run.name, rates.round(3), target.round(3), "nash", nash.round(3), lookahead.round(2))
        assert gap(environment, rates, target) < MARGIN, (run.name, rates, target)


def best_replies(game, pool, log_std, seen):
    """Each seat's best reply (N,) to a pool of teams, drawn with their noise, on a grid of 401 rates.

    Parameters
    ----------
    pool : (P, N)
        Mean latents of each entry's seats.
    log_std : (P, N)
    """
    rng = np.random.default_rng(0)
    drawn = pool[:, None] + np.exp(log_std)[:, None] * rng.standard_normal((len(pool), 64, game.n))
    drawn = (1.0 / (1.0 + np.exp(-2.0 * drawn))).reshape(-1, game.n)
    grid = np.linspace(0.0, 1.0, 401)
    found = np.empty(game.n)
    for i in range(game.n):
        every = np.repeat(drawn[None], len(grid), axis=0)
        every[:, :, i] = grid[:, None]
        means = paid(game, every.reshape(-1, game.n))[:, i].reshape(len(grid), -1).mean(axis=1)
        found[i] = grid[means.argmax()]
    return found


#: On PublicGoods a third of the pool gives half of what it has and the rest nothing, which a seat does not see: beside
#: that noise the slope, which vanishes with the rate, is small, and rates fall as one over how far Adam moves: there
#: are twice as many steps, and smaller batches, which take more of them.
FCP_SETTINGS = {"PublicGoods-v0": ({"copies": 80}, 1_000_000)}


@pytest.mark.parametrize("environment", GAMES)
def test_fcp_ends_in_the_best_reply_to_its_pool(environment):
    """And its teams, each an IPPO team, in equilibrium, so that the last third of the pool plays that.

    A seat's reply to the pool is its own, even in TeamProduction, where the pool's totals are what it replies to. There
    it is far from what steps can tell: a seat earns 28 less beside starting policies, whom it does not recognise, the
    curvature of its payoff is 5.5, and so n steps drawn with deviation d tell its best reply to 2.4 / (d sqrt(n)).
    """
    settings, steps = FCP_SETTINGS.get(environment, ({"copies": 128}, 500_000))
    training, state, population = trained(environment, "FCP", steps, {"discount": 0.0, **settings})
    for k, run in enumerate(population.runs):
        game = population.games[k]
        one = jax.tree.map(lambda x, k=k: x[k], state)
        seen = Batch(game, 1).reset(seed=0)[0]
        entries = [jax.tree.map(lambda x, p=p: x[p], one.pool) for p in range(3 * training.settings.teams)]
        means = np.array(
            [np.asarray(jax.vmap(apply_layers)(entry["layers"], seen))[:, 0] for entry in entries], dtype=np.float64
        )
        spread = np.array([np.clip(entry["log_std"][:, 0], -5.0, 1.0) for entry in entries], dtype=np.float64)
        last = 1.0 / (1.0 + np.exp(-2.0 * means[-training.settings.teams :]))
        nash = equilibrium(game, run.reward_mode)
        teams = max(gap(environment, rates, nash) for rates in last)
        rates, target = played(population, k), best_replies(game, means, spread, seen)
        print(environment, run.name, rates.round(3), target.round(3), "nash", nash.round(3), "teams", teams.round(4))
        assert teams < MARGIN, (run.name, last, nash)
        assert np.abs(rates - target).max() < MARGIN, (run.name, rates, target)


# --- whole episodes

EPISODES = ("TrustDilemma-v0", "LoyaltyTeam-v0")
#: Steps of the two that train partners too, of which the learner has half or fewer; of the others, see below.
OF_POOLS = {"SelfPlay_PPO": 400_000, "FCP": 800_000}
#: TrustDilemma's start plays a rate of .5, which earns 98 % of the optimum already, and beside the optimum, below rates
#: of some .39, trust collapses. Learners that take one step a trajectory are thrown back from that edge while they draw
#: widely, to .65 or into a corner of the box, and come back slowly: here they draw narrowly from the start.
NARROW = {"log_std": -2.0, "final_log_std": -3.0, "final_rate": 0.0, "learning_rate": 1e-3}
ON_THE_EDGE = {
    "IA2C": ({**NARROW, "log_std": -1.0, "final_log_std": -4.0}, 400_000),
    "REINFORCE": ({**NARROW, "log_std": -2.5, "final_log_std": -4.0}, 200_000),
    "LOLA": (NARROW, 200_000),
    # Its critic must know what rates are worth that it hardly sees when it draws so narrowly.
    "COMA": ({**NARROW, "log_std": -1.5, "learning_rate": 5e-4, "discount": 0.9, "copies": 128, "critic_steps": 8},
             1_000_000),
}  # fmt: skip


@pytest.mark.parametrize("environment", EPISODES)
@pytest.mark.parametrize("algorithm", [*SETTINGS, "LOLA", "FCP"])
def test_episodes_beat_chance_and_the_start(algorithm, environment):
    """Summed payoffs under cooperative rewards, which ask for just that of every learner."""
    options = {"reward_mode": "cooperative", "seeds": 2, "measure_efficiency": False}
    settings, steps = {}, OF_POOLS.get(algorithm, 60_000)
    if environment == "TrustDilemma-v0":
        settings, steps = ON_THE_EDGE.get(algorithm, (settings, max(steps, 200_000)))
    found = learn(environment, algorithm, steps=steps, settings=settings, **options)
    start = learn(environment, algorithm, steps=1, settings={"learning_rate": 0.0}, **options)

    def earned(policy):
        rows = evaluate(found.games[0], policy, episodes=20, normalise=False, exploitability=False)
        return sum(row.payoff for row in rows)

    chance = earned("random")
    for k in range(2):
        learnt, begun = earned(found.policy(k)), earned(start.policy(k))
        print(f"{algorithm} {environment}: random {chance:.0f}, start {begun:.0f}, learnt {learnt:.0f}")
        assert learnt > chance
        assert learnt > begun
