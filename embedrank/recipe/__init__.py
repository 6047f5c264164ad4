"""A recipe: steps from open data to models, each run once for its inputs, and variants that show what each is worth."""
