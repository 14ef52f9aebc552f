import { errorText, type Format, isServiceError, ServiceError } from "@allium/core";
import type { AdapterOptions } from "@allium/core/adapter";
import type { FrameLimits } from "@allium/core/frames";
import { loadAdapter, schemeOf } from "./adapters.ts";
import type { AdapterOf, AdaptersOf, BackendChoice, Backends } from "./backend.ts";
import { invalidConfiguration } from "./invalid-configuration.ts";
import { listed } from "./listed.ts";
import { maskUrl } from "./mask-url.ts";

/** How backends are opened. */
export interface OpenBackendOptions<Ports> extends AdapterOptions {
	/** Adapters by scheme. They take precedence over installed ones. */
	readonly adapters: AdaptersOf<Ports>;
	/** Adapters by scheme that need no package. */
	readonly builtIn: AdaptersOf<Ports>;
	/** How a transport should carry its calls. Only transports get these options. */
	readonly calls?: CallOptions;
}

/** How a process wants its calls to be carried. */
export interface CallOptions {
	/** The formats to prefer to JSON, in order. */
	readonly formats?: readonly Format[] | undefined;
	/** The limits of frames. */
	readonly limits?: Partial<FrameLimits> | undefined;
}

/**
 * Opens the backend of a port. If its URL was given for all ports and its adapter does not serve this port, the default
 * of the port is opened instead.
 *
 * @throws ServiceError `failed_precondition` when there is no adapter, or it does not serve the port; `unavailable`
 * when the backend does not answer. Each names the remedy in one sentence.
 */
export async function openBackend<Ports, Name extends keyof Ports & string>(
	table: Backends<Ports>,
	name: Name,
	choice: BackendChoice,
	options: OpenBackendOptions<Ports>,
): Promise<Ports[Name]> {
	const { adapters: given, builtIn, namespace, cwd, logger, scope, calls } = options;
	const adapter = await loadAdapter(choice, { given, builtIn, cwd });
	const open = adapter[name];
	if (open === undefined) {
		const { otherwise } = choice;
		const isOfUse = portsOf(table, adapter).length > 0;
		if (otherwise === undefined || !isOfUse) throw notServed(table, name, choice, adapter);
		return openBackend(table, name, { url: otherwise, source: "the default" }, options);
	}
	try {
		return await open(choice.url, { namespace, cwd, logger, scope, ...calls });
	} catch (error) {
		throw explained(error, calledIn(table, name), changeable(table, name, choice), choice);
	}
}

/** The reason why a backend cannot be opened: its URL is refused, or it cannot be reached. */
function explained(
	error: unknown,
	name: string,
	where: string,
	{ url, source }: BackendChoice,
): ServiceError {
	if (!isServiceError(error) || error.code === "unavailable") return unreachable(name, where, url, error);
	if (error.code !== "invalid_argument" && error.code !== "failed_precondition") return error;
	const why = error.message.replaceAll(url, maskUrl(url));
	return invalidConfiguration(`${source} cannot be used: ${why}`, causeWithout(url, error));
}

/** Keeps an error as a cause, unless its text would show the password of a URL in a log. */
function causeWithout(url: string, error: unknown): unknown {
	return maskUrl(url) !== url && errorText(error).includes(url) ? undefined : error;
}

/** The ports of the table that an adapter serves. */
function portsOf<Ports>(table: Backends<Ports>, adapter: AdapterOf<Ports>): (keyof Ports & string)[] {
	const names: (keyof Ports & string)[] = [];
	for (const name in table) if (adapter[name] !== undefined) names.push(name);
	return names;
}

/** The name of a port in messages. */
function calledIn<Ports>(table: Backends<Ports>, name: keyof Ports & string): string {
	return table[name].called ?? name;
}

/** What names another backend when it is changed: the option, where there is one, and otherwise the port's own variable. */
function changeable<Ports>(
	table: Backends<Ports>,
	name: keyof Ports & string,
	{ source, isOption }: BackendChoice,
): string {
	return isOption ? `the option ${source}` : table[name].variable;
}

function notServed<Ports>(
	table: Backends<Ports>,
	name: keyof Ports & string,
	choice: BackendChoice,
	adapter: AdapterOf<Ports>,
): ServiceError {
	const { url, source } = choice;
	const served = portsOf(table, adapter).map((port) => calledIn(table, port));
	const serves = served.length === 0 ? "" : `, only a ${listed(served)}`;
	const where = changeable(table, name, choice);
	return invalidConfiguration(
		`${source} is ${maskUrl(url)}, but the adapter for "${schemeOf(url)}:" URLs has no ${calledIn(table, name)}${serves}; set ${where} to another backend, such as ${table[name].default}`,
	);
}

function unreachable(name: string, where: string, url: string, error: unknown): ServiceError {
	const shown = maskUrl(url);
	const why = isServiceError(error) ? error.message : errorText(error);
	return new ServiceError({
		code: "unavailable",
		message: `the ${name} at ${shown} cannot be reached: ${why.replaceAll(url, shown)}; start it, or set ${where} to another one`,
		cause: causeWithout(url, error),
	});
}
