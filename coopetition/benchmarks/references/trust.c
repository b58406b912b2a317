/* The two-agent trust game as an environment in C: one struct a copy, one copy after another, libm. */

#include <math.h>
#include <string.h>

typedef struct {
    double endowment[2], baseline[2], shares[2], dependence[2], trust[2], damage[2];
    double theta, gamma, lambda_plus, lambda_minus, mu, delta, xi, kappa, collapse, horizon;
} Constants;

typedef struct {
    double rate[2], trust[2], damage[2], payoff_total[2], reward_total[2], time;
} Env;

typedef struct {
    float *observations, *final_observations, *rewards;
    double *payoffs, *utilities;
    unsigned char *terminated, *truncated;
} Outputs;

static double clip(double x, double low, double high) {
    return x < low ? low : (x > high ? high : x);
}

static void restart(Env *env, const Constants *c) {
    memset(env, 0, sizeof *env);
    for (int i = 0; i < 2; i++) {
        env->rate[i] = c->baseline[i] / c->endowment[i];
        env->trust[i] = c->trust[i];
        env->damage[i] = c->damage[i];
    }
}

static void observe(const Env *env, const Constants *c, float *observations) {
    for (int i = 0; i < 2; i++) {
        float *mine = observations + 6 * i;
        mine[0] = (float)env->rate[i];
        mine[1] = (float)env->rate[1 - i];
        mine[2] = (float)env->trust[i];
        mine[3] = (float)env->damage[i];
        mine[4] = (float)c->dependence[i];
        mine[5] = (float)(env->time / c->horizon);
    }
}

static void step(Env *env, const Constants *c, const double *actions, const Outputs *out, long k) {
    double level[2], signal[2], payoff[2];
    for (int i = 0; i < 2; i++) {
        env->rate[i] = clip(actions[i], 0.0, 1.0);
        level[i] = env->rate[i] * c->endowment[i];
        signal[i] = tanh(c->kappa * (level[i] - c->baseline[i]));
    }
    env->time += 1.0;
    for (int i = 0; i < 2; i++) {
        double s = signal[1 - i];
        double ceiling = 1.0 - env->damage[i];
        double trust = env->trust[i];
        if (s > 0.0)
            trust += c->lambda_plus * s * fmax(0.0, ceiling - trust);
        else
            trust += c->lambda_minus * s * trust * (1.0 + c->xi * c->dependence[i]);
        env->trust[i] = clip(trust, 0.0, ceiling);
        if (s < 0.0)
            env->damage[i] -= c->mu * s * (1.0 - env->damage[i]);
        else
            env->damage[i] -= c->delta * env->damage[i];
        env->damage[i] = clip(env->damage[i], 0.0, 1.0);
    }
    double synergy = sqrt(level[0] * level[1]);
    for (int i = 0; i < 2; i++)
        payoff[i] = c->endowment[i] - level[i] + c->theta * log1p(level[i]) + c->shares[i] * c->gamma * synergy;
    for (int i = 0; i < 2; i++) {
        double weight = fmin(env->trust[i], 1.0 - env->damage[i]) * c->dependence[i];
        double utility = payoff[i] + weight * payoff[1 - i];
        out->payoffs[2 * k + i] = payoff[i];
        out->utilities[2 * k + i] = utility;
        out->rewards[2 * k + i] = (float)utility;
        env->payoff_total[i] += payoff[i];
        env->reward_total[i] += utility;
    }
    int terminated = 0.5 * (env->trust[0] + env->trust[1]) < c->collapse;
    int truncated = !terminated && env->time >= c->horizon;
    out->terminated[k] = terminated;
    out->truncated[k] = truncated;
    if (terminated || truncated) {
        observe(env, c, out->final_observations + 12 * k);
        restart(env, c);
    }
    observe(env, c, out->observations + 12 * k);
}

long env_bytes(void) { return sizeof(Env); }

void reset_all(Env *envs, const Constants *c, const Outputs *out, long count) {
    for (long k = 0; k < count; k++) {
        restart(envs + k, c);
        observe(envs + k, c, out->observations + 12 * k);
    }
}

void step_all(Env *envs, const Constants *c, const double *actions, const Outputs *out, long count) {
    for (long k = 0; k < count; k++)
        step(envs + k, c, actions + 2 * k, out, k);
}
