import {
	type CheckReport,
	type Context,
	type ContractDescription,
	isCode,
	isServiceError,
	ServiceError,
} from "@allium/core";
import { isContractDescription } from "@allium/core/reflection";
import type { Credentials } from "../config/credentials.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { answerText, getJson, isRefused, type JsonAnswer } from "./get-json.ts";

/** How long an instance may take to answer, in milliseconds. Its health checks end before that. */
export const patienceMs = 2_000;

/** How an instance is asked about itself. */
export interface Asking {
	/** The certificate of this side, and the authorities that it trusts. */
	readonly tls: TlsOptions | undefined;
	/** The metadata for its guard. Default: none. */
	readonly credentials?: Credentials;
	/** The identity that it has to prove over TLS: `instanceIdentity(instance)`. Default: that of the host. */
	readonly identity?: string | undefined;
}

/** The health that an instance reports. */
export interface InstanceReadiness {
	/** Whether it takes calls. */
	readonly ok: boolean;
	/** Whether it is stopping. */
	readonly draining: boolean;
	readonly checks: readonly CheckReport[];
}

/**
 * Asks an instance to describe a service.
 *
 * @param url where it speaks HTTP: {@link httpUrlOf}.
 * @returns undefined when it does not serve that service.
 * @throws ServiceError `permission_denied` when its guard refuses, `unavailable` when it does not answer within 2 s or
 * its answer is unexpected, or the error of the context when that ends.
 */
export async function describeService(
	url: string,
	service: string,
	ctx: Context,
	asking: Asking,
): Promise<ContractDescription | undefined> {
	const path = `${url}/-/describe/${encodeURIComponent(service)}`;
	const answer = await ask(path, ctx, asking);
	const { status, body } = answer;
	if (status === 404) return undefined;
	if (status === 200 && isContractDescription(body) && body.name === service) return body;
	throw unexpected(path, answer, `no description of ${service}`);
}

/**
 * Asks an instance to describe a contract whose events it takes over HTTP.
 *
 * @returns undefined when it does not take any.
 * @throws ServiceError as {@link describeService}.
 */
export async function describeAccepted(
	url: string,
	contract: string,
	ctx: Context,
	asking: Asking,
): Promise<ContractDescription | undefined> {
	const { status, body } = await ask(`${url}/-/events/${encodeURIComponent(contract)}`, ctx, asking);
	return status === 200 && isContractDescription(body) && body.name === contract ? body : undefined;
}

/**
 * Asks an instance which services it serves. The list is empty when it does not say.
 *
 * @throws ServiceError as {@link describeService}.
 */
export async function servicesAt(url: string, ctx: Context, asking: Asking): Promise<string[]> {
	const { body } = await ask(`${url}/-/describe`, ctx, asking);
	const services = isObject(body) ? body.services : undefined;
	return Array.isArray(services) ? services.filter(isContractDescription).map(({ name }) => name) : [];
}

/**
 * Whether Allium answers at an address: it lists its services, or its guard refuses to.
 *
 * @throws ServiceError `unavailable` when nothing answers within 2 s, or the error of the context when that ends.
 */
export async function isAlliumAt(url: string, ctx: Context, asking: Asking): Promise<boolean> {
	const answer = await ask(`${url}/-/describe`, ctx, asking);
	const { body } = answer;
	if (!isObject(body)) return false;
	return Array.isArray(body.services) || (isRefused(answer) && isCode(body.code));
}

/**
 * Asks an instance whether it takes calls.
 *
 * @throws ServiceError as {@link describeService}.
 */
export async function readinessAt(url: string, ctx: Context, asking: Asking): Promise<InstanceReadiness> {
	const path = `${url}/readyz`;
	const answer = await ask(path, ctx, asking);
	const { body } = answer;
	if (isReadiness(body)) return { ok: body.ok, draining: body.draining === true, checks: body.checks ?? [] };
	throw unexpected(path, answer, "nothing of its health");
}

async function ask(url: string, outer: Context, { tls, credentials, identity }: Asking): Promise<JsonAnswer> {
	const { ctx, cancel } = outer.withTimeout(patienceMs).withCancel();
	try {
		return await getJson(url, ctx, tls, credentials, identity);
	} catch (error) {
		if (outer.error !== undefined) throw outer.error;
		const isLate = isServiceError(error) && error.code === "deadline_exceeded";
		throw isLate ? late(url) : error;
	} finally {
		cancel();
	}
}

function late(url: string): ServiceError {
	const message = `${new URL(url).origin} did not answer within ${patienceMs / 1_000} s`;
	return new ServiceError({ code: "unavailable", message });
}

function unexpected(url: string, answer: JsonAnswer, instead: string): ServiceError {
	return new ServiceError({
		code: isRefused(answer) ? "permission_denied" : "unavailable",
		message: `${url} answers ${answerText(answer)}, and ${instead}`,
	});
}

/** The answer of an app's `/readyz`. */
interface ReadinessBody {
	readonly ok: boolean;
	readonly draining?: unknown;
	readonly checks?: readonly CheckReport[];
}

function isReadiness(body: unknown): body is ReadinessBody {
	if (!isObject(body) || typeof body.ok !== "boolean") return false;
	return body.checks === undefined || (Array.isArray(body.checks) && body.checks.every(isCheckReport));
}

function isCheckReport(value: unknown): value is CheckReport {
	if (!isObject(value)) return false;
	const { name, ok, critical, facts, error, durationMs, checkedAt } = value;
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null;
}
