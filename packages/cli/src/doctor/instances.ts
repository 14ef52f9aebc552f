import { Context, type Instance, instanceIdentity, isServiceError } from "@allium/core";
import { type Asking, httpUrlOf, readinessAt } from "@allium/node";
import type { Surroundings, Words } from "../command/command.ts";
import { askingOf } from "../discovery/credentials.ts";
import { type Examined, type Finding, ok, wrong } from "./finding.ts";
import { inGroups } from "./in-groups.ts";

/** How much of an id to show: enough to tell instances apart. */
const idLength = 8;

const ownTls =
	"set ALLIUM_TLS to the folder with the certificates of the system, and issue one for allium there (allium tls issue allium)";

const startWithTls =
	"start that app with ALLIUM_TLS, too; or unset it here to see what other apps without it see";

const gone =
	"if its process is gone, its registration goes by itself within seconds; else stop it, or make that address reachable from here (ALLIUM_ADVERTISE)";

/** Examines whether the instances that are registered answer. */
export async function examineInstances(
	instances: readonly Instance[],
	words: Words,
	surroundings: Surroundings,
): Promise<Examined> {
	if (instances.length === 0) return { findings: [ok("none is registered")] };
	const asking = askingOf(words, surroundings);
	const { results, left } = await inGroups(instances, (instance) => staleness(instance, asking));
	const stale = results.filter((finding) => finding !== undefined);
	const rest = left === 0 ? "" : `; ${left} were not asked, as there are too many`;
	const answering = results.length - stale.length;
	const summary = ok(`${answering} of ${results.length} answer${rest}`);
	return { findings: stale.length === 0 ? [summary] : stale };
}

/** The finding about an instance that does not answer. Undefined if it answers, whatever it says. */
async function staleness(instance: Instance, asking: Asking): Promise<Finding | undefined> {
	const { id, app, addresses } = instance;
	const url = httpUrlOf(addresses);
	// Its addresses are not HTTP, so it cannot be tried here.
	if (url === undefined) return undefined;
	try {
		await readinessAt(url, Context.background(), { ...asking, identity: instanceIdentity(instance) });
		return undefined;
	} catch (error) {
		if (!isServiceError(error)) throw error;
		const { message } = error;
		const name = `${app} (${id.slice(0, idLength)})`;
		if (/without TLS/.test(message))
			return wrong(`${name} registered without TLS, and is not called from here`, startWithTls);
		if (/certificate/.test(message))
			return wrong(`${name} is not reached over TLS from here: ${message}`, ownTls);
		// It answered, even if its guard or another program did.
		if (error.code === "permission_denied" || / answers \d{3}/.test(message)) return undefined;
		return wrong(`${name} is registered and does not answer: ${message}`, gone);
	}
}
