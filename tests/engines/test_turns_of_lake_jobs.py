"""The state machine of the lake's jobs, run by the emulator: one job at a time, first come, first served."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from infra_cdk.parts.in_turn import definition
from tests.engines.ministack_server import MinistackServer

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]

ROLE = "arn:aws:iam::123456789012:role/any"
RUNS_SECONDS = 4  # of each job
LONGEST_SECONDS = 60.0


def played(prefix: str) -> dict[str, Any]:
    """The definition with what the emulator lacks: it starts a job, and does not wait for its end."""
    machine = definition(prefix)
    run = machine["States"]["Run"]
    run["Resource"], run["Next"] = "arn:aws:states:::aws-sdk:glue:startJobRun", "Running"
    del run["End"]
    machine["States"]["Running"] = {"Type": "Wait", "Seconds": RUNS_SECONDS, "End": True}
    machine["States"]["Wait"]["Seconds"] = 1
    return machine


def ended(client: Any, execution: str) -> list[str]:
    """Wait for the end of an execution that succeeds; the states that it went through."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline, "it does not end"
        time.sleep(0.2)
    assert found["status"] == "SUCCEEDED", found
    events = client.get_execution_history(executionArn=execution, maxResults=1_000)["events"]
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


def test_maintenance_waits_for_its_turn_and_curation_is_left_to_the_next_run(ministack: MinistackServer) -> None:
    glue, turns = ministack.client("glue"), ministack.client("stepfunctions")
    for job in ("curate", "maintain"):
        script = {"Name": "glueetl", "ScriptLocation": "s3://code/job.py"}
        glue.create_job(Name=f"turns-{job}", Role=ROLE, Command=script)
    machine = turns.create_state_machine(name="turns", definition=json.dumps(played("turns")), roleArn=ROLE)

    def start(**given: Any) -> str:
        started = turns.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given))
        time.sleep(0.5)  # executions of the same instant have no order
        return str(started["executionArn"])

    curation = start(job="curate")
    maintenance = start(job="maintain", arguments={"--keep_days": "7"})
    late = start(job="curate")
    assert ended(turns, late) == ["Look", "WhoseTurn", "LeftToTheNext"]
    assert ended(turns, curation) == ["Look", "WhoseTurn", "Run", "Running"]
    states = ended(turns, maintenance)
    assert states[:3] == ["Look", "WhoseTurn", "Wait"]
    assert states[-3:] == ["WhoseTurn", "Run", "Running"]
    (run,) = glue.get_job_runs(JobName="turns-maintain")["JobRuns"]
    assert run["Arguments"] == {"--keep_days": "7"}
    assert len(glue.get_job_runs(JobName="turns-curate")["JobRuns"]) == 1
