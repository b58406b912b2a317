"""The explorer: a game, its numbers and who plays, chosen in a browser, and what follows from them.

`coopetition.explorer.scene` has everything but the page: what was chosen, what follows, and the Python that says the
same. `coopetition.explorer.page` is the page (Streamlit, extra ``explore``), which ``coopetition explore`` serves.
"""
