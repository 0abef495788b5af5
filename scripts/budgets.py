"""Fails where a file, function or class outgrows the budgets of the style guide.

Complexity and parameters are ruff's; lengths are counted here.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent / "aggregator"
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
MAX_CLASS_LINES = 250
MAX_DEPTH = 2


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body without its docstring."""
    body = node.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def over_budget(path: Path) -> list[str]:
    """What is too long in one file, a sentence each."""
    source = path.read_text()
    where = path.relative_to(ROOT.parent)
    found = []
    lines = source.count("\n")
    if lines > MAX_FILE_LINES:
        found.append(f"{where}: {lines} lines, at most {MAX_FILE_LINES}")
    if len(path.relative_to(ROOT).parts) > MAX_DEPTH and "migrations" not in path.parts:
        found.append(f"{where}: deeper than {MAX_DEPTH} folders")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = body_lines(node)
            if length > MAX_FUNCTION_LINES:
                found.append(
                    f"{where}:{node.lineno}: {node.name} has {length} lines, "
                    f"at most {MAX_FUNCTION_LINES}"
                )
        elif isinstance(node, ast.ClassDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > MAX_CLASS_LINES:
                found.append(
                    f"{where}:{node.lineno}: class {node.name} has {length} lines, "
                    f"at most {MAX_CLASS_LINES}"
                )
    return found


def main() -> int:
    """Prints what is over budget.

    Returns:
        The exit code: 1 if anything is.
    """
    found = [line for path in sorted(ROOT.rglob("*.py")) for line in over_budget(path)]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
