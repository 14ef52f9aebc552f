import { type Fields, fields } from "@allium/backend";
import { Context } from "@allium/core";
import { sleep } from "@allium/core/transport";
import type { ConsulServer } from "./consul-server.ts";
import { checkId, recordText, type ServiceDefinition } from "./service-definition.ts";

/**
 * How long the agent may take to tell the servers of Consul, in milliseconds. It goes on by itself after that, so
 * nobody waits longer for it.
 */
const patienceMs = 5_000;
const firstPauseMs = 2;
const longestPauseMs = 200;

/** The most services in a transaction of Consul, which takes 64 operations. */
const mostServices = 32;

/**
 * Waits until the catalog, which everybody reads, shows a change that was made at an agent. The agent answers before it
 * tells Consul's servers, so a process would otherwise find neither itself nor another process that it has just heard
 * of.
 */
export class CatalogMirror {
	readonly #server: ConsulServer;
	/** The name of the agent's node; undefined until it is known. */
	#node: string | undefined;

	constructor(server: ConsulServer) {
		this.#server = server;
	}

	/** Waits until the catalog shows these services as they are, and alive. */
	async shows(definitions: readonly ServiceDefinition[], ctx: Context = Context.background()): Promise<void> {
		this.#node ??= await this.#nodeOf(definitions[0]?.ID ?? "", ctx);
		await this.#until(definitions, ctx, async (node, some) => {
			const { Results } = await this.#read(
				some.flatMap(({ ID }) => [
					{ Service: { Verb: "get", Node: node, Service: { ID } } },
					{ Check: { Verb: "get", Check: { Node: node, CheckID: checkId(ID) } } },
				]),
				ctx,
			);
			const results = Array.isArray(Results) ? Results.map(fields) : [];
			return some.every((definition, index) =>
				isShown(definition, results[2 * index], results[2 * index + 1]),
			);
		});
	}

	/** Waits until the catalog has none of these services. */
	async lacks(definitions: readonly ServiceDefinition[], ctx: Context = Context.background()): Promise<void> {
		await this.#until(definitions, ctx, async (node, some) => {
			const { Errors } = await this.#read(
				some.map(({ ID }) => ({ Service: { Verb: "get", Node: node, Service: { ID } } })),
				ctx,
			);
			return Array.isArray(Errors) && Errors.length === some.length;
		});
	}

	async #until(
		definitions: readonly ServiceDefinition[],
		ctx: Context,
		isSo: (node: string, some: readonly ServiceDefinition[]) => Promise<boolean>,
	): Promise<void> {
		const node = this.#node;
		if (node === undefined) return;
		const giveUpAt = performance.now() + patienceMs;
		let pauseMs = firstPauseMs;
		for (let from = 0; from < definitions.length; from += mostServices) {
			const some = definitions.slice(from, from + mostServices);
			while (!(await isSo(node, some)) && performance.now() < giveUpAt) {
				await sleep(pauseMs, ctx);
				pauseMs = Math.min(longestPauseMs, pauseMs * 2);
			}
		}
	}

	async #read(operations: readonly unknown[], ctx: Context): Promise<Fields> {
		return fields(await this.#server.read(operations, ctx));
	}

	/** The node of the agent, as the check of a service that it has tells it. */
	async #nodeOf(id: string, ctx: Context): Promise<string | undefined> {
		const health = await this.#server.get(`/v1/agent/health/service/id/${encodeURIComponent(id)}`, ctx);
		const { Checks } = fields(health);
		const [check] = Array.isArray(Checks) ? Checks : [];
		const { Node } = fields(check);
		return typeof Node === "string" ? Node : undefined;
	}
}

function isShown(definition: ServiceDefinition, service: Fields = {}, check: Fields = {}): boolean {
	const { Meta } = fields(service.Service);
	const { Status } = fields(check.Check);
	const isAlive = Status === "passing" || Status === "warning";
	return isAlive && recordText(fields(Meta)) === recordText(definition.Meta);
}
