"""The source files of hone, as the tests of its architecture see them."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("base", "rl", "kernels", "policy", "rollout", "sandboxes", "rewards", "trainer", "cli")
SUFFIXES = (".h", ".cpp", ".cu", ".cuh")


def sources(folders=FOLDERS, suffixes=SUFFIXES):
    for folder in folders:
        yield from sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in suffixes)


def report(problems, checked):
    """Prints the problems and gives the exit code."""
    for problem in problems:
        print(problem)
    print(f"{checked} files, {len(problems)} problems")
    return 1 if problems or not checked else 0
