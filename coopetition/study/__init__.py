"""The reference study: does the reward layer change what learners do, and how far is each from what theory says?

A study is a list of jobs (`plan`). Each writes one shard, named by a hash of what determines it (`fingerprint`),
whole or not at all (`shards`); so a study is resumed by doing what is missing, on any number of machines (`engine`,
with Ray). Jobs train and evaluate populations (`training`), audit the trained policies (`audit`), evaluate
reference policies (`reference`), let everybody play everybody (`crossplay`), and play held-out scenarios
(`scenarios`). `corpus` publishes the tables, and `report` writes a page from them alone.

Needs the extra ``[study]``: Ray (core), Polars, safetensors, and the learners' JAX and Optax.
"""
