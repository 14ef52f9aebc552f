import { type CheckReport, Context, type Instance, instanceIdentity, isServiceError } from "@allium/core";
import { type Asking, httpUrlOf, readinessAt } from "@allium/node";
import { credentialsHint } from "../discovery/credentials.ts";

/** How many instances to ask at once. */
const atOnce = 32;

/** The health of an instance. */
export interface InstanceHealth {
	readonly instance: Instance;
	/** The URL at which it was asked. */
	readonly url: string | undefined;
	/** Whether it accepts calls. */
	readonly ready: boolean;
	/** Why it does not accept calls, if no check says so. */
	readonly problem?: string;
	readonly checks: readonly CheckReport[];
}

/** Returns whether an instance accepts calls and all its checks pass, including those that are only reported. */
export function isHealthy({ ready, checks }: InstanceHealth): boolean {
	return ready && checks.every(({ ok }) => ok);
}

/** Asks each instance for its health, and keeps their order. A failure to ask is part of the answer. */
export async function healthOf(instances: readonly Instance[], asking: Asking): Promise<InstanceHealth[]> {
	const answers: InstanceHealth[] = [];
	for (let first = 0; first < instances.length; first += atOnce) {
		const some = instances.slice(first, first + atOnce);
		answers.push(...(await Promise.all(some.map((instance) => ask(instance, asking)))));
	}
	return answers;
}

async function ask(instance: Instance, asking: Asking): Promise<InstanceHealth> {
	const url = httpUrlOf(instance.addresses);
	const silent = (problem: string): InstanceHealth => ({ instance, url, ready: false, problem, checks: [] });
	// A plain web service has no readiness endpoint, so the status in the registry counts.
	if (instance.foreign === true && instance.status === "up")
		return { instance, url, ready: true, checks: [] };
	if (instance.foreign === true) return silent("the registry says that it is unhealthy");
	if (url === undefined) return silent("it has no address that speaks HTTP");
	try {
		const { ok, draining, checks } = await readinessAt(url, Context.background(), {
			...asking,
			identity: instanceIdentity(instance),
		});
		if (ok) return { instance, url, ready: true, checks };
		if (draining) return silent("it is stopping");
		const isExplained = checks.some((check) => check.critical && !check.ok);
		return { instance, url, ready: false, checks, ...(!isExplained && { problem: "it is not ready" }) };
	} catch (error) {
		if (!isServiceError(error)) throw error;
		const { code, message } = error;
		return silent(code === "permission_denied" ? `${message}. ${credentialsHint}` : message);
	}
}
