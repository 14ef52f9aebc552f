import type { Expecting, RecordedError, RunState, Waiting } from "@allium/events/journal";

/** The obstacles of a run, each in one line: why it is parked, or what it waits for. */
export function obstacles({ parked, waits }: RunState): string[] {
	if (parked === undefined) return waits.map(waitText);
	const where = parked.step === undefined ? "" : `at ${JSON.stringify(parked.step)}: `;
	return [`${where}${errorText(parked.error)}`];
}

function waitText(wait: Waiting | Expecting): string {
	const step = JSON.stringify(wait.step);
	if (wait.is === "expecting") return `${step} waits for the event ${wait.event}`;
	const { until, event, error } = wait;
	if (error !== undefined) return `${step} is tried again at ${until}: ${errorText(error)}`;
	return event === undefined
		? `${step} waits until ${until}`
		: `${step} waits for the event ${event} until ${until}`;
}

/** An error in one line. */
export function errorText({ code, reason, message }: RecordedError): string {
	return `${reason === undefined ? code : `${code} (${reason})`}: ${message}`;
}
