import type { Argument, Option } from "./command.ts";

/** The options that choose the registry and the namespace. */
export const discovery: Readonly<Record<string, Option>> = {
	registry: {
		value: "url",
		summary: "The registry to look in, instead of the one that the environment names.",
	},
	namespace: { value: "name", summary: "The namespace to look in. Default: ALLIUM_NAMESPACE, else default." },
};

/** The credentials for guards. */
export const credentials: Option = {
	value: "name=value",
	many: true,
	summary: "Metadata that tells guards who you are; may be repeated. Default: ALLIUM_CREDENTIALS.",
};

/** The options that choose the instance to call. */
export const callee: Readonly<Record<string, Option>> = {
	url: {
		value: "url",
		summary: "Call this address, without a registry: allium://host:port or http://host:port.",
	},
	credentials,
	instance: { value: "id", summary: "Call this instance; the first characters of its id are enough." },
	...discovery,
};

/** The arguments that name the method to call. */
export const calledMethod: readonly Argument[] = [
	{
		name: "service",
		summary: "The name of the service; <service>/<method> in one word works too.",
		completes: "services",
	},
	{ name: "method", summary: "The name of the method.", completes: "methods" },
];

/** Metadata of a call. */
export const metadata: Option = {
	value: "name=value",
	many: true,
	summary: "Metadata to send with the call; may be repeated.",
};

/** Output for programs. */
export const json: Option = { summary: "Print JSON." };
