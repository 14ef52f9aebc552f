import { type Context, type Instance, type Logger, ServiceError } from "@allium/core";
import type { Registry, RegistryEvent } from "@allium/core/registry";
import { followRegistry } from "@allium/core/transport";

/** The registry and the namespace in which services are looked up. */
export interface ServicesUpOptions {
	readonly registry: Registry;
	readonly namespace: string;
	readonly logger: Logger;
}

/**
 * Resolves when an instance of each service is up.
 *
 * @throws ServiceError `unavailable` with the reason `not_ready`, which names the missing services, if the context ends
 * before.
 */
export async function servicesUp(
	services: readonly string[],
	{ registry, namespace, logger }: ServicesUpOptions,
	ctx: Context,
): Promise<void> {
	const instances = new Map<string, Instance>();
	const missing = (): string[] => {
		const up = [...instances.values()].filter(({ status }) => status === "up");
		const names = new Set(up.flatMap((instance) => instance.services.map(({ name }) => name)));
		return services.filter((service) => !names.has(service));
	};
	let unknown: ServiceError | undefined;
	const watching = ctx.withCancel();
	const follower = {
		apply(event: RegistryEvent): void {
			unknown = undefined;
			if (event.type === "snapshot") instances.clear();
			if (event.type === "snapshot") for (const each of event.instances) instances.set(each.id, each);
			else if (event.type === "up") instances.set(event.instance.id, event.instance);
			else instances.delete(event.instance.id);
			if (missing().length === 0) watching.cancel();
		},
		unknownBecause(error: ServiceError): void {
			unknown = error;
		},
	};
	await followRegistry(registry, { namespace }, follower, logger, watching.ctx);
	const left = missing();
	if (left.length === 0) return;
	if (ctx.error?.code !== "deadline_exceeded") throw ctx.error;
	const { location } = registry;
	throw notReady(left, location === undefined ? "" : ` in ${location} (namespace ${namespace})`, unknown);
}

function notReady(
	missing: readonly string[],
	place: string,
	unknown: ServiceError | undefined,
): ServiceError {
	const names = missing.map((name) => JSON.stringify(name)).join(", ");
	const [subject, them] = missing.length === 1 ? ["no instance", "it"] : ["not one instance each", "them"];
	const message =
		unknown === undefined
			? `${subject} of ${names} came up in time${place}; start ${them}, or wait with a later deadline`
			: `the registry${place} did not say in time whether ${names} came up: ${unknown.message}`;
	return new ServiceError({ code: "unavailable", reason: "not_ready", message, cause: unknown });
}
