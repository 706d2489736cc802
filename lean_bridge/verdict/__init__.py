"""What a run amounts to: the judgement of every declaration and graph, and of the whole."""
