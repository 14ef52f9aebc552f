import { ServiceError } from "../errors/service-error.ts";
import type { BrokerFeatures } from "./broker.ts";
import type { SubscribeOptions } from "./subscribe-options.ts";

/** The guarantees that a group has: the strongest that its broker offers, unless the group asked for less. */
export interface Guarantees {
	/** Whether events of one key are handled in order. */
	readonly order: "key" | "none";
	/**
	 * What a parked event holds back: the events of its key, or only itself. `nothing` if the broker cannot park events.
	 */
	readonly park: "key" | "event" | "nothing";
	/** The failure that an event is safe from once it is published. */
	readonly survives: "power cuts" | "the loss of a server" | "crashes of processes";
	/** Whether a process that was paused can overlap with its successor without being noticed. */
	readonly fenced: boolean;
}

/**
 * The guarantees that a broker gives to a group with these options.
 *
 * @param group the group and its topic, for the message.
 * @throws ServiceError `failed_precondition`, reason `not_offered`, if the options ask explicitly for something that
 * the broker does not offer.
 */
export function guaranteesOf(
	group: string,
	{ from = "now", park, order }: Pick<SubscribeOptions, "from" | "park" | "order">,
	features: BrokerFeatures,
	location = "the broker",
): Guarantees {
	const ask = (wants: string, lacks: string, instead: string): never => {
		throw new ServiceError({
			code: "failed_precondition",
			reason: "not_offered",
			message: `${group} asks for ${wants}, but ${location} ${lacks}; ${instead}, or use another broker`,
		});
	};
	if (order === "key" && !features.keyOrder)
		ask("order by key", "does not keep it", 'leave out order: "key"');
	if (from !== "now" && !features.replay) {
		const wanted = from === "start" ? '"start"' : "a time";
		ask(`from: ${wanted}`, "has no earlier events", 'begin from "now"');
	}
	if (park === "key" && features.park !== "key") {
		ask('park: "key"', "cannot hold a key", 'leave out park: "key"');
	}
	if (park === "event" && features.park === false) {
		ask('park: "event"', "cannot park events", 'leave out park: "event"');
	}
	return {
		order: features.keyOrder ? "key" : "none",
		park: features.park === false ? "nothing" : features.park === "event" ? "event" : (park ?? "key"),
		survives: survived[features.syncs],
		fenced: features.fenced,
	};
}

const survived = {
	disk: "power cuts",
	replicas: "the loss of a server",
	later: "crashes of processes",
} as const;
