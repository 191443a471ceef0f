"""What the tasks do, as functions of Settings that return results: gather facts, build the plan, apply it."""
