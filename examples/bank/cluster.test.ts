import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canMakeHosts, type NetworkHost, NetworkHosts } from "@allium/testing/hosts";
import { ServiceProcess } from "@allium/testing/process";
import {
	consulServer,
	isServerRequired,
	natsServer,
	type ServerOptions,
	type ServerProcess,
	serverProgram,
	startServer,
} from "@allium/testing/servers";
import { describe, expect, test } from "vitest";
import { spent } from "./spent.ts";

/** These services keep data in a file or in memory, so there is one of each, on the first host. */
const single = ["api", "apns", "balance", "cards", "feed", "transactions", "transfers"];
/** These keep no data, so they run on both other hosts. */
const doubled = ["card-api", "card-processing", "feed-generator", "merchant", "transaction-enrichment"];

const shop = new URL("fixtures/shop.ts", import.meta.url).pathname;
const program = (service: string): string => new URL(`services/${service}/main.ts`, import.meta.url).pathname;

/** The bank on three hosts, with a shop on the first that pays without end. */
class ThreeHosts implements AsyncDisposable {
	readonly #hosts = NetworkHosts.create(["one", "two", "three"]);
	readonly #processes: {
		readonly host: NetworkHost;
		readonly service: string;
		readonly process: ServiceProcess;
	}[] = [];
	#server: ServerProcess | undefined;
	#folder = "";
	#shop: ServiceProcess | undefined;

	static async start(registry: Registry): Promise<ThreeHosts> {
		const bank = new ThreeHosts();
		try {
			await bank.#start(registry);
			return bank;
		} catch (error) {
			await bank[Symbol.asyncDispose]();
			throw error;
		}
	}

	get one(): NetworkHost {
		return this.#hosts.host("one");
	}

	get two(): NetworkHost {
		return this.#hosts.host("two");
	}

	get three(): NetworkHost {
		return this.#hosts.host("three");
	}

	/** The payments that the shop has made so far. */
	get payments(): { readonly id: string; readonly status: number; readonly ms: number }[] {
		const lines = (this.#shop?.output ?? "").split("\n").slice(1, -1);
		return lines.map((line) => JSON.parse(line));
	}

	/** How many calls the instance of a service on a host has answered. */
	answered(service: string, host: NetworkHost): number {
		const found = this.#processes.find((each) => each.service === service && each.host === host);
		return (found?.process.output.split(" code=ok ").length ?? 1) - 1;
	}

	/** Resolves when the shop has made `count` further payments. */
	async pays(count: number): Promise<void> {
		const before = this.payments.length;
		await expect.poll(() => this.payments.length).toBeGreaterThanOrEqual(before + count);
	}

	/** Kills all processes of a host, as when its power fails. */
	kill(host: NetworkHost): void {
		host.cut();
		for (const each of this.#processes) if (each.host === host) each.process.signal("SIGKILL");
	}

	/**
	 * Ends the shop. Returns the ids of the payments in the ledger, which may include some whose answer the shop did not
	 * get.
	 */
	async ledger(): Promise<string[]> {
		await this.#shop?.[Symbol.asyncDispose]();
		return spent(`sqlite://${this.#folder}`, "ann");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#shop?.[Symbol.asyncDispose]();
		await Promise.all(this.#processes.map(({ process }) => process[Symbol.asyncDispose]()));
		await this.#server?.close();
		this.#hosts[Symbol.dispose]();
		if (this.#folder !== "") await rm(this.#folder, { recursive: true, force: true });
	}

	async #start(registry: Registry): Promise<void> {
		this.#folder = await mkdtemp(join(tmpdir(), "allium-cluster-"));
		const places = [
			...single.map((service) => ({ service, host: this.one })),
			...doubled.flatMap((service) => [this.two, this.three].map((host) => ({ service, host }))),
		].map((place, index) => ({ ...place, port: 7_000 + index }));
		const url = await this.#url(registry, places);
		for (const { service, host, port } of places) {
			const events = `sqlite://${this.#folder}`;
			const env = {
				ALLIUM_REGISTRY: url,
				ALLIUM_BROKER: events,
				ALLIUM_EVENTS: events,
				BANK_FOLDER: this.#folder,
				PORT: String(port),
			};
			this.#processes.push({
				service,
				host,
				process: ServiceProcess.run(program(service), { env, via: host.via }),
			});
		}
		await Promise.all(this.#processes.map(({ process }) => process.says(/ is ready url=\S+ /)));
		const api = places.find(({ service }) => service === "api");
		const address = `http://${this.one.address}:${api?.port}`;
		this.#shop = await ServiceProcess.start(shop, { args: [address], via: this.one.via });
	}

	/** Starts the registry's server on the first host, or writes down the address of every service. */
	async #url(registry: Registry, places: readonly Place[]): Promise<string> {
		if (registry.server === undefined) {
			const listing: Record<string, string[]> = {};
			for (const { service, host, port } of places) {
				listing[service] ??= [];
				listing[service].push(`allium://${host.address}:${port}`);
			}
			const file = join(this.#folder, "services.json");
			await writeFile(file, JSON.stringify(listing));
			return `static:${file}`;
		}
		const { via, address } = this.one;
		const options = registry.server({ file: registry.program ?? "", host: "0.0.0.0" });
		const answers = async ({ ports: [port] }: { ports: readonly number[] }): Promise<boolean> => {
			const [command = "", ...rest] = via;
			const connects = `require("net").connect(${port}, "${address}").on("connect", () => process.exit()).on("error", () => process.exit(1))`;
			execFileSync(command, [...rest, process.execPath, "-e", connects], { stdio: "ignore" });
			return true;
		};
		this.#server = await startServer({ ...options, answers, via });
		return `${registry.scheme}://${address}:${this.#server.port}`;
	}
}

interface Place {
	readonly service: string;
	readonly host: NetworkHost;
	readonly port: number;
}

/** A registry by which the hosts find each other. */
interface Registry {
	readonly scheme: string;
	/** The program of its server, and how to start it. Undefined if it has none. */
	readonly program?: string | undefined;
	readonly server?: (options: { file: string; host: string }) => ServerOptions;
	readonly isRequired: boolean;
}

const registries: readonly Registry[] = [
	{ scheme: "static", isRequired: false },
	{
		scheme: "nats",
		program: serverProgram("nats-2.10"),
		server: natsServer,
		isRequired: isServerRequired("nats-2.10"),
	},
	{
		scheme: "consul",
		program: serverProgram("consul"),
		server: consulServer,
		isRequired: isServerRequired("consul"),
	},
];

const hostsRequired = (process.env.ALLIUM_TEST_REQUIRE ?? "").split(",").includes("hosts");

describe.skipIf(!canMakeHosts() && !hostsRequired)("a bank on three hosts", () => {
	for (const registry of registries) {
		const isMissing = registry.server !== undefined && registry.program === undefined;
		const title = `found by ${registry.scheme}, pays on while one host is cut off and another is killed, and pays once`;
		test.skipIf(isMissing && !registry.isRequired)(title, async () => {
			await using bank = await ThreeHosts.start(registry);
			const { two, three } = bank;
			for (const service of ["card-api", "card-processing", "merchant"]) {
				for (const host of [two, three]) {
					await expect.poll(() => bank.answered(service, host)).toBeGreaterThan(0);
				}
			}

			three.cut();
			await bank.pays(100);
			three.heal();
			const before = bank.answered("card-processing", three);
			await expect.poll(() => bank.answered("card-processing", three)).toBeGreaterThan(before + 5);

			bank.kill(two);
			await bank.pays(100);

			const made = bank.payments;
			expect(new Set(made.map(({ status }) => status))).toEqual(new Set([201]));
			const ledger = await bank.ledger();
			expect(new Set(ledger).size).toBe(ledger.length);
			expect(ledger).toEqual(expect.arrayContaining(made.map(({ id }) => id)));
		});
	}
});
