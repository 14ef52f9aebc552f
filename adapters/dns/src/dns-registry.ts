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
import { type DnsSettings, dnsSettings } from "./dns-settings.ts";
import { type DnsUrl, parseDnsUrl } from "./dns-url.ts";
import { NameServer } from "./name-server.ts";
import { ServiceLookup } from "./service-lookup.ts";

/** The options of a DNS registry. Each setting has a parameter in the URL; the option wins. */
export interface DnsRegistryOptions extends Partial<AdapterOptions>, Partial<DnsSettings> {}

/**
 * A registry whose instances are named by DNS:
 *
 * - `dns:{service}.shop.svc.cluster.local:4000`: a template. The A and AAAA records of the name, at one port.
 * - `dns:_allium._tcp.{service}.example.org`: a template without a port. The SRV records of the name, whose priority and
 *   weight count.
 * - `dns:orders=orders.example.org:4000;stock=http://_http._tcp.stock.example.org`: the names of each service.
 *
 * Names are complete: no search domain is added. A name is looked up again when its time to live is over, and every
 * `pollMs` if DNS gives none, as for SRV records. While there is no answer, the known instances stay. Empty answers
 * remove no instance until they have been empty for `graceMs`, and neither does the first answer after an outage.
 *
 * Nothing registers here: a registration changes nothing, and the log says so once.
 *
 * @throws ServiceError `invalid_argument` that names the fault of the URL. The operations of the registry reject with
 * `unavailable` while no server answers.
 * @example
 * const orders = registry("dns:{service}.shop.svc.cluster.local:4000?server=10.96.0.10");
 */
export function registry(url: string, options: DnsRegistryOptions = {}): Registry {
	const { namespace = "default", logger = silentLogger } = options;
	const parsed = parseDnsUrl(url);
	return new DnsRegistry(url, parsed, dnsSettings(parsed.parameters, options), namespace, logger);
}

class DnsRegistry implements Registry {
	readonly location: string;
	readonly spansHosts: boolean = true;
	readonly #url: DnsUrl;
	readonly #settings: DnsSettings;
	readonly #namespace: string;
	readonly #logger: Logger;
	readonly #server: NameServer;
	readonly #lookups = new Map<string, ServiceLookup>();
	readonly #views = new Map<string | undefined, InstanceView>();
	#wasToldOfRegistration = false;
	#isClosed = false;

	constructor(location: string, url: DnsUrl, settings: DnsSettings, namespace: string, logger: Logger) {
		this.location = location;
		this.#url = url;
		this.#settings = settings;
		this.#namespace = namespace;
		this.#logger = logger;
		this.#server = new NameServer(settings);
	}

	/** Changes nothing, because the operator of DNS decides which instances there are. */
	async register(instance: Instance, ctx: Context): Promise<Lease> {
		this.#check(ctx);
		if (!this.#wasToldOfRegistration) {
			const message = "DNS takes no registrations; others find this process if DNS has a record of it";
			this.#logger.log("info", message, { addresses: instance.addresses });
		}
		this.#wasToldOfRegistration = true;
		return inertLease();
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		this.#check(ctx);
		const services = filter.service === undefined ? this.#listed() : [filter.service];
		const found = await unlessEnded(this.#once(services), ctx);
		this.#check(ctx);
		return found.map(({ instance }) => instance).filter((instance) => matches(filter, instance));
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		const services = filter.service === undefined ? this.#listed() : [filter.service];
		return this.#viewOf(filter.service, services).watch(filter, ctx);
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		for (const view of this.#views.values()) view.close();
		this.#server.cancel();
	}

	/** The services that the URL names. */
	#listed(): readonly string[] {
		const { isTemplate, services } = this.#url;
		if (!isTemplate || services.length > 0) return services;
		throw new ServiceError({
			code: "failed_precondition",
			message: `${this.location} does not say which services there are; name them, as in ?services=orders,stock`,
		});
	}

	/** The view of one service, or of all that the URL names. */
	#viewOf(key: string | undefined, services: readonly string[]): InstanceView {
		const known = this.#views.get(key);
		if (known !== undefined) return known;
		const lookups = services.map((service) => this.#lookupOf(service));
		let leave: readonly (() => void)[] = [];
		const view: InstanceView = new InstanceView({
			start: () => {
				const show = (): void => showAll(view, lookups);
				leave = lookups.map((lookup) => lookup.join(show));
				// Another view may know the instances already. No callback runs within the call.
				queueMicrotask(show);
			},
			stop: () => {
				for (const one of leave) one();
			},
		});
		if (this.#isClosed) view.close();
		this.#views.set(key, view);
		return view;
	}

	#lookupOf(service: string): ServiceLookup {
		const known = this.#lookups.get(service);
		if (known !== undefined) return known;
		const lookup = new ServiceLookup({
			service,
			namespace: this.#namespace,
			names: this.#url.namesOf(service),
			server: this.#server,
			settings: this.#settings,
			logger: this.#logger,
		});
		this.#lookups.set(service, lookup);
		return lookup;
	}

	/** Looks up services once. Rejects when none of them has an answer. */
	async #once(services: readonly string[]): Promise<InstanceRecord[]> {
		const results = await Promise.allSettled(services.map((service) => this.#lookupOf(service).once()));
		const found = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
		const failure = results.find((result) => result.status === "rejected");
		if (found.length === 0 && failure !== undefined) throw failure.reason;
		return found.flat();
	}

	#check(ctx?: Context): void {
		if (this.#isClosed) {
			throw new ServiceError({ code: "failed_precondition", message: "the registry is closed" });
		}
		if (ctx?.error !== undefined) throw ctx.error;
	}
}

/** Shows the known instances once each lookup has an answer or has failed. Without any answer, the view fails. */
function showAll(view: InstanceView, lookups: readonly ServiceLookup[]): void {
	if (!view.watched || lookups.some(({ records, error }) => records === undefined && error === undefined))
		return;
	const known = lookups.filter(({ records }) => records !== undefined);
	if (known.length === 0 && lookups.length > 0) {
		view.fail(lookups[0]?.error);
		return;
	}
	view.replace(
		known.flatMap(({ records }) => records ?? []),
		(key) => {
			const [address = ""] = view.get(key)?.instance.addresses ?? [];
			return lookups.every((lookup) => lookup.isReleased(address));
		},
	);
}

/** The same result, or the error of a context that ends before. */
function unlessEnded<Result>(promise: Promise<Result>, ctx: Context | undefined): Promise<Result> {
	if (ctx === undefined) return promise;
	return new Promise((resolve, reject) => {
		const unlisten = ctx["~cancellation"].listen(reject);
		promise.then(resolve, reject).finally(unlisten);
	});
}
