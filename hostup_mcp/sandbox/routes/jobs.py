"""The poll target of every accepted operation."""

from ..answers import Answer, json_answer
from ..calls import Call
from ..problems import not_found
from ..state import is_over
from ..wire_jobs import job_state


def get_job(call: Call) -> Answer:
    """`GET /api/jobs/{jobId}`; jobs of other owners do not exist."""
    call.query()
    job = call.state.jobs.get(call.params["jobId"])
    if job is None or job.owner != call.key.owner:
        raise not_found("job")
    if call.readings.job_vanishes and is_over(job, call.now):
        raise not_found("job")
    return json_answer(200, job_state(job, call.now, call.readings, call.request_id))
