import { type Context, type Instance, type Registry, ServiceError } from "@allium/core";
import {
	InstanceView,
	instanceKey,
	type Lease,
	matches,
	type RegistryEvent,
	type RegistryFilter,
	Renewals,
} from "@allium/core/registry";
import { after } from "@allium/core/transport";
import type { RegistryChannel } from "./registry-channel.ts";
import type { RegistryNews, RegistryState } from "./registry-server.ts";

/** How often a watching node asks whether it has missed something, in milliseconds. */
const pollMs = 1_000;

/**
 * A node's access to the registry of a simulation. All messages are datagrams. A watcher subscribes, applies the
 * changes that it receives in order, and asks for everything when it has missed one. It finds out by itself which
 * leases have run out, and keeps its view while no answer arrives.
 */
export class SimulatedRegistry implements Registry {
	readonly location: string = "sim://registry";
	readonly #channel: RegistryChannel;
	readonly #ttlMs: number;
	readonly #view: InstanceView;
	readonly #renewals: Renewals;
	/** The instances that are dead, although the registry may still list them. */
	readonly #dead = new Set<string>();
	/** The state that the view shows. Undefined if the next answer must be applied, whatever its revision. */
	#shown: Pick<RegistryState, "epoch" | "revision"> | undefined;
	/** Whether the last question had no answer. */
	#isLost = false;
	/** Ends the pause before the next question. */
	#askNow: (() => void) | undefined;
	/** The number of the current round of requests. Earlier rounds do not continue. */
	#round = 0;
	#closed = false;

	constructor(channel: RegistryChannel, ttlMs: number) {
		this.#channel = channel;
		this.#ttlMs = ttlMs;
		this.#renewals = new Renewals({
			ttlMs,
			expired: (key) => {
				this.#dead.add(key);
				this.#view.delete(key);
			},
		});
		this.#view = new InstanceView({
			start: () => void this.#follow(++this.#round),
			stop: () => this.#stop(),
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
				await this.#channel.ask("release", (server) => server.release(instanceKey(instance)));
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
		this.#view.close();
		this.#renewals.close();
	}

	#stop(): void {
		this.#round++;
		this.#shown = undefined;
		this.#isLost = false;
		this.#dead.clear();
		this.#renewals.clear();
		this.#askNow?.();
	}

	async #follow(round: number): Promise<void> {
		const isCurrent = (): boolean => round === this.#round;
		const subscriber = this.#channel.subscriber(isCurrent, (news) => {
			if (isCurrent()) this.#take(news);
		});
		while (isCurrent()) {
			try {
				const state = await this.#channel.ask("watch", (server) => server.subscribe(subscriber));
				if (isCurrent()) this.#answered(state);
			} catch (error) {
				if (isCurrent()) this.#unanswered(error);
			}
			if (isCurrent()) await this.#pause();
		}
	}

	async #pause(): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		const timer = after(pollMs, resolve);
		this.#askNow = resolve;
		await promise;
		timer.stop();
		this.#askNow = undefined;
	}

	#answered(state: RegistryState): void {
		const shown = this.#shown;
		if (shown !== undefined && shown.epoch === state.epoch) {
			// A replica that is behind has answered.
			if (state.revision < shown.revision) return;
			if (state.revision === shown.revision && !this.#isLost) return;
		}
		const wasAway = this.#isLost || (shown !== undefined && shown.epoch !== state.epoch);
		this.#shown = { epoch: state.epoch, revision: state.revision };
		this.#isLost = false;
		this.#renewals.resume();
		if (wasAway) this.#dead.clear();
		const records = [...state.records.values()].filter(({ key }) => !this.#dead.has(key));
		for (const { key } of records) if (!this.#renewals.has(key)) this.#renewals.renewed(key);
		if (wasAway) this.#view.resume(records, this.#ttlMs);
		else this.#view.replace(records);
	}

	/** A watcher that knows nothing yet must hear of the failure. All others continue with what they know. */
	#unanswered(error: unknown): void {
		if (!this.#view.ready) {
			this.#view.fail(error);
			return;
		}
		this.#isLost = true;
		this.#view.pause();
		this.#renewals.pause();
	}

	/** Applies a message of the registry, which may come twice, late, or never. */
	#take(news: RegistryNews): void {
		const shown = this.#shown;
		if (shown === undefined || news.epoch < shown.epoch) return;
		if (news.type === "renewed") this.#renewed(news.key);
		else if (news.epoch > shown.epoch || news.revision > shown.revision + 1) this.#askNow?.();
		else if (news.revision === shown.revision + 1) {
			this.#shown = { epoch: shown.epoch, revision: news.revision };
			this.#apply(news);
		}
	}

	#apply(news: Exclude<RegistryNews, { readonly type: "renewed" }>): void {
		if (news.type === "put") {
			this.#dead.delete(news.record.key);
			this.#renewals.renewed(news.record.key);
			this.#view.put(news.record);
		} else {
			this.#renewals.forget(news.key);
			this.#view.delete(news.key, true);
		}
	}

	#renewed(key: string): void {
		if (this.#view.get(key) !== undefined) {
			this.#renewals.renewed(key);
			return;
		}
		// The instance was taken for dead, or its registration was missed.
		if (this.#dead.delete(key)) this.#shown = undefined;
		this.#askNow?.();
	}

	#check(ctx?: Context): void {
		if (this.#closed) throw refused("the registry is closed");
		if (ctx?.error !== undefined) throw ctx.error;
	}
}

function refused(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", message });
}
