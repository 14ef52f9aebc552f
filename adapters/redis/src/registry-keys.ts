/** The keys of Redis that hold a registry, in the order in which scripts take them. */
export interface RegistryKeys {
	/** The keys of every script. */
	readonly all: readonly [leases: string, records: string, changes: string, state: string];
	readonly leases: string;
	readonly records: string;
	readonly changes: string;
	readonly state: string;
	/** The mark that a lease was released. */
	released(token: string): string;
}

/** @param prefix the prefix of the keys, such as `allium`. */
export function registryKeys(prefix: string): RegistryKeys {
	const key = (name: string): string => `${prefix}:registry:${name}`;
	const [leases, records, changes, state] = [key("leases"), key("records"), key("changes"), key("state")];
	return {
		all: [leases, records, changes, state],
		leases,
		records,
		changes,
		state,
		released: (token) => key(`released:${token}`),
	};
}
