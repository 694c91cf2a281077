from math_verify import parse, verify


def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    gold = parse(f"${ground_truth}$")
    return float(verify(gold, parse(solution_str)))
