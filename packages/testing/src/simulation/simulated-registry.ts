import { type Context, type Instance, type Registry, ServiceError } from "@allium/core";
import {
	InstanceView,
	instanceRecord,
	type Lease,
	matches,
	type RegistryEvent,
	type RegistryFilter,
} from "@allium/core/registry";
import type { RegistryChannel } from "./registry-channel.ts";

/** How often a watching node asks which instances are up, in milliseconds. */
const pollMs = 250;

/**
 * A node's access to the registry of a simulation. All requests are datagrams. A watch asks repeatedly, and keeps what
 * it knows while no answer arrives.
 */
export class SimulatedRegistry implements Registry {
	readonly location: string = "sim://registry";
	readonly #channel: RegistryChannel;
	readonly #ttlMs: number;
	readonly #view: InstanceView;
	/** The number of the current round of requests. Earlier rounds do not continue. */
	#round = 0;
	#closed = false;

	constructor(channel: RegistryChannel, ttlMs: number) {
		this.#channel = channel;
		this.#ttlMs = ttlMs;
		this.#view = new InstanceView({
			start: () => void this.#follow(++this.#round),
			stop: () => void this.#round++,
		});
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		this.#check(ctx);
		await this.#channel.ask("register", (server) => server.put(instance));
		let released = false;
		return {
			ttlMs: this.#ttlMs,
			lost: new AbortController().signal,
			update: async (changed) => {
				this.#check();
				if (released) throw refused("the lease was released");
				await this.#channel.ask("renew", (server) => server.put(changed));
			},
			release: async () => {
				released = true;
				await this.#channel.ask("release", (server) => server.release(instance.id));
			},
		};
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		this.#check(ctx);
		const all = await this.#channel.ask("list", (server) => server.list());
		return all.filter((instance) => matches(filter, instance));
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#view.watch(filter, ctx);
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#round++;
		this.#view.close();
	}

	async #follow(round: number): Promise<void> {
		while (round === this.#round) {
			try {
				const instances = await this.#channel.ask("list", (server) => server.list());
				if (round === this.#round) this.#view.replace(instances.map(instanceRecord));
			} catch (error) {
				// A watcher that knows nothing yet must hear of the failure. All others continue with what they know.
				if (round === this.#round && !this.#view.ready) this.#view.fail(error);
			}
			await new Promise((resolve) => setTimeout(resolve, pollMs));
		}
	}

	#check(ctx?: Context): void {
		if (this.#closed) throw refused("the registry is closed");
		if (ctx?.error !== undefined) throw ctx.error;
	}
}

function refused(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", message });
}
