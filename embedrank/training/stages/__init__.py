"""A stage of the recipe: model, rows, objective and loop, told by one YAML file; and what it leaves in its folder."""
