"""The state machine by which jobs of the lake take turns."""

from __future__ import annotations

from infra_cdk.parts.in_turn import definition

STATES = definition("takings-dev")["States"]


def test_an_execution_looks_for_older_ones_before_it_runs_its_job():
    assert definition("takings-dev")["StartAt"] == "Look"
    assert STATES["Look"]["Arguments"] == {
        "StateMachineArn": "{% $states.context.StateMachine.Id %}",
        "StatusFilter": "RUNNING",
        "MaxResults": 100,
    }
    assert STATES["Look"]["Next"] == "WhoseTurn"
    assert STATES["WhoseTurn"]["Choices"][0] == {"Condition": "{% $isFirst %}", "Next": "Run"}


def test_curation_does_not_wait_for_its_turn_and_maintenance_erasure_and_training_do():
    assert STATES["WhoseTurn"]["Choices"][1] == {
        "Condition": "{% $states.input.job = 'curate' %}",
        "Next": "LeftToTheNext",
    }
    assert STATES["WhoseTurn"]["Default"] == "Wait"
    assert STATES["Wait"]["Next"] == "Look"


def test_a_job_is_waited_for_and_a_failed_one_is_a_failed_execution():
    assert STATES["Run"]["Resource"] == "arn:aws:states:::glue:startJobRun.sync"
    assert STATES["Run"]["Arguments"]["JobName"] == "{% 'takings-dev-' & $states.input.job %}"
    assert "Catch" not in STATES["Run"]
