"""Reward functions as TRL's users write them; none of them knows hone."""


def exact(completions, ground_truth, **kwargs):
    return [1.0 if text == gold else 0.0 for text, gold in zip(completions, ground_truth)]


def exact_messages(prompts, completions, answer, **kwargs):
    roles = {message["role"] for prompt in prompts for message in prompt}
    assert roles == {"user"}
    return [1.0 if messages[0]["content"] == gold else 0.0 for messages, gold in zip(completions, answer)]


def some_do_not_apply(prompts, completions, **kwargs):
    return [None if text == "skip" else float(len(text)) for text in completions]


def columns(prompts, completions, completion_ids, level, **kwargs):
    """Right when columns are lists as long as the group and the gold stands under the usual names."""
    right = (len(set(map(len, (prompts, completions, completion_ids, level, kwargs["solution"])))) == 1
             and set(level) == {3} and completion_ids[0] == [5, 6] and "prompt" not in kwargs)
    return [float(right)] * len(completions)


def own_answer(completions, answer, **kwargs):
    """The data's own column of that name is not replaced by the gold."""
    return [float(text == own) for text, own in zip(completions, answer)]


def too_few(completions, **kwargs):
    return [1.0]


def rank(completions, **kwargs):
    """Looks at the whole group: the longest answer gets 1."""
    longest = max(map(len, completions))
    return [float(len(text) == longest) for text in completions]
