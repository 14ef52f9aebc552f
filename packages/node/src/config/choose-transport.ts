import type { BackendChoice } from "./backend.ts";
import { checkUrl } from "./choose-backends.ts";
import { bindings } from "./cloud-foundry.ts";
import { type Environment, variable } from "./environment.ts";

/**
 * Chooses the transport that a process has beside those of Node: the URL that code gives, else `ALLIUM_TRANSPORT`, else
 * what Cloud Foundry binds as `allium-transport`. `ALLIUM_URL` does not name it: where processes reach one another,
 * their calls need nobody in between.
 *
 * @param named what the option of code is called in errors.
 * @returns undefined where none of them is there.
 * @throws ServiceError `failed_precondition` that names the variable or option that holds no URL.
 */
export function chooseTransport(
	env: Environment,
	override: string | undefined,
	named: string,
): BackendChoice | undefined {
	const bound = bindings(variable(env, "VCAP_SERVICES"));
	const candidates = [
		{ source: named, url: override },
		{ source: "ALLIUM_TRANSPORT", url: variable(env, "ALLIUM_TRANSPORT") },
		{ source: "VCAP_SERVICES (allium-transport)", url: bound("allium-transport") },
	];
	for (const { source, url } of candidates) {
		if (url === undefined) continue;
		checkUrl(source, url, "nats://127.0.0.1:4222");
		return { url, source };
	}
	return undefined;
}
