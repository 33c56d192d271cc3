"""The poll target of every accepted operation."""

from ..calls import Call
from ..jobs import progress
from ..problems import ProblemError, not_found
from ..responses import Response, json_response
from ..state import is_over
from ..wire_jobs import job_state


def get_job(call: Call) -> Response:
    """Handle `GET /api/jobs/{jobId}`; jobs of other owners do not exist."""
    call.query()
    job = call.state.jobs.get(call.params["jobId"])
    if job is None or job.owner != call.key.owner:
        raise not_found("job")
    if call.variants.job_vanishes and is_over(job, call.now):
        raise not_found("job")
    failing_from = call.anomalies.polls_fail_from
    if failing_from is not None and progress(job, call.now) >= failing_from:
        raise ProblemError(500, "internal_error", "The job could not be read.")
    return json_response(200, job_state(job, call.now, call.variants, call.request_id))
