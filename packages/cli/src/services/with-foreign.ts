import { Context, type Instance } from "@allium/core";
import { httpUrlOf, isAlliumAt } from "@allium/node";
import type { Surroundings, Words } from "../command/command.ts";
import { askingOf } from "../discovery/credentials.ts";

/**
 * Returns the instances. Those at whose address something other than Allium answers are marked as foreign. Registries
 * that know only addresses, such as `static:` and `dns:`, cannot tell. An instance that does not answer stays as it is.
 */
export function withForeign(
	instances: readonly Instance[],
	words: Words,
	surroundings: Surroundings,
): Promise<Instance[]> {
	const asking = askingOf(words, surroundings);
	const ctx = Context.background();
	return Promise.all(
		instances.map(async (instance) => {
			const url = httpUrlOf(instance.addresses);
			// An instance that registered itself has told when it started.
			if (instance.startedAt !== "" || instance.foreign === true || url === undefined) return instance;
			const isAllium = await isAlliumAt(url, ctx, asking).catch(() => true);
			return isAllium ? instance : { ...instance, foreign: true };
		}),
	);
}
