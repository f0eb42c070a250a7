"""Jobs of the lake that run one after the other, whoever starts them: the definition of a state machine. Pure."""

from __future__ import annotations

from typing import Any

LOOK_AGAIN_SECONDS = 60
MOST_RUNNING = 100  # executions that are looked at; more never wait: curation does not
_IS_FIRST = (
    "{% $count($states.result.Executions) = 0"
    " or $states.result.Executions[-1].ExecutionArn = $states.context.Execution.Id %}"
)


def definition(prefix: str) -> dict[str, Any]:
    """A machine whose execution runs the job ``<prefix>-<job>`` of its input, when it is the oldest that runs.

    Its input is ``{"job": "maintain", "arguments": {"--keep_days": "7"}}``; the arguments may be missing. Others wait,
    first come, first served; curation does not wait but ends: its next run is near, and reads what this one would have.

    What is asked for a list of executions may answer with one that has just ended, or without one that has just begun.
    Two jobs at once are harmless all the same: the slower one publishes nothing and fails.
    """
    return {
        "Comment": "Curation, maintenance, erasure and training never run beside each other",
        "QueryLanguage": "JSONata",
        "StartAt": "Look",
        "States": {
            "Look": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sfn:listExecutions",
                "Arguments": {
                    "StateMachineArn": "{% $states.context.StateMachine.Id %}",
                    "StatusFilter": "RUNNING",
                    "MaxResults": MOST_RUNNING,
                },
                "Assign": {"isFirst": _IS_FIRST},
                "Output": "{% $states.input %}",
                "Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 5, "MaxAttempts": 5}],
                "Next": "WhoseTurn",
            },
            "WhoseTurn": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $isFirst %}", "Next": "Run"},
                    {"Condition": "{% $states.input.job = 'curate' %}", "Next": "LeftToTheNext"},
                ],
                "Default": "Wait",
            },
            "Wait": {"Type": "Wait", "Seconds": LOOK_AGAIN_SECONDS, "Next": "Look"},
            "Run": {
                "Type": "Task",
                "Resource": "arn:aws:states:::glue:startJobRun.sync",
                "Arguments": {
                    "JobName": f"{{% '{prefix}-' & $states.input.job %}}",
                    "Arguments": "{% $exists($states.input.arguments) ? $states.input.arguments : {} %}",
                },
                "Output": {},  # the arguments of an erasure name persons
                "End": True,
            },
            "LeftToTheNext": {"Type": "Succeed"},
        },
    }
