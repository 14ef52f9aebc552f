import type { Instance, Logger, Registry } from "@allium/core";
import { Context } from "@allium/core";
import type { RegistryEvent } from "@allium/core/registry";
import { followRegistry } from "@allium/core/transport";
import { httpUrlOf } from "@allium/node";

/** How long an address that could not be reached is passed over while there is another, in milliseconds. */
const pauseMs = 1_000;

/** The registry in which services are looked up. */
export interface ServiceSource {
	readonly registry: Registry;
	readonly namespace: string;
	readonly logger: Logger;
}

/** The addresses of a service to which requests are passed on, as the registry lists them: foreign ones, too. */
export class ProxiedService {
	readonly name: string;
	readonly #instances = new Map<string, Instance>();
	#urls: readonly URL[] = [];
	/** The addresses that could not be reached, and until when they are passed over. */
	readonly #paused = new Map<string, number>();
	#turn = 0;
	readonly #life = Context.background().withCancel();

	constructor(name: string) {
		this.name = name;
	}

	/** Follows the registry until `close`. */
	open({ registry, namespace, logger }: ServiceSource): void {
		void followRegistry(registry, { namespace, service: this.name }, this, logger, this.#life.ctx);
	}

	/** Applies an event of the registry. */
	apply(event: RegistryEvent): void {
		if (event.type === "snapshot") this.#instances.clear();
		const told = event.type === "snapshot" ? event.instances : [event.instance];
		for (const instance of told) {
			if (event.type === "down") this.#instances.delete(instance.id);
			else this.#instances.set(instance.id, instance);
		}
		const known = [...this.#instances.values()];
		const healthy = known.filter(({ status }) => status === "up");
		this.#urls = (healthy.length > 0 ? healthy : known)
			.map(({ addresses }) => URL.parse(httpUrlOf(addresses) ?? ""))
			.filter((url) => url !== null);
	}

	/** During an outage of the registry the addresses stay as they are. */
	unknownBecause(): void {}

	/** The address whose turn it is; undefined when no instance is up. */
	next(): URL | undefined {
		const now = performance.now();
		const urls = this.#urls.filter(({ href }) => now >= (this.#paused.get(href) ?? 0));
		const all = urls.length > 0 ? urls : this.#urls;
		this.#turn = (this.#turn + 1) % Math.max(1, all.length);
		return all[this.#turn];
	}

	/** Whether an instance with this origin is up. */
	has(origin: string): boolean {
		return this.#urls.some((url) => url.origin === origin);
	}

	/** Passes an address over for a moment, because it could not be reached. */
	failed({ href }: URL): void {
		const now = performance.now();
		for (const [other, until] of this.#paused) if (now >= until) this.#paused.delete(other);
		this.#paused.set(href, now + pauseMs);
	}

	close(): void {
		this.#life.cancel();
	}
}
