import type { ExportedFile, ExportedJob } from "./exported-job.js";

/** Quotes a text for a POSIX shell: inside of single quotes everything stands for itself. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Text of a comment: of any text, one line. */
export function commentText(text: string): string {
  return text.replace(/[\r\n]+/g, " ").trim();
}

/**
 * The shell loop that runs the job and keeps to the retry rules, for schedulers that know none by exit code. `success` is what it ends with
 * after 0 and 10; by default the job's own code.
 */
export function retryLoop(job: ExportedJob, success: "0" | '"$code"' = '"$code"'): string {
  const command = job.argv.map(shellWord).join(" ");
  return `attempt=0
child=
stops=0
# A scheduler's stop is handed on, and the job's own exit code waited for. It may come at any moment, also before the job has started.
stop() {
  stops=$((stops + 1))
  [ -z "$child" ] || hand_on
}
# A signal that reaches the child while the shell is still making it would be lost.
hand_on() {
  [ "$(date +%s)" -gt "$((started + 1))" ] || sleep 1
  kill -TERM "$child" 2>/dev/null
}
trap stop TERM INT HUP
# A stop ends \`wait\` early: it is waited again, as often as it takes.
await_child() {
  code=
  while :; do
    seen=$stops
    wait "$child"
    status=$?
    # 127 of a second \`wait\`: the child had ended, and its code is known.
    [ -n "$code" ] && [ "$status" -eq 127 ] || code=$status
    [ "$stops" -ne "$seen" ] || break
  done
  child=
}
while :; do
  [ "$stops" -eq 0 ] || exit 50
  started=$(date +%s)
  ${command} &
  child=$!
  [ "$stops" -eq 0 ] || hand_on
  await_child
  # Stopped before the job could take the signal as its own: canceled.
  [ "$stops" -eq 0 ] || [ "$code" -lt 128 ] || code=50
  case $code in
    # Success, also with warnings.
    0 | 10) exit ${success} ;;
    # Failed or out of time: may pass the next time.
    30 | 40)
      # A stopped job is not tried again.
      [ "$stops" -eq 0 ] || exit "$code"
      attempt=$((attempt + 1))
      [ "$attempt" -le ${String(job.retries)} ] || exit "$code"
      failed=$code
      started=$(date +%s)
      sleep ${String(job.retryDelaySeconds)} &
      child=$!
      [ "$stops" -eq 0 ] || hand_on
      await_child
      [ "$stops" -eq 0 ] || exit "$failed"
      ;;
    # Wrong input (20) and canceled (50): trying again changes nothing.
    *) exit "$code" ;;
  esac
done`;
}

/** The loop as a script of its own. */
export function shellScript(job: ExportedJob, success: "0" | '"$code"'): ExportedFile {
  const text = `#!/bin/sh
# ${commentText(job.title)}: written by \`datapy export\`.
cd ${shellWord(job.cwd)} || exit 20
${retryLoop(job, success)}
`;
  return { name: `${job.name}.sh`, text, executable: true };
}
