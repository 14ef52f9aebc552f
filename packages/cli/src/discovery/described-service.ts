import { Context, type ContractDescription, type Instance, isServiceError } from "@allium/core";
import { compareVersions, isContractDescription } from "@allium/core/reflection";
import {
	answerText,
	getJson,
	httpUrl,
	isRefused,
	type JsonAnswer,
	readConfig,
	type TlsOptions,
} from "@allium/node";
import type { Surroundings, Words } from "../command/command.ts";
import { CommandError, unavailable, usageError } from "../command/command-error.ts";
import { credentialsHint, credentialsOf } from "./credentials.ts";
import { Directory } from "./directory.ts";
import { unknownName } from "./unknown-name.ts";

/** How long one instance may take to describe itself, in milliseconds, before the next is asked. */
const patienceMs = 2_000;

/** A service that was found: what it can do, and where it is. */
export interface DescribedService {
	readonly description: ContractDescription;
	/** The registry that it was found in; undefined when it was asked for at an address. */
	readonly directory: Directory | undefined;
	/** Its instances that can be called, those of the newest version first. */
	readonly instances: readonly Instance[];
	/** Where they are, as URLs that speak HTTP too. */
	readonly urls: readonly string[];
	/** Whom to trust there, as the environment says. */
	readonly tls: TlsOptions | undefined;
	close(): Promise<void>;
}

/** Asks a server for JSON. */
type Ask = (url: string, ctx: Context) => Promise<JsonAnswer>;

/**
 * Finds a service at `--url`, else in the registry, and has it describe itself.
 *
 * @throws CommandError when nobody serves it, or nobody answers.
 */
export async function describedService(
	service: string,
	words: Words,
	surroundings: Surroundings,
	ctx: Context = Context.background(),
): Promise<DescribedService> {
	const url = words.value("url");
	const { tls } = readConfig(surroundings.env);
	const credentials = credentialsOf(words, surroundings);
	const ask: Ask = (at, within) => getJson(at, within, tls, credentials);
	if (url !== undefined) return { ...(await atAddress(service, checkUrl(url), ask, ctx)), tls };
	const directory = await Directory.open(words, surroundings);
	try {
		const instances = await instancesOf(service, directory, words.value("instance"));
		const description = await fromAny(service, instances, ask, ctx);
		const urls = instances.map(({ addresses }) => httpUrl(preferred(addresses) ?? ""));
		return { description, directory, instances, urls, tls, close: () => directory.close() };
	} catch (error) {
		await directory.close();
		throw error;
	}
}

/** Asks instances to describe a service, one after the other until one does. */
export type Describe = (
	service: string,
	instances: readonly Instance[],
	ctx: Context,
) => Promise<ContractDescription>;

/** How instances are asked, with the credentials and certificates of the environment. */
export function describers(words: Words, surroundings: Surroundings): Describe {
	const { tls } = readConfig(surroundings.env);
	const credentials = credentialsOf(words, surroundings);
	const ask: Ask = (at, within) => getJson(at, within, tls, credentials);
	return (service, instances, ctx) => fromAny(service, instances, ask, ctx);
}

async function atAddress(
	service: string,
	url: string,
	ask: Ask,
	ctx: Context,
): Promise<Omit<DescribedService, "tls">> {
	const description = await fromAddress(service, url, ask, ctx);
	if (description === undefined) {
		const names = await namesAt(url, ask, ctx);
		throw unknownName(
			`${url} does not serve ${JSON.stringify(service)}`,
			service,
			names,
			"It serves nothing.",
		);
	}
	return { description, directory: undefined, instances: [], urls: [url], close: async () => {} };
}

async function instancesOf(
	service: string,
	directory: Directory,
	id: string | undefined,
): Promise<Instance[]> {
	const all = await directory.instances();
	const serving = all
		.filter(({ services, status }) => status !== "draining" && services.some(({ name }) => name === service))
		.sort(
			(one, other) =>
				compareVersions(versionOf(service, other), versionOf(service, one)) || upFirst(one, other),
		);
	const where = `in ${directory.url} (namespace ${directory.namespace})`;
	if (serving.length === 0) {
		const names = all.flatMap(({ services }) => services.map(({ name }) => name));
		const sentence = `No instance of ${JSON.stringify(service)} is up ${where}`;
		throw unknownName(sentence, service, names, "No service is up there; start one with: allium dev");
	}
	if (id === undefined) return serving;
	const chosen = serving.filter((instance) => instance.id.startsWith(id));
	if (chosen.length === 1) return chosen;
	const ids = serving.map((instance) => instance.id);
	if (chosen.length > 1)
		throw usageError(`Several instances of ${service} have an id that begins with ${id}.`, ids);
	throw unknownName(`No instance of ${service} has an id that begins with ${id}`, id, ids, "");
}

/** The version of a service that an instance serves. */
function versionOf(service: string, { services }: Instance): string {
	return services.find(({ name }) => name === service)?.version ?? "";
}

function upFirst(one: Instance, other: Instance): number {
	return Number(other.status === "up") - Number(one.status === "up");
}

/** What the first of the instances says that answers. */
async function fromAny(
	service: string,
	instances: readonly Instance[],
	ask: Ask,
	ctx: Context,
): Promise<ContractDescription> {
	const failures: string[] = [];
	const hints = new Set<string>();
	for (const { id, addresses } of instances) {
		const address = preferred(addresses);
		try {
			const description = address === undefined ? undefined : await fromAddress(service, address, ask, ctx);
			if (description !== undefined) return description;
			failures.push(`${address ?? id}: it does not describe ${service}`);
		} catch (error) {
			if (ctx.error !== undefined) throw ctx.error;
			failures.push(error instanceof Error ? error.message : String(error));
			if (error instanceof CommandError) for (const hint of error.hints) hints.add(hint);
		}
	}
	const many = instances.length === 1 ? "The only instance" : `None of the ${instances.length} instances`;
	throw unavailable(`${many} of ${service} ${instances.length === 1 ? "does not answer" : "answers"}.`, [
		...failures,
		...hints,
	]);
}

/** The address to describe itself at: all protocols are on one port. */
export function preferred(addresses: readonly string[]): string | undefined {
	return (
		addresses.find((one) => /^https?:/.test(one)) ?? addresses.find((one) => /^allium(\+tls)?:/.test(one))
	);
}

/** What the server at an address says of a service; undefined when it does not serve it. */
async function fromAddress(
	service: string,
	address: string,
	ask: Ask,
	outer: Context,
): Promise<ContractDescription | undefined> {
	const path = `/-/describe/${encodeURIComponent(service)}`;
	const answer = await patiently((ctx) => ask(httpUrl(address) + path, ctx), address, outer);
	const { status, body } = answer;
	if (status === 404) return undefined;
	if (status === 200 && isContractDescription(body)) return body;
	throw unavailable(
		`${httpUrl(address)}${path} answers ${answerText(answer)}, and no description.`,
		isRefused(answer) ? [credentialsHint] : [],
	);
}

async function namesAt(address: string, ask: Ask, outer: Context): Promise<string[]> {
	const { body } = await patiently((ctx) => ask(`${httpUrl(address)}/-/describe`, ctx), address, outer);
	const services =
		typeof body === "object" && body !== null && "services" in body ? body.services : undefined;
	return Array.isArray(services) ? services.filter(isContractDescription).map(({ name }) => name) : [];
}

async function patiently<T>(
	action: (ctx: Context) => Promise<T>,
	address: string,
	outer: Context,
): Promise<T> {
	const { ctx, cancel } = outer.withTimeout(patienceMs).withCancel();
	try {
		return await action(ctx);
	} catch (error) {
		if (isServiceError(error) && error.code === "deadline_exceeded") {
			throw unavailable(`${address} did not answer within ${patienceMs / 1_000} s.`);
		}
		throw error;
	} finally {
		cancel();
	}
}

function checkUrl(url: string): string {
	if (URL.canParse(url) && /^(allium(\+tls)?|https?):\/\/[^/]/.test(url)) return url;
	throw usageError(
		`--url takes an address such as http://127.0.0.1:4000 or allium://127.0.0.1:4000, and got ${JSON.stringify(url)}.`,
	);
}
