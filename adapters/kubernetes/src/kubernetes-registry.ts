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
	InstanceView,
	inertLease,
	type Lease,
	matches,
	type RegistryEvent,
	type RegistryFilter,
} from "@allium/core/registry";
import { ApiClient } from "./api-client.ts";
import type { Cluster } from "./cluster.ts";
import { inCluster, isInCluster, serviceAccountFolder, type Variables } from "./in-cluster.ts";
import { fromKubeconfig } from "./kubeconfig.ts";
import { type KubernetesSettings, kubernetesSettings } from "./kubernetes-url.ts";
import type { SliceReading } from "./slice-instances.ts";
import { SliceSource } from "./slice-source.ts";
import { SliceTable } from "./slice-table.ts";
import { SliceWatch } from "./slice-watch.ts";

/** The options of a registry of Kubernetes. */
export interface KubernetesRegistryOptions
	extends Omit<Partial<AdapterOptions>, "namespace">,
		Omit<Partial<KubernetesSettings>, "namespace"> {
	/** The namespace of Allium that the instances are in. Default: `default`. */
	readonly namespace?: string;
	/** The namespace of Kubernetes, or `*` for all; the parameter `namespace` of the URL. */
	readonly kubernetesNamespace?: string;
	/** Default: the variables of the process. */
	readonly env?: Variables;
	/** The folder with the credentials of a pod's service account. Default: the folder in which Kubernetes mounts them. */
	readonly serviceAccountFolder?: string;
}

/**
 * The pods behind the Services of Kubernetes, from their EndpointSlices, which are listed once and then watched. In a
 * pod, the service account proves the identity; elsewhere, a kubeconfig names the cluster, as for kubectl.
 *
 * - A Service is listed if it has a port that is called `allium`, `allium-tls`, `http` or `https`, or whose
 *   `appProtocol` is one of these.
 * - It serves the contract of its own name, or the contracts that its labels name: `service.allium/orders: "1.2.0"`.
 * - A pod that is ready is up, a pod that terminates and still serves is draining, and any other pod is unhealthy.
 *
 * Nothing registers here: the probes of the kubelet decide which pods are ready. A registration changes nothing, and the
 * log says so once.
 *
 * @throws ServiceError `invalid_argument` for a URL that is wrong, `failed_precondition` for credentials that cannot be
 * read, `permission_denied` and `unauthenticated` as the API server answers, `unavailable` if it does not answer.
 * @example
 * const shop = await registry("kubernetes:?namespace=shop");
 */
export async function registry(url: string, options: KubernetesRegistryOptions = {}): Promise<Registry> {
	const { namespace = "default", logger = silentLogger, kubernetesNamespace, ...others } = options;
	const settings = kubernetesSettings(url, { ...others, namespace: kubernetesNamespace });
	const cluster = await openCluster(settings, options);
	const client = new ApiClient(cluster, settings);
	const within = settings.namespace ?? cluster.namespace;
	const source = new SliceSource(client, cluster.server, {
		namespace: within === "*" ? undefined : within,
		selector: settings.selector,
	});
	try {
		await source.check(new AbortController().signal);
	} catch (error) {
		client.close();
		throw error;
	}
	const reading = { namespace, serviceName: settings.service, port: settings.port };
	const location = `${cluster.server.replace(/^https?:/, "kubernetes:")}/${within}`;
	return new KubernetesRegistry({ location, client, source, reading, logger, graceMs: settings.graceMs });
}

function openCluster(
	{ kubeconfig, context }: KubernetesSettings,
	{
		env = process.env,
		cwd = process.cwd(),
		serviceAccountFolder: folder = serviceAccountFolder,
	}: KubernetesRegistryOptions,
): Promise<Cluster> {
	if (kubeconfig === undefined && context === undefined && isInCluster(env)) return inCluster(env, folder);
	return fromKubeconfig({ path: kubeconfig, context, env, cwd });
}

interface Parts {
	readonly location: string;
	readonly client: ApiClient;
	readonly source: SliceSource;
	readonly reading: SliceReading;
	readonly logger: Logger;
	readonly graceMs: number;
}

class KubernetesRegistry implements Registry {
	readonly spansHosts: boolean = true;
	readonly #parts: Parts;
	readonly #view: InstanceView;
	readonly #life = new AbortController();
	#watch: SliceWatch | undefined;
	#wasToldOfRegistration = false;

	constructor(parts: Parts) {
		this.#parts = parts;
		this.#view = new InstanceView({ start: () => this.#startWatching(), stop: () => this.#stopWatching() });
	}

	get location(): string {
		return this.#parts.location;
	}

	/** Changes nothing, because the kubelet's probes decide which pods are ready. */
	async register(instance: Instance, ctx: Context): Promise<Lease> {
		this.#check(ctx);
		if (!this.#wasToldOfRegistration) {
			const message =
				"Kubernetes takes no registrations; others find this process if a Service selects its pod";
			this.#parts.logger.log("info", message, { addresses: instance.addresses });
		}
		this.#wasToldOfRegistration = true;
		return inertLease();
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		this.#check(ctx);
		const { source, reading } = this.#parts;
		const signal = ctx?.signal ?? this.#life.signal;
		try {
			const { slices } = await source.list(signal);
			const table = new SliceTable(reading);
			table.replace(slices);
			const instances = table.records().map(({ instance }) => instance);
			return instances.filter((instance) => matches(filter, instance));
		} catch (error) {
			this.#check(ctx);
			throw error;
		}
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#view.watch(filter, ctx);
	}

	async close(): Promise<void> {
		this.#life.abort();
		this.#view.close();
		this.#parts.client.close();
	}

	#startWatching(): void {
		const { source, reading, logger, graceMs } = this.#parts;
		const table = new SliceTable(reading);
		this.#watch = new SliceWatch({ source, table, view: this.#view, logger, graceMs });
		// It never rejects.
		void this.#watch.run();
	}

	#stopWatching(): void {
		this.#watch?.stop();
		this.#watch = undefined;
	}

	#check(ctx?: Context): void {
		if (this.#life.signal.aborted) {
			throw new ServiceError({ code: "failed_precondition", message: "the registry is closed" });
		}
		if (ctx?.error !== undefined) throw ctx.error;
	}
}
