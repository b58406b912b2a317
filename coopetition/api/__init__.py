"""The views: Gymnasium (joint and single-agent control), its vector, PettingZoo's Parallel and AEC.

Each is a thin adapter on `coopetition.batching.batch.Batch`, so that the same actions give the same numbers in all
of them.
`coopetition.api.make` builds them from an id; nothing is imported here.
"""
