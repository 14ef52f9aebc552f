import type { BackendChoice } from "./backend.ts";
import { type Candidate, checkUrl } from "./choose-backends.ts";
import { bindings } from "./cloud-foundry.ts";
import { type Environment, variable } from "./environment.ts";

/**
 * Chooses the transport that a process has in addition to Node's. The URL comes from code, otherwise from
 * `ALLIUM_TRANSPORT`, otherwise from the binding `allium-transport` of Cloud Foundry. `ALLIUM_URL` does not name it,
 * because processes that can reach one another need no server between them.
 *
 * @param named the name of the option of code for errors.
 * @returns undefined if none of them is set.
 * @throws ServiceError `failed_precondition` that names the variable or option that holds no URL.
 */
export function chooseTransport(
	env: Environment,
	override: string | undefined,
	named: string,
): BackendChoice | undefined {
	const bound = bindings(variable(env, "VCAP_SERVICES"));
	const candidates: readonly Candidate[] = [
		{ source: named, url: override, isOption: true },
		{ source: "ALLIUM_TRANSPORT", url: variable(env, "ALLIUM_TRANSPORT") },
		{ source: "VCAP_SERVICES (allium-transport)", url: bound("allium-transport") },
	];
	for (const { source, url, isOption } of candidates) {
		if (url === undefined) continue;
		checkUrl(source, url, "nats://127.0.0.1:4222");
		return { url, source, ...(isOption && { isOption }) };
	}
	return undefined;
}
