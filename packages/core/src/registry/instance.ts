/** A contract that an instance serves. */
export interface ServedContract {
	readonly name: string;
	/** Empty where the registry does not know it. */
	readonly version: string;
	/** Distinguishes descriptions; see `describe`. Empty where the registry does not know it. */
	readonly hash: string;
}

/** One running process, as registries know it. Plain JSON. */
export interface Instance {
	/** Unique for each start of a process. */
	readonly id: string;
	/**
	 * The name of the application that runs here. If the registry does not know that name, its own name for the
	 * application.
	 */
	readonly app: string;
	/** Instances of different namespaces never see each other. */
	readonly namespace: string;
	/** URLs: `allium://127.0.0.1:41234`. Each client has its own order of schemes; within a scheme, the first comes first. */
	readonly addresses: readonly string[];
	readonly services: readonly ServedContract[];
	readonly zone?: string;
	readonly labels: Readonly<Record<string, string>>;
	/** The share of traffic relative to others. Default: 1. */
	readonly weight: number;
	readonly status: "up" | "draining" | "unhealthy";
	/** ISO 8601; empty where the registry does not know it. */
	readonly startedAt: string;
	/**
	 * Whether the registry knows the instance from elsewhere: a plain web service that did not register by Allium, such
	 * as one of Consul's other users. It neither describes itself nor knows contracts. So clients do not call it by the
	 * name of a method, and only what speaks plain HTTP does: the gateway's reverse proxy, and clients by REST routes.
	 * Default: false.
	 */
	readonly foreign?: boolean;
}
