import { type CheckReport, Context, type Instance, isServiceError } from "@allium/core";
import {
	answerText,
	type Credentials,
	getJson,
	httpUrl,
	isRefused,
	type JsonAnswer,
	type TlsOptions,
} from "@allium/node";
import { credentialsHint } from "../discovery/credentials.ts";
import { preferred } from "../discovery/described-service.ts";

/** How long an instance may take to answer, in milliseconds: more than its checks in band may. */
const patienceMs = 2_000;

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
export async function healthOf(
	instances: readonly Instance[],
	tls: TlsOptions | undefined,
	credentials: Credentials,
): Promise<InstanceHealth[]> {
	const answers: InstanceHealth[] = [];
	for (let first = 0; first < instances.length; first += atOnce) {
		const some = instances.slice(first, first + atOnce);
		answers.push(...(await Promise.all(some.map((instance) => ask(instance, tls, credentials)))));
	}
	return answers;
}

async function ask(
	instance: Instance,
	tls: TlsOptions | undefined,
	credentials: Credentials,
): Promise<InstanceHealth> {
	const address = preferred(instance.addresses);
	const url = address === undefined ? undefined : httpUrl(address);
	const silent = (problem: string): InstanceHealth => ({ instance, url, ready: false, problem, checks: [] });
	if (url === undefined) return silent("it has no address that speaks HTTP");
	const { ctx, cancel } = Context.background().withTimeout(patienceMs).withCancel();
	try {
		const answer = await getJson(`${url}/readyz`, ctx, tls, credentials);
		const { body } = answer;
		if (!isReadiness(body)) return silent(unsaid(answer));
		const { ok, draining, checks = [] } = body;
		if (ok) return { instance, url, ready: true, checks };
		if (draining === true) return silent("it is stopping");
		const isExplained = checks.some((check) => check.critical && !check.ok);
		return { instance, url, ready: false, checks, ...(!isExplained && { problem: "it is not ready" }) };
	} catch (error) {
		if (!isServiceError(error)) throw error;
		const isLate = error.code === "deadline_exceeded";
		return silent(isLate ? `no answer within ${patienceMs / 1_000} s` : `no answer: ${error.message}`);
	} finally {
		cancel();
	}
}

function unsaid(answer: JsonAnswer): string {
	const hint = isRefused(answer) ? `. ${credentialsHint}` : "";
	return `/readyz answers ${answerText(answer)}, and says nothing of health${hint}`;
}

/** What `/readyz` of an app answers. */
interface ReadinessBody {
	readonly ok: boolean;
	readonly draining?: unknown;
	readonly checks?: readonly CheckReport[];
}

function isReadiness(body: unknown): body is ReadinessBody {
	if (typeof body !== "object" || body === null || !("ok" in body) || typeof body.ok !== "boolean")
		return false;
	return !("checks" in body) || (Array.isArray(body.checks) && body.checks.every(isCheckReport));
}

function isCheckReport(value: unknown): value is CheckReport {
	if (typeof value !== "object" || value === null) return false;
	const { name, ok, critical, facts, error, durationMs, checkedAt } = value as Partial<
		Record<keyof CheckReport, unknown>
	>;
	return (
		typeof name === "string" &&
		typeof ok === "boolean" &&
		typeof critical === "boolean" &&
		(facts === undefined || (typeof facts === "object" && facts !== null)) &&
		(error === undefined || typeof error === "string") &&
		(durationMs === undefined || typeof durationMs === "number") &&
		(checkedAt === undefined || typeof checkedAt === "string")
	);
}
