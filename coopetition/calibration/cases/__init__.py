"""The published cases, a folder each: the model's runs, the page, and the data that they are held against."""
