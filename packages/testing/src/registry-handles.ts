import { Context, type Registry } from "@allium/core";
import type { RegistryFilter } from "@allium/core/registry";
import { expect, vi } from "vitest";
import { patienceMs, Watcher } from "./registry-watcher.ts";

const background = Context.background();

/** The handles that one test opens on a backend. They are closed after the test, whatever the test leaves open. */
export class RegistryHandles<Setup extends { close(): Promise<void> }> {
	/** The backend of the test that runs. */
	protected setup: Setup | undefined;
	#open: Registry[] = [];
	#watchers: Watcher[] = [];

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
		const watcher = new Watcher(registry.watch(filter, ctx));
		this.#watchers.push(watcher);
		await vi.waitFor(() => expect(watcher.events).not.toEqual([]), { timeout: patienceMs, interval: 2 });
		return watcher;
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
