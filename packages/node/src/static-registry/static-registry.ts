import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
	type Context,
	type Instance,
	type Logger,
	type Registry,
	ServiceError,
	silentLogger,
} from "@allium/core";
import type { AdapterOptions } from "@allium/core/adapter";
import {
	type InstanceRecord,
	InstanceView,
	inertLease,
	type Lease,
	matches,
	type RegistryEvent,
	type RegistryFilter,
} from "@allium/core/registry";
import { isLoopback } from "../server/loopback.ts";
import { ListingFile } from "./listing-file.ts";
import { ListingFault, parseList, type ServiceAddresses } from "./service-addresses.ts";
import { staticInstances } from "./static-instances.ts";
import { WatchedFile } from "./watched-file.ts";

/**
 * A registry whose instances are written down in the URL or in a file:
 *
 * - `static:orders=http://a:1,http://b:2;stock=allium://c:3`
 * - `static:./services.json`, `static:/etc/services.json` and `static:///etc/services.json`: a JSON object with an
 *   address, or a list of them, for each service. The file is watched. While it is gone or malformed, its last valid
 *   content stays.
 *
 * Nothing registers here: a registration changes nothing, and the log says so once. The registry does not check which
 * instances are up either; clients avoid an instance that does not answer.
 *
 * @throws ServiceError `invalid_argument` that names the fault of the URL, `failed_precondition` that names the fault
 * of the file.
 */
export async function registry(url: string, options: Partial<AdapterOptions> = {}): Promise<Registry> {
	const { namespace = "default", cwd = process.cwd(), logger = silentLogger } = options;
	const source = await sourceOf(url.slice("static:".length), cwd, logger);
	return new StaticRegistry(source, namespace, logger);
}

/** The source of the addresses. */
interface Source {
	readonly location: string;
	readonly listing: ServiceAddresses;
	/** Undefined where nothing can change. */
	readonly file?: ListingFile;
}

async function sourceOf(text: string, cwd: string, logger: Logger): Promise<Source> {
	if (/^\s*[\w.-]*\s*=/.test(text)) return listSource(text);
	if (text === "" || /[?#]/.test(text) || /^\/\/(?!\/)/.test(text)) {
		throw unusable(
			`"static:${text}" lists no services: write static:orders=http://10.0.0.1:4000 or static:./services.json`,
		);
	}
	const file = await ListingFile.open(pathOf(text, cwd), logger);
	return {
		location: `static://${file.path}`,
		file,
		get listing() {
			return file.listing;
		},
	};
}

function listSource(text: string): Source {
	try {
		return { location: `static:${text}`, listing: parseList(text) };
	} catch (error) {
		if (!(error instanceof ListingFault)) throw error;
		throw unusable(error.message);
	}
}

function pathOf(text: string, cwd: string): string {
	const path = text.replace(/^file:/, "");
	return path.startsWith("///") ? fileURLToPath(`file:${path}`) : resolve(cwd, decodeURIComponent(path));
}

class StaticRegistry implements Registry {
	readonly #source: Source;
	readonly #namespace: string;
	readonly #logger: Logger;
	readonly #view: InstanceView;
	#watched: WatchedFile | undefined;
	#records: { readonly listing: ServiceAddresses; readonly of: readonly InstanceRecord[] } | undefined;
	#wasToldOfRegistration = false;
	#isClosed = false;

	constructor(source: Source, namespace: string, logger: Logger) {
		this.#source = source;
		this.#namespace = namespace;
		this.#logger = logger;
		this.#view = new InstanceView({ start: () => this.#startWatching(), stop: () => this.#stopWatching() });
	}

	get location(): string {
		return this.#source.location;
	}

	/** Whether an address leads to another host. */
	get spansHosts(): boolean {
		return [...this.#source.listing.values()].flat().some((address) => !isOnThisHost(address));
	}

	/** Changes nothing, because the author of the listing decides which instances there are. */
	async register(instance: Instance, ctx: Context): Promise<Lease> {
		this.#check(ctx);
		if (!this.#wasToldOfRegistration) this.#tellOfRegistration(instance);
		this.#wasToldOfRegistration = true;
		return inertLease();
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		this.#check(ctx);
		await this.#source.file?.refresh();
		this.#check(ctx);
		return this.#instances()
			.map(({ instance }) => instance)
			.filter((instance) => matches(filter, instance));
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#view.watch(filter, ctx);
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#view.close();
	}

	#startWatching(): void {
		const { file } = this.#source;
		if (file !== undefined) this.#watched = new WatchedFile(file.path, () => void this.#refresh(file));
		if (file === undefined) this.#view.replace(this.#instances());
		else void this.#refresh(file);
	}

	#stopWatching(): void {
		this.#watched?.[Symbol.dispose]();
		this.#watched = undefined;
	}

	async #refresh(file: ListingFile): Promise<void> {
		await file.refresh();
		// An address that was removed from the file means that its instance left.
		if (this.#watched !== undefined) this.#view.replace(this.#instances(), () => true);
	}

	#instances(): readonly InstanceRecord[] {
		const { listing } = this.#source;
		if (this.#records?.listing !== listing) {
			this.#records = { listing, of: staticInstances(listing, this.#namespace) };
		}
		return this.#records.of;
	}

	#tellOfRegistration({ addresses, services }: Instance): void {
		const { listing } = this.#source;
		const ports = new Set(addresses.map(portOf));
		const unlisted = services
			.map(({ name }) => name)
			.filter((name) => !listing.get(name)?.some((address) => ports.has(portOf(address))));
		if (unlisted.length === 0) {
			this.#logger.log(
				"info",
				"a static registry takes no registrations; others find this process as it is listed",
			);
			return;
		}
		const message =
			"a static registry takes no registrations, and does not list this process: others do not find it";
		this.#logger.log("warn", message, { services: unlisted, addresses });
	}

	#check(ctx?: Context): void {
		if (this.#isClosed) {
			throw new ServiceError({ code: "failed_precondition", message: "the registry is closed" });
		}
		if (ctx?.error !== undefined) throw ctx.error;
	}
}

function isOnThisHost(address: string): boolean {
	return isLoopback(new URL(address).hostname);
}

function portOf(address: string): string {
	const { port, protocol } = new URL(address);
	return port !== "" ? port : /^(https|wss):$/.test(protocol) ? "443" : "80";
}

function unusable(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
