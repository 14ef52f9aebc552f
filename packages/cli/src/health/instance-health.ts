import { type CheckReport, Context, type Instance, isServiceError } from "@allium/core";
import { type Asking, httpUrlOf, readinessAt } from "@allium/node";
import { credentialsHint } from "../discovery/credentials.ts";

/** How many instances are asked at once. */
const atOnce = 32;

/** What an instance says of its health. */
export interface InstanceHealth {
	readonly instance: Instance;
	/** Where it was asked. */
	readonly url: string | undefined;
	/** Whether it takes calls. */
	readonly ready: boolean;
	/** Why it does not, where no check says so. */
	readonly problem?: string;
	readonly checks: readonly CheckReport[];
}

/** Whether an instance takes calls, and all its checks pass, those that are only reported too. */
export function isHealthy({ ready, checks }: InstanceHealth): boolean {
	return ready && checks.every(({ ok }) => ok);
}

/** Asks each of some instances for its health, in their order. What goes wrong is part of the answer. */
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
	if (url === undefined) return silent("it has no address that speaks HTTP");
	try {
		const { ok, draining, checks } = await readinessAt(url, Context.background(), asking);
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
