import {
	Context,
	type ContractDescription,
	type Instance,
	instanceIdentity,
	isServiceError,
	type ServiceError,
} from "@allium/core";
import { compareVersions } from "@allium/core/reflection";
import { type Asking, describeService, httpUrl, httpUrlOf, servicesAt, type TlsOptions } from "@allium/node";
import type { Surroundings, Words } from "../command/command.ts";
import { type CommandError, unavailable, usageError } from "../command/command-error.ts";
import { askingOf, credentialsHint } from "./credentials.ts";
import { Directory } from "./directory.ts";
import { unknownName } from "./unknown-name.ts";

/** A service that was found: its description and its addresses. */
export interface DescribedService {
	readonly description: ContractDescription;
	/** The registry in which it was found. Undefined if the user gave an address. */
	readonly directory: Directory | undefined;
	/** The instances that can be called, those of the newest version first. */
	readonly instances: readonly Instance[];
	/** The addresses of the instances, as URLs that also speak HTTP. */
	readonly urls: readonly string[];
	/** The certificates to trust, according to the environment. */
	readonly tls: TlsOptions | undefined;
	close(): Promise<void>;
}

/**
 * Finds a service at `--url`, or else in the registry, and asks it to describe itself.
 *
 * @throws CommandError if no instance serves it, or none answers.
 */
export async function describedService(
	service: string,
	words: Words,
	surroundings: Surroundings,
	ctx: Context = Context.background(),
): Promise<DescribedService> {
	const url = words.value("url");
	const asking = askingOf(words, surroundings);
	const { tls } = asking;
	if (url !== undefined) return atAddress(service, httpUrl(checkUrl(url)), asking, ctx);
	const directory = await Directory.open(words, surroundings);
	try {
		const instances = await instancesOf(service, directory, words.value("instance"));
		const description = await fromAny(service, instances, asking, ctx);
		const urls = instances.map(({ addresses }) => httpUrlOf(addresses) ?? "");
		return { description, directory, instances, urls, tls, close: () => directory.close() };
	} catch (error) {
		await directory.close();
		throw error;
	}
}

/** Asks instances to describe a service, one after the other, until one answers. */
export type Describe = (
	service: string,
	instances: readonly Instance[],
	ctx: Context,
) => Promise<ContractDescription>;

/** Asks instances with the credentials and certificates that the options and the environment name. */
export function describers(words: Words, surroundings: Surroundings): Describe {
	const asking = askingOf(words, surroundings);
	return (service, instances, ctx) => fromAny(service, instances, asking, ctx);
}

async function atAddress(
	service: string,
	url: string,
	asking: Asking,
	ctx: Context,
): Promise<DescribedService> {
	try {
		const description = await describeService(url, service, ctx, asking);
		if (description !== undefined) {
			const { tls } = asking;
			return { description, directory: undefined, instances: [], urls: [url], tls, close: async () => {} };
		}
		const names = await servicesAt(url, ctx, asking);
		throw unknownName(
			`${url} does not serve ${JSON.stringify(service)}`,
			service,
			names,
			"It serves nothing.",
		);
	} catch (error) {
		throw isRefusal(error) ? unavailable(`${error.message}.`, [credentialsHint]) : error;
	}
}

/** Returns whether a guard refused, so that credentials may help. */
function isRefusal(error: unknown): error is ServiceError {
	return isServiceError(error) && error.code === "permission_denied";
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
	const known = serving.filter(({ foreign }) => foreign !== true);
	if (known.length === 0) throw foreignService(service, where, serving);
	if (id === undefined) return known;
	const chosen = known.filter((instance) => instance.id.startsWith(id));
	if (chosen.length === 1) return chosen;
	const ids = known.map((instance) => instance.id);
	if (chosen.length > 1)
		throw usageError(`Several instances of ${service} have an id that begins with ${id}.`, ids);
	throw unknownName(`No instance of ${service} has an id that begins with ${id}`, id, ids, "");
}

/** The error for a service whose instances in the registry are all plain web services. */
function foreignService(service: string, where: string, instances: readonly Instance[]): CommandError {
	const sentence = `${JSON.stringify(service)} is foreign ${where}: a plain web service, which knows no contracts.`;
	const addresses = instances.flatMap((instance) => instance.addresses);
	return unavailable(sentence, addresses.length === 0 ? [] : [`curl ${addresses[0]}`]);
}

/** The version of a service that an instance serves. */
function versionOf(service: string, { services }: Instance): string {
	return services.find(({ name }) => name === service)?.version ?? "";
}

function upFirst(one: Instance, other: Instance): number {
	return Number(other.status === "up") - Number(one.status === "up");
}

/** Returns the description of the first instance that answers. */
async function fromAny(
	service: string,
	instances: readonly Instance[],
	asking: Asking,
	ctx: Context,
): Promise<ContractDescription> {
	const failures: string[] = [];
	const hints = new Set<string>();
	for (const instance of instances) {
		const { addresses } = instance;
		const url = httpUrlOf(addresses);
		if (url === undefined) {
			failures.push(`${addresses.join(", ")}: it does not speak HTTP, by which it is asked`);
			continue;
		}
		try {
			const identity = instanceIdentity(instance);
			const description = await describeService(url, service, ctx, { ...asking, identity });
			if (description !== undefined) return description;
			failures.push(`${url}: it does not describe ${service}`);
		} catch (error) {
			if (ctx.error !== undefined) throw ctx.error;
			failures.push(error instanceof Error ? error.message : String(error));
			if (isRefusal(error)) hints.add(credentialsHint);
		}
	}
	const sentence =
		instances.length === 1
			? `The only instance of ${service} does not describe it.`
			: `None of the ${instances.length} instances of ${service} describes it.`;
	throw unavailable(sentence, [...failures, ...hints]);
}

function checkUrl(url: string): string {
	if (URL.canParse(url) && /^(allium(\+tls)?|https?):\/\/[^/]/.test(url)) return url;
	throw usageError(
		`--url takes an address such as http://127.0.0.1:4000 or allium://127.0.0.1:4000, not ${JSON.stringify(url)}.`,
	);
}
