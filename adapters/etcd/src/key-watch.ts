import { type Fields, fields, InstanceKeys, type ServerView, type ViewSource } from "@allium/backend";
import { Context, type ServiceError, toServiceError } from "@allium/core";
import type { RegistryFilter } from "@allium/core/registry";
import { Backoff, sleep } from "@allium/core/transport";
import type { EtcdServer } from "./etcd-server.ts";
import { readRange } from "./key-range.ts";
import { type KeyState, keyState } from "./key-state.ts";
import { isWithin, rangeOf } from "./keys.ts";

/** The bound of the first delay before etcd is asked again after it failed, in milliseconds. */
const firstBackoffMs = 50;

/**
 * Keeps a view equal to a range of keys: it lists them, and watches from that revision on. When the stream breaks off,
 * or etcd has compacted revisions that it missed, it lists again.
 */
export class KeyWatch implements ViewSource {
	readonly #server: EtcdServer;
	readonly #filter: RegistryFilter;
	readonly #shown: ServerView;
	readonly #backoff: Backoff;
	#keys = new InstanceKeys();
	#cancel: () => void = () => {};

	/** @param ttlMs the time to live of registrations, in milliseconds. */
	constructor(filter: RegistryFilter, shown: ServerView, server: EtcdServer, ttlMs: number) {
		this.#backoff = new Backoff({ firstMs: firstBackoffMs, longestMs: ttlMs / 6 });
		this.#server = server;
		this.#filter = filter;
		this.#shown = shown;
	}

	start(): void {
		this.#shown.start();
		this.#begin();
	}

	stop(): void {
		this.#cancel();
	}

	/** etcd gives no sign of life. The known instances stay, and everything is requested again. */
	restart(error: ServiceError): void {
		// The failed request is being repeated already.
		if (this.#shown.isLost) return;
		this.#shown.lose(error);
		this.stop();
		this.#begin();
	}

	#begin(): void {
		const { ctx, cancel } = Context.background().withCancel();
		this.#cancel = cancel;
		void this.#run(ctx);
	}

	async #run(ctx: Context): Promise<void> {
		while (ctx.error === undefined) {
			try {
				const revision = await this.#list(ctx);
				this.#backoff.reset();
				await this.#watch(revision + 1, ctx);
			} catch (error) {
				if (ctx.error !== undefined) return;
				this.#shown.failed(toServiceError(error));
			}
			if (ctx.error !== undefined) return;
			this.#shown.lose();
			await sleep(this.#backoff.next(), ctx).catch(() => {});
		}
	}

	/** Shows the keys that there are. Returns the revision at which that was so. */
	async #list(ctx: Context): Promise<number> {
		const { keys, revision } = await readRange(this.#server, this.#filter, ctx);
		if (ctx.error !== undefined) throw ctx.error;
		const known = new InstanceKeys();
		for (const key of keys) known.put(key);
		this.#keys = known;
		this.#shown.show(known.records());
		return revision;
	}

	/** Follows the changes from a revision on, until the stream ends. */
	async #watch(revision: number, ctx: Context): Promise<void> {
		const request = { ...rangeOf(this.#filter), start_revision: String(revision), progress_notify: true };
		for await (const result of this.#server.stream("/v3/watch", { create_request: request }, ctx)) {
			if (ctx.error !== undefined) return;
			if (result.canceled === true) {
				// etcd has compacted the revision, or the token has expired.
				this.#server.forgetToken();
				return;
			}
			if (Array.isArray(result.events)) for (const event of result.events) this.#apply(fields(event));
		}
	}

	/**
	 * Takes in keys that this process has written, so that it finds its own changes as soon as they are made. A farewell
	 * is left to the stream, which may still have to report earlier changes.
	 */
	take(keys: readonly KeyState[]): void {
		if (!this.#shown.view.ready || this.#shown.isLost) return;
		const range = rangeOf(this.#filter);
		for (const key of keys) if (!key.isFarewell && isWithin(key.key, range)) this.#put(key);
	}

	#apply({ type, kv }: Fields): void {
		const state = keyState(kv);
		if (state === undefined) return;
		if (type === "DELETE") this.#show(this.#keys.delete(state.key, state.revision), false);
		else this.#put(state);
	}

	#put(key: KeyState): void {
		this.#show(this.#keys.put(key), key.isFarewell);
	}

	/** Shows the present state of an instance. */
	#show(instance: string | undefined, hasLeft: boolean): void {
		if (instance === undefined) return;
		const record = this.#keys.recordOf(instance);
		if (record !== undefined) this.#shown.view.put(record);
		else this.#shown.view.delete(instance, hasLeft);
	}
}
