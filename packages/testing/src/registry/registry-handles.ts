import { Context, type Registry } from "@allium/core";
import type { RegistryFilter } from "@allium/core/registry";
import { expect } from "vitest";
import { eventually } from "../suite/eventually.ts";
import { patienceMs as usualPatienceMs, Watcher } from "./registry-watcher.ts";

const background = Context.background();

/** The handles that one test opens on a backend. They are closed after the test, whatever the test leaves open. */
export class RegistryHandles<Setup extends { close(): Promise<void> }> {
	/** How long to wait for a condition that has no bound of its own, in milliseconds. */
	readonly patienceMs: number;
	/** The backend of the test that runs. */
	protected setup: Setup | undefined;
	#open: Registry[] = [];
	#watchers: Watcher[] = [];

	constructor(patienceMs: number = usualPatienceMs) {
		this.patienceMs = patienceMs;
	}

	begin(setup: Setup): void {
		this.setup = setup;
	}

	/** Opens a handle, and closes it after the test. */
	protected async opened(open: (setup: Setup) => Promise<Registry>): Promise<Registry> {
		if (this.setup === undefined) throw new Error("the suite has no backend: setup did not run");
		const registry = await open(this.setup);
		this.#open.push(registry);
		return registry;
	}

	/** Watches until the snapshot has arrived. */
	async watch(registry: Registry, filter: RegistryFilter = {}, ctx: Context = background): Promise<Watcher> {
		const watcher = new Watcher(registry.watch(filter, ctx), this.patienceMs);
		this.#watchers.push(watcher);
		await this.eventually(() => expect(watcher.events).not.toEqual([]), 2);
		return watcher;
	}

	/** Runs an assertion until it passes, for `patienceMs` at most. */
	eventually(assertion: () => void | Promise<void>, intervalMs = 5): Promise<void> {
		return eventually(assertion, { patienceMs: this.patienceMs, intervalMs });
	}

	async end(): Promise<void> {
		await Promise.all(this.#open.map((registry) => registry.close()));
		await Promise.all(this.#watchers.map(({ ended }) => ended));
		await this.setup?.close();
		this.setup = undefined;
		this.#open = [];
		this.#watchers = [];
	}
}
