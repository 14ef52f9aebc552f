import { Context, type Registry } from "@allium/core";

/** A handle that watches the service of the soak. */
export class Watching {
	readonly registry: Registry;
	readonly up: Set<string> = new Set();
	/** The instances that went down, in order. */
	gone: string[] = [];
	/** Why the watch is over, if it is. */
	failure: unknown;

	constructor(registry: Registry, service: string) {
		this.registry = registry;
		this.#consume(service).catch((error: unknown) => {
			this.failure = error ?? new Error("the watch ended");
		});
	}

	async #consume(service: string): Promise<void> {
		for await (const event of this.registry.watch({ service }, Context.background())) {
			if (event.type === "down") {
				this.up.delete(event.instance.id);
				this.gone.push(event.instance.id);
			} else if (event.type === "up") this.up.add(event.instance.id);
			else {
				const ids = new Set(event.instances.map(({ id }) => id));
				for (const id of this.up) if (!ids.has(id)) this.gone.push(id);
				this.up.clear();
				for (const id of ids) this.up.add(id);
			}
		}
	}
}
