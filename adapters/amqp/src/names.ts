import { invalidUrl } from "@allium/core/adapter";
import type { GroupId } from "@allium/core/event";

/** The longest name that AMQP takes, in bytes. */
const longestName = 255;

/** The names of exchanges and queues. Their parts are encoded, so that no two of them are the same. */
export class Names {
	readonly #namespace: string;

	constructor(namespace: string) {
		this.#namespace = namespace;
	}

	/** The exchange to which members of all groups tell that they are there. */
	get members(): string {
		return this.#namespace;
	}

	/** The exchange of a topic. */
	topic(topic: string): string {
		return this.#name(topic);
	}

	/** The queue whose bound is the number of lanes of a topic. It stays empty. */
	lanes(topic: string): string {
		return this.#name(topic, "lanes");
	}

	/** The queue of a lane of a group. */
	lane({ topic, group }: GroupId, lane: number): string {
		return this.#name(topic, group, String(lane));
	}

	/** The queue of the parked events of a group. */
	parked({ topic, group }: GroupId): string {
		return this.#name(topic, group, "parked");
	}

	/** The routing key under which the members of a group find each other. */
	group({ topic, group }: GroupId): string {
		return this.#name(topic, group, "members");
	}

	/** The exchange that tells the instances of services which calls their callers gave up. */
	get cancellations(): string {
		return `${this.#namespace}:calls`;
	}

	/** The queue of the calls of a service. */
	calls(service: string): string {
		return checked(`${this.#namespace}:calls/${encodeURIComponent(service)}`, "the service");
	}

	/** @throws ServiceError `invalid_argument` for names that are too long together. */
	#name(...parts: readonly string[]): string {
		return checked([this.#namespace, ...parts.map(encodeURIComponent)].join("/"), "the topic or the group");
	}
}

function checked(name: string, of: string): string {
	if (name.length <= longestName) return name;
	throw invalidUrl(
		`RabbitMQ takes names of ${longestName} bytes, and ${name.slice(0, 80)}… is longer; shorten the name of ${of}`,
	);
}
