import { Context, type Instance, type Registry, silentLogger } from "@allium/core";
import { keepRegistered, type Registration } from "@allium/core/registry";
import { sleep } from "@allium/core/transport";
import { openRegistry } from "@allium/node";
import { type FaultProxy, faultProxy } from "@allium/testing/faults";
import type { EndsEarly } from "../crash/early-end.ts";
import type { Options } from "./options.ts";
import { count, duration, type Row } from "./table.ts";
import { Watching } from "./watching.ts";

const service = "soak";
/** How many handles are opened at once. */
const atOnce = 25;
/** How many samples are taken of figures that show how soon a change is seen. */
const samples = 20;

/** Runs a soak against a registry. Returns its figures, of one that is ended early those that it has so far. */
export async function soak(options: Options & EndsEarly, progress: (line: string) => void): Promise<Row[]> {
	const run = new Soak(options, progress);
	try {
		await run.fill();
		await run.steady();
		await run.changes();
		await run.outage();
		return run.rows;
	} catch (error) {
		if (error !== run.interruption) throw error;
		return [...run.rows, ["the run", "interrupted: these are its figures so far"]];
	} finally {
		await run.close();
	}
}

class Soak {
	readonly rows: Row[] = [];
	readonly #options: Options;
	readonly #progress: (line: string) => void;
	readonly #namespace = `soak-${process.pid}`;
	readonly #handles: Registry[] = [];
	readonly #registrations: Registration[] = [];
	readonly #watchings: Watching[] = [];
	/** Ends with the run. */
	readonly #ctx: Context;
	#proxy: FaultProxy | undefined;
	#ttlMs = 0;
	#lastId = 0;

	constructor(options: Options & EndsEarly, progress: (line: string) => void) {
		this.#options = options;
		this.#progress = progress;
		const { ctx, cancel } = Context.background().withCancel();
		this.#ctx = ctx;
		options.signal.addEventListener("abort", () => cancel(), { once: true });
	}

	/** The error with which its steps end after an interruption. */
	get interruption(): Error | undefined {
		return this.#ctx.error;
	}

	/** Registers all instances, and then begins all watches. */
	async fill(): Promise<void> {
		const { instances, watchers, url } = this.#options;
		if (/^\w+:\/\/[^/]+:\d+/.test(url)) this.#proxy = await faultProxy({ target: url });
		this.#progress(`registering ${instances} instances in ${url} …`);
		const registering = performance.now();
		await this.#inBatches(instances, () => this.#register());
		this.#row("instances registered", `${instances} in ${duration(performance.now() - registering)}`);
		await this.#measure("heartbeats alone");
		this.#progress(`beginning ${watchers} watches …`);
		const watching = performance.now();
		await this.#inBatches(watchers, async () => {
			this.#watchings.push(new Watching(await this.#open(), service));
		});
		await this.#until("every watcher sees all instances", () => this.#seesAll(instances));
		this.#row("watches begun", `${watchers} in ${duration(performance.now() - watching)}`);
		this.#row("time to live", duration(this.#ttlMs));
	}

	/** Lets nothing happen but heartbeats. */
	async steady(): Promise<void> {
		await this.#measure("heartbeats and watches");
		this.#row("wrongly gone in that time", count(this.#takeGone()));
	}

	/** Measures how soon all watchers see a new instance, and how soon they see that a dead one is gone. */
	async changes(): Promise<void> {
		this.#progress("adding and killing instances …");
		const [seen, gone]: [number[], number[]] = [[], []];
		const registry = await this.#open();
		for (let sample = 0; sample < samples; sample++) {
			const { id, ...rest } = this.#instance();
			const before = performance.now();
			const lease = await registry.register({ id, ...rest }, Context.background());
			await this.#until("a new instance is seen", () => this.#watchings.every(({ up }) => up.has(id)));
			seen.push(performance.now() - before);
			await lease.release();
		}
		for (let sample = 0; sample < 3; sample++) {
			const instance = this.#instance();
			await registry.register(instance, Context.background());
			const renewed = performance.now();
			await this.#until("it is seen", () => this.#watchings.every(({ up }) => up.has(instance.id)));
			await this.#until("a dead instance is gone", () =>
				this.#watchings.every(({ up }) => !up.has(instance.id)),
			);
			gone.push(performance.now() - renewed);
		}
		this.#takeGone();
		this.#row("new instance seen by every watcher", spread(seen));
		this.#row("dead instance gone for every watcher", spread(gone));
	}

	/** Takes the registry away, and gives it back. */
	async outage(): Promise<void> {
		const { outageMs, fault, instances } = this.#options;
		const proxy = this.#proxy;
		if (proxy === undefined || outageMs === 0) return;
		this.#progress(`an outage of ${duration(outageMs)} …`);
		if (fault === "cut") {
			proxy.add({ fault: "refuse" });
			proxy.cut("reset");
		} else proxy.add({ fault: "stall" });
		await sleep(outageMs, this.#ctx);
		this.#row("wrongly gone during the outage", count(this.#takeGone()));
		proxy.heal();
		this.#progress("the registry is back …");
		const back = performance.now();
		const registry = await this.#open();
		await this.#until("everybody is registered again", async () => {
			const listed = await registry
				.list({ service }, Context.background().withTimeout(5_000))
				.catch(() => []);
			return listed.length >= instances;
		});
		this.#row("all registered again after", duration(performance.now() - back));
		const instance = this.#instance();
		const lease = await registry.register(instance, Context.background());
		await this.#until("every watcher is back", () => this.#watchings.every(({ up }) => up.has(instance.id)));
		this.#row("every watcher sees changes again after", duration(performance.now() - back));
		await lease.release();
		await sleep(2 * this.#ttlMs, this.#ctx);
		const wrongly = this.#watchings.flatMap(({ gone }) => gone.filter((id) => id !== instance.id));
		this.#row("wrongly gone within two times to live after it", count(wrongly.length));
		const failed = this.#watchings.filter(({ failure }) => failure !== undefined);
		this.#row("watches that ended", count(failed.length));
	}

	async close(): Promise<void> {
		this.#progress("closing …");
		this.#proxy?.heal();
		await Promise.all(this.#registrations.map((registration) => registration.release()));
		await Promise.all(this.#handles.map((registry) => registry.close()));
		await this.#proxy?.close();
	}

	async #open(): Promise<Registry> {
		const url = this.#proxy?.url ?? this.#options.url;
		const registry = await openRegistry(url, { namespace: this.#namespace });
		this.#handles.push(registry);
		return registry;
	}

	async #register(): Promise<void> {
		const registry = await this.#open();
		this.#registrations.push(await keepRegistered(registry, this.#instance(), { logger: silentLogger }));
		if (this.#ttlMs !== 0) return;
		// Only leases tell the time to live.
		const lease = await registry.register(this.#instance(), Context.background());
		this.#ttlMs = lease.ttlMs;
		await lease.release();
	}

	#instance(): Instance {
		const id = `i${String(++this.#lastId).padStart(6, "0")}`;
		return {
			id,
			app: service,
			namespace: this.#namespace,
			addresses: [`allium://10.0.0.1:4000/${id}`],
			services: [{ name: service, version: "1.0.0", hash: "c0ffee" }],
			labels: {},
			weight: 1,
			status: "up",
			startedAt: new Date().toISOString(),
		};
	}

	#seesAll(instances: number): boolean {
		return this.#watchings.every(({ up }) => up.size >= instances);
	}

	/** How many instances went down for a watcher since this was last asked. */
	#takeGone(): number {
		let sum = 0;
		for (const watching of this.#watchings) {
			sum += watching.gone.length;
			watching.gone = [];
		}
		return sum;
	}

	/** Measures the load of this process and the network while nothing happens. */
	async #measure(what: string): Promise<void> {
		const { steadyMs, monitor } = this.#options;
		this.#progress(`measuring ${what} for ${duration(steadyMs)} …`);
		const begin = performance.now();
		const [cpu, bytes, messages] = [process.cpuUsage(), this.#bytes(), await handled(monitor)];
		await sleep(steadyMs, this.#ctx);
		const seconds = (performance.now() - begin) / 1_000;
		const { user, system } = process.cpuUsage(cpu);
		this.#row(`${what}: processor`, `${((user + system) / 1e4 / seconds).toFixed(1)}% of a core`);
		if (this.#proxy !== undefined) {
			this.#row(`${what}: bytes a second`, count((this.#bytes() - bytes) / seconds));
		}
		const after = await handled(monitor);
		if (after !== undefined && messages !== undefined) {
			this.#row(`${what}: messages a second`, count((after - messages) / seconds));
		}
	}

	#bytes(): number {
		const { upstream, downstream } = this.#proxy?.bytes ?? { upstream: 0, downstream: 0 };
		return upstream + downstream;
	}

	async #inBatches(times: number, run: () => Promise<void>): Promise<void> {
		for (let done = 0; done < times; done += atOnce) {
			if (this.#ctx.error !== undefined) throw this.#ctx.error;
			await Promise.all(Array.from({ length: Math.min(atOnce, times - done) }, run));
		}
	}

	async #until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
		const begin = performance.now();
		for (let told = begin; !(await condition()); ) {
			if (performance.now() - told > 5_000) {
				this.#progress(`  waiting until ${what}: ${duration(performance.now() - begin)}`);
				told = performance.now();
			}
			if (performance.now() - begin > 180_000) throw new Error(`not within three minutes: ${what}`);
			await sleep(2, this.#ctx);
		}
	}

	#row(what: string, figure: string): void {
		this.rows.push([what, figure]);
		this.#progress(`  ${what}: ${figure}`);
	}
}

/** The messages that a NATS server has received and sent, as its monitoring reports. */
async function handled(monitor: string | undefined): Promise<number | undefined> {
	if (monitor === undefined) return undefined;
	const answer = await fetch(new URL("/varz", monitor), { signal: AbortSignal.timeout(5_000) });
	const { in_msgs: taken, out_msgs: given } = (await answer.json()) as { in_msgs: number; out_msgs: number };
	return taken + given;
}

function spread(milliseconds: number[]): string {
	const sorted = milliseconds.toSorted((one, other) => one - other);
	const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
	return `${duration(median)} (median of ${sorted.length}), ${duration(sorted.at(-1) ?? Number.NaN)} (worst)`;
}
