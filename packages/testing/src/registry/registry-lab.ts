import { Context, type Instance, type Registry, silentLogger } from "@allium/core";
import { keepRegistered, type Registration, type RegistryFilter } from "@allium/core/registry";
import { after } from "@allium/core/transport";
import { expect } from "vitest";
import { type FaultProxy, faultProxy } from "../faults/index.ts";
import { instance } from "./cart-instance.ts";
import { MemberProcess } from "./member-process.ts";
import { RegistryHandles } from "./registry-handles.ts";
import type { RegistryAbility, RegistryOutage, RegistrySetup } from "./registry-setup.ts";

/**
 * The time to live in tests that do not wait for it to pass, in milliseconds. Ten thousand instances take a while to
 * register on a busy machine, and nobody renews them meanwhile.
 */
const longTtlMs = 600_000;

/** The root of all contexts of the suite. */
export const background: Context = Context.background();

/** The backend of one test, and what the test opened on it. */
export class RegistryLab extends RegistryHandles<RegistrySetup> {
	/** The measurements to be printed when the suite is over. */
	readonly figures: Map<string, string> = new Map();
	#registrations: Registration[] = [];
	#proxies: FaultProxy[] = [];
	#members: MemberProcess[] = [];

	/** The shortest time to live of the backend, in milliseconds. */
	get ttlMs(): number {
		return this.#needSetup().ttlMs;
	}

	/**
	 * A time to live in which a process renews its lease even while the machine is busy, in milliseconds. For tests in
	 * which an instance must stay.
	 */
	get steadyTtlMs(): number {
		return Math.max(this.ttlMs, 1_500);
	}

	/** How soon a dead instance must be gone for watchers, in milliseconds of running time. */
	get goneWithinMs(): number {
		return this.ttlMs + this.lateMs;
	}

	/** How much later than its time to live a dead instance may be gone, in milliseconds. */
	get lateMs(): number {
		return this.#needSetup().lateMs ?? 500;
	}

	/** How many instances the largest test registers. */
	get many(): number {
		return this.#needSetup().many ?? 10_000;
	}

	/** The server, in a test that needs `outage`. */
	get outage(): RegistryOutage {
		return given(this.#needSetup().outage);
	}

	/** The first ability of these that the backend lacks. */
	lacks(abilities: readonly RegistryAbility[]): RegistryAbility | undefined {
		const setup = this.#needSetup();
		return abilities.find((ability) => setup[ability] === undefined || setup[ability] === false);
	}

	/** Opens a handle. */
	open(ttlMs: number = longTtlMs, target?: string): Promise<Registry> {
		return this.opened((setup) => setup.open({ ttlMs, ...(target !== undefined && { target }) }));
	}

	/** Puts a proxy in front of the server, in a test that needs `target`. */
	async proxy(): Promise<FaultProxy> {
		const proxy = await faultProxy({ target: given(this.#needSetup().target) });
		this.#proxies.push(proxy);
		return proxy;
	}

	/** Registers an instance and renews its lease, as an app does. */
	async keep(registry: Registry, instance: Instance): Promise<Registration> {
		const registration = await keepRegistered(registry, instance, { logger: silentLogger });
		this.#registrations.push(registration);
		return registration;
	}

	/** Starts a process that registers and watches, in a test that needs `program`. */
	async member(id: string, skewMs = 0): Promise<MemberProcess> {
		const { program } = this.#needSetup();
		const member = MemberProcess.start(given(program), { id, ttlMs: this.steadyTtlMs, skewMs });
		this.#members.push(member);
		await member.ready;
		return member;
	}

	/**
	 * Resolves when one time to live has passed: the lease of the instance `passing`, which is not renewed, has then run
	 * out.
	 */
	async lastOneTtl(registry: Registry): Promise<void> {
		const watcher = await this.watch(registry);
		await registry.register(instance("passing"), background);
		await this.eventually(() => expect(watcher.gone).toContain("passing"));
	}

	/** Waits for a time in which the server can show nothing. */
	pass(milliseconds: number): Promise<void> {
		return new Promise((resolve) => after(milliseconds, resolve));
	}

	/** Counts the open handles: those that keep the event loop alive, by kind, and those that the backend counts. */
	async openHandles(): Promise<Record<string, number>> {
		const counts: Record<string, number> = {};
		for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
		const { handles } = this.#needSetup();
		return handles === undefined ? counts : { ...counts, backend: await handles() };
	}

	override async end(): Promise<void> {
		await Promise.all(this.#members.map((member) => member[Symbol.asyncDispose]()));
		for (const proxy of this.#proxies) proxy.heal();
		await Promise.all(this.#registrations.map((registration) => registration.release()));
		await super.end();
		await Promise.all(this.#proxies.map((proxy) => proxy.close()));
		this.#registrations = [];
		this.#proxies = [];
		this.#members = [];
	}

	#needSetup(): RegistrySetup {
		if (this.setup === undefined) throw new Error("the suite has no backend: setup did not run");
		return this.setup;
	}
}

function given<Value>(value: Value | undefined): Value {
	if (value === undefined) throw new Error("the test did not say what it needs");
	return value;
}

/** The ids of the instances that are listed, sorted. */
export async function ids(registry: Registry, filter?: RegistryFilter): Promise<string[]> {
	return (await registry.list(filter)).map(({ id }) => id).sort();
}
