"""The code of the Glue jobs, uploaded: scripts, our wheel, and the wheels of its two libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk

from infra_cdk.packages import glue_files
from infra_cdk.parts.uploads import Upload, upload

_LIBRARY, _JOB = "library:", "job:"


@dataclass(frozen=True)
class GlueCode:
    """Uploaded files by their part: ``wheel_named_zip``, ``library:<name>``, ``job:<name>``."""

    files: Mapping[str, Upload]

    @property
    def placeholders(self) -> Mapping[str, str]:
        """What the placeholders of `pipeline/curate/glue_job.toml` mean."""
        libraries = [file.address for part, file in sorted(self.files.items()) if part.startswith(_LIBRARY)]
        return {
            "{wheel_named_zip}": self.files["wheel_named_zip"].address,
            "{wheels_of_requirements_curation}": ",".join(libraries),
        }

    @property
    def arns(self) -> list[str]:
        """The objects that a job reads."""
        return sorted(file.arn for file in self.files.values())

    def script(self, job: str) -> str:
        """The address of the script of a job, such as ``curate``."""
        return self.files[f"{_JOB}takings_{job}"].address


def uploaded(stack: cdk.Stack) -> GlueCode:
    """Build what the jobs run, and upload it with a stack."""
    files = {part: file for part, file in glue_files().items() if part != "wheel"}  # the same bytes by another name
    return GlueCode({part: upload(stack, f"Code-{part.replace(':', '-')}", file) for part, file in files.items()})
