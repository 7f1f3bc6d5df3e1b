import type { ExportedDefinitions, ExportedJob } from "./exported-job.js";
import { commentText } from "./shell-script.js";

/** How long a run may take to end beyond its time. */
const GRACE_SECONDS = 30;

/** A DAG with one task, whose exit codes decide between success, retry and failure. For Airflow 2.4 and later. */
export function toAirflow(job: ExportedJob): ExportedDefinitions {
  const { schedule, timeoutMs } = job;
  const timezone = schedule?.timezone ?? "UTC";
  const timeout =
    timeoutMs === undefined ? "None" : `timedelta(seconds=${String(Math.ceil(timeoutMs / 1_000) + GRACE_SECONDS)})`;
  const text = `# Written by \`datapy export\`.
import os
import signal
import subprocess
from datetime import timedelta

import pendulum
from airflow import DAG
from airflow.exceptions import AirflowException, AirflowFailException

try:
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:  # Airflow 2
    from airflow.operators.python import PythonOperator

COMMAND = [${job.argv.map(pythonText).join(", ")}]
FOLDER = ${pythonText(job.cwd)}
# 10 is success with warnings.
SUCCESS = (0, 10)
# 20 (wrong input) and 50 (canceled): trying again changes nothing. 30 (failed) and 40 (timeout) are retried.
FINAL = (20, 50)


def run_datapy():
    process = subprocess.Popen(COMMAND, cwd=FOLDER, start_new_session=True)
    try:
        code = process.wait()
    except BaseException:
        # The task is stopped, or its time is up: the run is canceled, and undoes what it had begun.
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=${String(GRACE_SECONDS)})
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        raise
    if code in SUCCESS:
        return code
    message = f"datapy ended with exit code {code}"
    if code in FINAL:
        raise AirflowFailException(message)
    raise AirflowException(message)


with DAG(
    dag_id=${pythonText(job.name)},
    description=${pythonText(commentText(job.description ?? job.title))},
    schedule=${schedule === undefined ? "None" : pythonText(schedule.cron.text)},
    start_date=pendulum.datetime(2024, 1, 1, tz=${pythonText(timezone)}),
    catchup=False,
    max_active_runs=1,
    tags=[${job.tags.map(pythonText).join(", ")}],
    default_args={
        "owner": ${pythonText(job.owner ?? "datapy")},
        "retries": ${String(job.retries)},
        "retry_delay": timedelta(seconds=${String(job.retryDelaySeconds)}),
        "execution_timeout": ${timeout},
    },
) as dag:
    PythonOperator(task_id="run_job", python_callable=run_datapy)
`;
  const warnings =
    schedule === undefined ? ["the job has no `schedule`: the DAG is started by hand or by other DAGs only"] : [];
  return { files: [{ name: `${job.name}.py`, text }], warnings };
}

/** A Python string literal in ASCII. JSON's own escapes would make two lone surrogates of an emoji. */
export function pythonText(text: string): string {
  let literal = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === "\\") literal += `\\${character}`;
    else if (character === "\n") literal += "\\n";
    else if (code >= 0x20 && code < 0x7f) literal += character;
    else if (code > 0xffff) literal += `\\U${code.toString(16).padStart(8, "0")}`;
    else literal += `\\u${code.toString(16).padStart(4, "0")}`;
  }
  return `"${literal}"`;
}
